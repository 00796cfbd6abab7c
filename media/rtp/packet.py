"""RTP packets one at a time: header fields ↔ bytes (RFC 3550 §5.1, §5.3.1).

This is the slow path; plain 20 ms G.711 is read and written in columns, without it.
"""

from typing import Final

from config.value import dataclass

HEADER_BYTES: Final = 12
_STUN_COOKIE: Final = b"\x21\x12\xa4\x42"


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet; CSRCs, header extension and padding have been taken off."""

    payload_type: int
    marker: bool
    sequence: int
    "0–65535."
    timestamp: int
    "0–4294967295, in units of the payload's clock."
    ssrc: int
    payload: memoryview
    "A view of the buffer that was parsed."


def parse(datagram: memoryview) -> Packet | None:
    """Read one packet; `None` when the bytes are no RTP packet of version 2."""
    size = len(datagram)
    if size < HEADER_BYTES:
        return None
    flags, second = datagram[0], datagram[1]
    if flags >> 6 != 2:
        return None
    start = HEADER_BYTES + 4 * (flags & 0x0F)
    if flags & 0x10:
        if start + 4 > size:
            return None
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
    end = size
    if flags & 0x20:
        padding = datagram[size - 1]
        if padding == 0:
            return None
        end -= padding
    if start > end:
        return None
    return Packet(
        payload_type=second & 0x7F,
        marker=second >= 0x80,
        sequence=int.from_bytes(datagram[2:4], "big"),
        timestamp=int.from_bytes(datagram[4:8], "big"),
        ssrc=int.from_bytes(datagram[8:12], "big"),
        payload=datagram[start:end],
    )


def build(payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """Write one packet without CSRCs, extension or padding; counters are taken modulo their width."""
    return b"".join(
        (
            bytes((0x80, payload_type | (0x80 if marker else 0))),
            (sequence & 0xFFFF).to_bytes(2, "big"),
            (timestamp & 0xFFFF_FFFF).to_bytes(4, "big"),
            ssrc.to_bytes(4, "big"),
            payload,
        )
    )


def is_stun(datagram: memoryview) -> bool:
    """Whether this is a STUN message, which may share the port (RFC 8489 §5, RFC 7983 §7)."""
    return len(datagram) >= 20 and datagram[0] < 4 and bytes(datagram[4:8]) == _STUN_COOKIE


def is_rtp(datagram: bytes | memoryview) -> bool:
    """Whether this is RTP or RTCP, secured or not, by its first byte (RFC 7983 §7)."""
    return len(datagram) > 0 and datagram[0] >> 6 == 2


def is_rtcp(datagram: memoryview) -> bool:
    """Whether this is RTCP on the RTP port (RFC 5761 §4)."""
    return len(datagram) >= 8 and datagram[0] >> 6 == 2 and 192 <= datagram[1] <= 223
