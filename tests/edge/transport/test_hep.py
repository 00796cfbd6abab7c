"""HEP version 3, taken apart by a decoder that knows nothing of the encoder."""

import ipaddress
import socket
import struct

from edge.transport.hep import Captured, HepMirror, encode


def decode(packet: bytes) -> dict[int, bytes]:
    """Chunk type → value; vendor 0 alone."""
    assert packet[:4] == b"HEP3"
    (length,) = struct.unpack_from("!H", packet, 4)
    assert length == len(packet)
    chunks, at = {}, 6
    while at < length:
        vendor, kind, size = struct.unpack_from("!HHH", packet, at)
        assert vendor == 0 and size >= 6
        chunks[kind] = packet[at + 6 : at + size]
        at += size
    assert at == length
    return chunks


def captured(source: str = "192.0.2.1", *, reliable: bool = False) -> Captured:
    destination = "2001:db8::2" if ":" in source else "192.0.2.2"
    return Captured(
        b"OPTIONS sip:x SIP/2.0\r\n\r\n",
        (source, 5_060),
        (destination, 5_062),
        reliable,
        1_700_000_000_123_456,
        "call_1",
    )


def test_a_packet_says_who_sent_what_to_whom_and_when() -> None:
    chunks = decode(encode(captured(), 2_001, "secret"))
    assert chunks[1] == b"\x02" and chunks[2] == b"\x11" and chunks[11] == b"\x01"
    assert [str(ipaddress.ip_address(chunks[kind])) for kind in (3, 4)] == ["192.0.2.1", "192.0.2.2"]
    assert [int.from_bytes(chunks[kind], "big") for kind in (7, 8, 9, 10, 12)] == [
        5_060,
        5_062,
        1_700_000_000,
        123_456,
        2_001,
    ]
    assert chunks[14] == b"secret" and chunks[17] == b"call_1"
    assert chunks[15] == b"OPTIONS sip:x SIP/2.0\r\n\r\n"


def test_ipv6_and_connections_have_their_own_chunks() -> None:
    chunks = decode(encode(captured("2001:db8::1", reliable=True), 1, ""))
    assert chunks[1] == bytes([socket.AF_INET6]) and chunks[2] == b"\x06" and 14 not in chunks
    assert str(ipaddress.ip_address(chunks[5])) == "2001:db8::1" and 3 not in chunks


def test_the_mirror_sends_without_secrets_and_counts_what_it_cannot_send() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        mirror = HepMirror(server.getsockname(), 7, "", lambda now: int(now * 1000))
        message = b'REGISTER sip:x SIP/2.0\r\nAuthorization: Digest response="5ec4e7"\r\n\r\n'
        ends = (("192.0.2.1", 5_060), ("192.0.2.2", 5_060))
        mirror.mirror(message, *ends, 3.5, reliable=False, correlation="abc")
        chunks = decode(server.recv(70_000))
        assert b"5ec4e7" not in chunks[15] and chunks[17] == b"abc" and chunks[9] == b"\0\0\0\x03"
        mirror.mirror(b"x" * 65_001, *ends, 3.5, reliable=False, correlation="")
        mirror.mirror(b"x", ("a name", 1), ends[1], 3.5, reliable=False, correlation="")
        assert (mirror.sent, mirror.dropped) == (1, 2)
        mirror.close()


def test_what_is_said_when_a_call_is_over_is_still_found_with_it() -> None:
    mirror = HepMirror(("127.0.0.1", 9), 7, "", lambda now: 0)
    assert mirror.correlation("a@b", None) == "a@b", "before it is a call"
    assert mirror.correlation("a@b", "call_1") == mirror.correlation("a@b", None) == "call_1"
    for number in range(10_000):
        mirror.correlation(f"{number}@b", "call_2")
    assert mirror.correlation("a@b", None) == "a@b", "only so many are remembered"
    mirror.close()
