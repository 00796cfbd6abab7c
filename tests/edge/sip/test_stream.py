"""Framing of streams (RFC 3261 §7.5, §18.3; RFC 5626 §3.5.1, §4.4.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import SipLimits
from edge.sip.parse import ParseError, parse_message
from edge.sip.stream import Framer

VITAL = (
    "Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\n"
    "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
)
LIMITS = SipLimits(message_bytes=4_000, header_bytes=2_000)


def message(length: int, form: str = "Content-Length: ") -> bytes:
    return f"OPTIONS sip:h SIP/2.0\r\nCall-ID: {length}\r\n{form}{length}\r\n\r\n".encode() + b"b" * length


@pytest.mark.parametrize("form", ["Content-Length: ", "l:", "CONTENT-LENGTH \t:  ", "Content-Length:\r\n  "])
def test_messages_are_cut_by_their_content_length(form: str) -> None:
    framer = Framer(LIMITS)
    sent = [message(0, form), message(7, form), message(0, form)]
    assert framer.receive(b"".join(sent)) == sent
    assert not framer.fault and framer.take_pongs() == 0


@given(st.lists(st.integers(0, 300), max_size=5), st.lists(st.integers(1, 40), min_size=1), st.booleans())
def test_pieces_of_any_size_give_the_same_messages(lengths: list[int], sizes: list[int], pings: bool) -> None:
    sent = [message(length) for length in lengths]
    stream = (b"\r\n\r\n" if pings else b"\r\n").join(sent)
    framer = Framer(LIMITS)
    got: list[bytes] = []
    pongs = at = turn = 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        got += framer.receive(stream[at : at + size])
        pongs += framer.take_pongs()
        at, turn = at + size, turn + 1
    assert got == sent
    assert pongs == (max(0, len(sent) - 1) if pings else 0)


def test_a_double_crlf_is_a_ping_even_byte_by_byte() -> None:
    """RFC 5626 §4.4.1."""
    framer = Framer(LIMITS)
    assert [framer.receive(bytes([byte])) for byte in b"\r\n\r\n\r\n\r\n"] == [[]] * 8
    assert (framer.take_pongs(), framer.take_pongs()) == (2, 0)
    assert framer.receive(b"\r\n" + message(1)) == [message(1)]
    assert framer.take_pongs() == 0


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("Content-Type: application/sdp\r\n", "missing"),
        ("c : application/sdp\r\n", "missing"),
        ("Content-Length: \r\n", "missing"),
        ("Content-Length: x\r\n", "not a number"),
        ("Content-Length: -1\r\n", "not a number"),
        ("Content-Length: 1\r\nl: 2\r\n", "more than one"),
        ("Content-Length: " + "9" * 500 + "\r\n", "not a number"),
    ],
)
def test_without_a_usable_content_length_the_connection_is_over(head: str, why: str) -> None:
    """§18.3: on a stream there is no other way to find the next message; a 400 says so first."""
    framer = Framer(LIMITS)
    stream = message(3) + f"OPTIONS sip:h SIP/2.0\r\n{VITAL}{head}\r\n".encode() + message(0)
    first, *rest = framer.receive(stream)
    assert first == message(3) and framer.fault
    assert framer.receive(message(0)) == []
    (error,) = map(parse_message, rest)
    assert isinstance(error, ParseError)
    assert (error.status, error.where, error.why) == (400, "Content-Length", why)
    assert error.request is not None


def test_who_leaves_out_content_length_and_content_type_has_no_body() -> None:
    """§20.15: a body has its Content-Type; §20.14 asks for the length of none, too; some forget it."""
    framer = Framer(LIMITS)
    short = f"OPTIONS sip:h SIP/2.0\r\n{VITAL}\r\n".encode()
    assert framer.receive(short + message(2) + short) == [short, message(2), short]
    assert not framer.fault
    assert framer.receive(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n") and framer.fault == "no Content-Length"


@pytest.mark.parametrize("end", ["\n\n", "\n\r\n", "\r\n\n"])
@pytest.mark.parametrize("size", [1, 10_000])
def test_who_ends_lines_in_a_bare_lf_is_told_so(end: str, size: int) -> None:
    """§7: each line ends in CRLF. Waiting for one that never comes would be silence until the idle limit."""
    framer = Framer(LIMITS)
    lines = VITAL.replace("\r\n", "\n").strip()
    stream = message(3) + f"OPTIONS sip:h SIP/2.0\n{lines}\nContent-Length: 0{end}".encode()
    first, last = (
        got for at in range(0, len(stream), size) for got in framer.receive(stream[at : at + size])
    )
    assert first == message(3) and framer.fault == "lines end in a bare LF"
    error = parse_message(last)
    assert isinstance(error, ParseError) and (error.status, error.why) == (400, "bare CR or LF")
    assert error.request is not None


def test_endless_headers_end_the_connection() -> None:
    framer = Framer(LIMITS)
    for _ in range(100):
        framer.receive(b"X: y\r\n" * 10)
        if framer.fault:
            break
    assert framer.fault == "headers too long"


def test_headers_that_arrive_whole_but_too_long_end_the_connection() -> None:
    framer = Framer(LIMITS)
    assert framer.receive(b"A: b\r\n" * 500 + b"l: 0\r\n\r\n") == []
    assert framer.fault == "message too long"


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_body_longer_than_we_take_is_told_so_before_it_comes(size: int) -> None:
    """§21.5.7."""
    framer = Framer(LIMITS)
    stream = message(3) + f"OPTIONS sip:h SIP/2.0\r\n{VITAL}Content-Length: 70000\r\n\r\nabc".encode()
    first, last = (
        got for at in range(0, len(stream), size) for got in framer.receive(stream[at : at + size])
    )
    assert first == message(3) and framer.fault == "message too long"
    error = parse_message(last, LIMITS)
    assert isinstance(error, ParseError) and (error.status, error.why) == (513, "too long")
    assert error.request is not None


@given(st.binary(max_size=300))
def test_any_bytes_are_taken(data: bytes) -> None:
    framer = Framer(LIMITS)
    whole = framer.receive(data)
    assert sum(map(len, whole)) <= len(data) + 50
