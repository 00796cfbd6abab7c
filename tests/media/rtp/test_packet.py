"""RTP headers (RFC 3550 §5.1, §5.3.1) and their neighbours on the port (RFC 7983 §7)."""

from hypothesis import given
from hypothesis import strategies as st

from media.rtp import packet


@given(
    payload_type=st.integers(0, 127),
    marker=st.booleans(),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFF_FFFF),
    ssrc=st.integers(0, 0xFFFF_FFFF),
    payload=st.binary(max_size=400),
)
def test_what_is_built_is_parsed_back(
    payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes
) -> None:
    parsed = packet.parse(memoryview(packet.build(payload_type, marker, sequence, timestamp, ssrc, payload)))
    assert parsed is not None
    fields = (parsed.payload_type, parsed.marker, parsed.sequence, parsed.timestamp, parsed.ssrc)
    assert fields == (payload_type, marker, sequence, timestamp, ssrc)
    assert parsed.payload == payload


@given(st.binary(max_size=200))
def test_any_bytes_give_a_packet_within_them_or_none(data: bytes) -> None:
    parsed = packet.parse(memoryview(data))
    assert parsed is None or len(parsed.payload) <= len(data) - 12


def test_contributing_sources_extension_and_padding_are_taken_off() -> None:
    plain = packet.build(0, False, 1, 2, 3, b"")
    data = bytes((plain[0] | 0x30 | 2, *plain[1:]))  # padding, extension, two CSRCs
    data += bytes(8) + b"\xbe\xde\x00\x01" + bytes(4) + b"audio" + b"\x00\x00\x03"
    parsed = packet.parse(memoryview(data))
    assert parsed is not None and parsed.payload == b"audio"


def test_lengths_that_do_not_fit_the_datagram_are_refused() -> None:
    plain = packet.build(0, False, 1, 2, 3, b"ab")
    assert packet.parse(memoryview(plain[:11])) is None
    assert packet.parse(memoryview(bytes((0x8F, *plain[1:])))) is None  # 15 CSRCs
    assert packet.parse(memoryview(bytes((0x90, *plain[1:])))) is None  # an extension of no bytes
    assert packet.parse(memoryview(bytes((0xA0, *plain[1:-1], 0)))) is None  # padding of 0
    assert packet.parse(memoryview(bytes((0xA0, *plain[1:-1], 3)))) is None  # more than there is
    assert packet.parse(memoryview(bytes((0x40, *plain[1:])))) is None  # version 1


def test_stun_and_rtcp_on_the_port_are_told_from_rtp() -> None:
    stun = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12)
    assert packet.is_stun(memoryview(stun)) and not packet.is_stun(memoryview(stun[:19]))
    assert packet.is_rtcp(memoryview(b"\x80\xc8\x00\x06" + bytes(24)))
    assert not packet.is_rtcp(memoryview(packet.build(101, True, 1, 2, 3, bytes(4))))
