"""RTCP: sender and receiver reports, source description, goodbye (RFC 3550 §6).

Compound packets of SR or RR, SDES with a CNAME, and BYE at the end; those that come may be of reduced size
where that was agreed on (RFC 5506). NTP stamps are monotonic
time, which §6.4.1 allows to a sender without a wall clock. APP, XR and feedback are skipped.
A peer's BYE changes nothing: the call ends by SIP.
"""

import struct
from typing import Final

from config.value import dataclass

INTERVAL: Final = 5.0
"Mean time between reports [s]; the real one varies from half to one and a half of it (§6.2)."
MAX_REPORTS: Final = 31

_SR, _RR, _SDES, _BYE = 200, 201, 202, 203
_CNAME: Final = 1
_HEADER: Final = struct.Struct("!BBHI")
_SENDER: Final = struct.Struct("!QIII")
_BLOCK: Final = struct.Struct("!IIIIII")
_UNITS: Final = 65_536  # of LSR, DLSR and round trip, per second
_MAX_ROUND_TRIP: Final = 60.0


@dataclass(frozen=True, slots=True)
class Sending:
    """What an SR says of its sender (§6.4.1)."""

    timestamp: int
    "RTP timestamp of this moment."
    packets: int
    octets: int
    "Of payload."


@dataclass(frozen=True, slots=True)
class Block:
    """One report block: how one source is received (§6.4.1)."""

    ssrc: int
    fraction_lost: int
    "In 1/256."
    lost: int
    "Cumulative, −2²³ to 2²³−1."
    highest: int
    "Extended highest sequence number, 32 bits."
    jitter: int
    "[timestamp units]"
    last_sr: int = 0
    delay: int = 0
    "Since that SR [1/65536 s]."


@dataclass(frozen=True, slots=True)
class Report:
    """One SR or RR as received."""

    ssrc: int
    sent_at: int | None
    "Middle 32 bits of the NTP stamp; None in a receiver report."
    blocks: tuple[Block, ...]


def parse(datagram: memoryview, *, reduced: bool = False) -> list[Report] | None:
    """The reports of a compound packet; `None` when it is malformed (A.2).

    Args:
        reduced: any packet may be the first, and so there may be no report (RFC 5506 §3.4.1).
    """
    reports: list[Report] = []
    at, size = 0, len(datagram)
    if size == 0:
        return None
    while at < size:
        if size - at < 4:
            return None
        flags, kind = datagram[at], datagram[at + 1]
        length = 4 + 4 * int.from_bytes(datagram[at + 2 : at + 4], "big")
        if flags >> 6 != 2 or at + length > size or len(reports) > MAX_REPORTS:
            return None
        if at == 0 and not reduced and (kind not in (_SR, _RR) or flags & 0x20):
            return None
        if kind in (_SR, _RR):
            report = _parse_report(kind, flags & 0x1F, datagram[at : at + length])
            if report is None:
                return None
            reports.append(report)
        at += length
    return reports


def _parse_report(kind: int, count: int, part: memoryview) -> Report | None:
    start = 8 + (_SENDER.size if kind == _SR else 0)
    if len(part) < start + count * _BLOCK.size:
        return None
    blocks: list[Block] = []
    for index in range(count):
        ssrc, loss, *rest = _BLOCK.unpack_from(part, start + index * _BLOCK.size)
        lost = loss & 0xFF_FFFF
        blocks.append(Block(ssrc, loss >> 24, lost - ((lost & 0x80_0000) << 1), *rest))
    sent_at = int.from_bytes(part[10:14], "big") if kind == _SR else None
    return Report(int.from_bytes(part[4:8], "big"), sent_at, tuple(blocks))


def build(
    ssrc: int, cname: str, now: float, sending: Sending | None, block: Block | None, *, bye: bool = False
) -> bytes:
    """A compound packet: SR when `sending`, else RR; then SDES, then BYE if asked for."""
    blocks = b"" if block is None else _pack_block(block)
    count = 0x80 | (block is not None)
    if sending is None:
        parts = [_HEADER.pack(count, _RR, 1 + len(blocks) // 4, ssrc), blocks]
    else:
        info = _SENDER.pack(
            int(now * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF,
            sending.timestamp & 0xFFFF_FFFF,
            sending.packets & 0xFFFF_FFFF,
            sending.octets & 0xFFFF_FFFF,
        )
        parts = [_HEADER.pack(count, _SR, 6 + len(blocks) // 4, ssrc), info, blocks]
    name = cname.encode()[:255]
    item = bytes((_CNAME, len(name))) + name
    item += bytes(4 - len(item) % 4)  # one to four zero bytes end the chunk (§6.5)
    parts += [_HEADER.pack(0x81, _SDES, 1 + len(item) // 4, ssrc), item]
    if bye:
        parts.append(_HEADER.pack(0x81, _BYE, 1, ssrc))
    return b"".join(parts)


def _pack_block(block: Block) -> bytes:
    lost = min(max(block.lost, -0x80_0000), 0x7F_FFFF) & 0xFF_FFFF
    return _BLOCK.pack(
        block.ssrc,
        block.fraction_lost << 24 | lost,
        block.highest & 0xFFFF_FFFF,
        min(block.jitter, 0xFFFF_FFFF),
        block.last_sr,
        min(block.delay, 0xFFFF_FFFF),
    )


class Session:
    """What the peer's reports tell of one leg."""

    def __init__(self) -> None:
        self.round_trip: float | None = None
        "[s]"
        self.remote_lost = 0
        self.remote_percent = 0
        "Lost between the latest two reports; anything of a percent is one."
        self.remote_jitter = 0
        "[timestamp units]"
        self._last_sr = 0
        self._last_sr_at = 0.0

    def receive(self, reports: list[Report], ssrc: int, now: float) -> bool:
        """Take the peer's reports; `ssrc` is ours. Whether they mention it."""
        mentioned = False
        for report in reports:
            if report.sent_at is not None:
                self._last_sr, self._last_sr_at = report.sent_at, now
            for block in report.blocks:
                if block.ssrc == ssrc:
                    mentioned = True
                    self._learn(block, now)
        return mentioned

    def echo_of_sr(self, now: float) -> tuple[int, int]:
        """LSR and DLSR of our next report block (§6.4.1)."""
        if not self._last_sr:
            return 0, 0
        return self._last_sr, int((now - self._last_sr_at) * _UNITS)

    def _learn(self, block: Block, now: float) -> None:
        self.remote_lost, self.remote_jitter = block.lost, block.jitter
        self.remote_percent = -(-100 * block.fraction_lost // 256)
        if not block.last_sr:
            return
        arrived = int(now * _UNITS) & 0xFFFF_FFFF
        round_trip = ((arrived - block.last_sr - block.delay) & 0xFFFF_FFFF) / _UNITS
        # A peer that answers with a stamp we never sent yields nonsense; so does a clock step there.
        if round_trip < _MAX_ROUND_TRIP:
            self.round_trip = round_trip
