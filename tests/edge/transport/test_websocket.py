"""SIP in WebSocket frames (RFC 7118, RFC 6455): two of our channels, or one and raw bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from config.schema import SipLimits
from edge.transport.websocket import WebSocketChannel, client_channel, server_channel

LIMITS = SipLimits(message_bytes=4_000)
MESSAGE = b"REGISTER sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"
ASK = (
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{extra}\r\n"
)
SIP = "Sec-WebSocket-Protocol: sip\r\n"


def pair(*origins: str) -> tuple[WebSocketChannel, WebSocketChannel]:
    """(server, client), the handshake done."""
    server = server_channel(LIMITS, origins)
    client = client_channel(LIMITS, "127.0.0.1", 5066, secure=False)
    assert server.receive(client.take_output()) == []
    assert client.receive(server.take_output()) == []
    return server, client


def frame(opcode: Opcode, data: bytes, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def test_a_message_is_a_frame_both_ways() -> None:
    """RFC 7118 §5.2."""
    server, client = pair()
    assert server.opened and client.opened and not server.fault
    assert server.receive(client.wrap(MESSAGE)) == [MESSAGE]
    assert client.receive(server.wrap(MESSAGE)) == [MESSAGE]


def test_text_where_it_can_be_and_binary_where_it_must() -> None:
    """RFC 7118 §5.2: a text frame has to be UTF-8 (RFC 6455 §5.6)."""
    server, client = pair()
    for message, opcode in ((MESSAGE, 0x81), ("é".encode() + MESSAGE, 0x81), (b"\xff" + MESSAGE, 0x82)):
        wire = server.wrap(message)
        assert wire[0] == opcode and client.receive(wire) == [message]


def test_fragments_are_one_message_and_pieces_of_any_size_do() -> None:
    server, _ = pair()
    wire = frame(Opcode.TEXT, MESSAGE[:5], fin=False) + frame(Opcode.CONT, b"", fin=False)
    wire += frame(Opcode.PING, b"hi") + frame(Opcode.CONT, MESSAGE[5:])
    got = [message for byte in wire for message in server.receive(bytes([byte]))]
    assert got == [MESSAGE] and server.signs == 1
    assert server.take_output() == Frame(Opcode.PONG, b"hi").serialize(mask=False)


def test_crlf_in_a_frame_is_a_keep_alive() -> None:
    """RFC 7118 §6."""
    server, client = pair()
    assert server.receive(client.wrap(b"\r\n\r\n")) == [] and server.signs == 1
    assert client.receive(server.take_output()) == [] and client.signs == 1
    assert server.receive(client.wrap(b"\r\n")) == [] and server.take_output() == b""


def test_a_ping_is_answered_by_the_far_end() -> None:
    server, client = pair()
    client.receive(server.ping())
    server.receive(client.take_output())
    assert server.signs == 1 and server.must_pong


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (ASK.format(extra=SIP), 101),
        (ASK.format(extra="Sec-WebSocket-Protocol: chat, SIP, sip\r\n"), 101),
        (ASK.format(extra=""), 400),  # RFC 7118 §4: no subprotocol
        (ASK.format(extra="Sec-WebSocket-Protocol: chat\r\n"), 400),
        (ASK.format(extra=SIP).replace("GET", "POST"), 405),
        (ASK.format(extra=SIP).replace("Upgrade: websocket\r\n", ""), 426),
        ("GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n", 426),
        (ASK.format(extra=SIP + "Origin: https://phone.example.com\r\n"), 101),
        (ASK.format(extra=SIP + "Origin: https://evil.example\r\n"), 403),
    ],
)
def test_only_sip_from_known_pages_is_let_in(request_: str, status: int) -> None:
    server = server_channel(LIMITS, ["https://phone.example.com"])
    assert server.receive(request_.encode()) == []
    answer = server.take_output()
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert server.opened is (status == 101) and bool(server.fault) is server.orderly is (status != 101)
    if status == 101:
        assert b"Sec-WebSocket-Protocol: sip" in answer and b"Extensions" not in answer


def test_any_page_may_connect_without_a_list() -> None:
    server = server_channel(LIMITS, ())
    server.receive(ASK.format(extra=SIP + "Origin: https://any.example\r\n").encode())
    assert server.opened


def test_a_server_that_speaks_no_sip_is_left() -> None:
    client = client_channel(LIMITS, "::1", 5066, secure=False)
    assert b"Host: [::1]:5066" in client.take_output()
    client.receive(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    assert not client.opened and "404" in client.fault


def test_a_message_that_is_too_long_is_a_fault() -> None:
    server, _ = pair()
    assert server.receive(frame(Opcode.TEXT, b"x" * 4_001)) == [] and server.fault
    server, _ = pair()
    wire = frame(Opcode.TEXT, b"x" * 3_000, fin=False) + frame(Opcode.CONT, b"x" * 3_000)
    assert server.receive(wire) == [] and server.fault


def test_the_end_is_a_fault_too_and_nothing_is_sent_after_it() -> None:
    server, client = pair()
    server.receive(frame(Opcode.CLOSE, b"\x03\xe8"))
    assert server.fault == "closed by the peer" and server.orderly
    assert server.take_output()[:1] == b"\x88" and server.wrap(MESSAGE) == b"" and server.ping() == b""
    assert server.receive(client.wrap(MESSAGE)) == []


def test_bytes_that_run_ahead_of_the_handshake_end_it_without_an_answer() -> None:
    server = server_channel(LIMITS, ())
    assert server.receive(ASK.format(extra=SIP).encode() + b"Origin: https://a\r\n\r\n") == []
    assert server.fault and not server.opened


def test_a_keep_alive_after_a_close_gets_no_answer() -> None:
    server, _ = pair()
    wire = frame(Opcode.TEXT, b"\r\n\r\n") + frame(Opcode.CLOSE, b"\x03\xe8")
    assert server.receive(wire) == [] and server.fault


@pytest.mark.parametrize(  # named: their masks differ from process to process
    "unit",
    [frame(Opcode.PING, b""), frame(Opcode.CONT, b"", False), frame(Opcode.TEXT, b"")],
    ids=["ping", "continuation", "text"],
)
def test_a_flood_of_tiny_frames_is_a_fault_and_one_of_messages_is_not(unit: bytes) -> None:
    server, client = pair()
    long = MESSAGE + b" " * 400
    flood = b"".join(client.wrap(long) for _ in range(500))
    assert len(server.receive(flood)) == 500 and not server.fault
    start = b"" if unit[0] & 0x80 else frame(Opcode.TEXT, b"x", False)
    server.receive(start + unit * 40_000)
    assert server.fault == "a flood of tiny frames"


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_taken(data: bytes, opened: bool) -> None:
    server = pair()[0] if opened else server_channel(LIMITS, ())
    for message in server.receive(data):
        assert message
    server.take_output()
    server.receive(data)


@given(st.binary(max_size=200))
def test_no_byte_before_our_answer_is_a_message(data: bytes) -> None:
    server = server_channel(LIMITS, ())
    server.receive(ASK.format(extra=SIP).encode() + data)
    assert server.opened or server.fault
