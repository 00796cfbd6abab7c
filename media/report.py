"""Reports about legs: RTCP to and from the peer, `LegStats` for the edge (RFC 3550 §6.4)."""

import math
from collections.abc import Callable
from typing import Final

from media.codec.table import clock_ratio, impairment, name_of
from media.diagnosis import SILENT_SO_FAR
from media.frame import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE
from media.heard import LEVEL_EVERY
from media.leg import Leg, LegTable
from media.port import LegStats
from media.rtp import mos, rtcp
from media.rtp.jitter import JitterBuffer
from media.rtp.statistics import Reception

STATS_INTERVAL: Final = 10.0
"[s]"
ENOUGH: Final = 50
"Packets that make a judgement."
_FULL_SCALE: Final = 32_768.0**2


class Reports:
    def __init__(
        self,
        table: LegTable,
        reception: Reception,
        jitter: JitterBuffer,
        random_bits: Callable[[int], int],
    ) -> None:
        self._table = table
        self._reception = reception
        self._jitter = jitter
        self._random_bits = random_bits
        # A name that tells nothing of host or user (RFC 7022 §4.2).
        self._cname = f"{random_bits(96):024x}"

    def next_report_at(self, now: float) -> float:
        """Half to one and a half interval from now (§6.2)."""
        return now + rtcp.INTERVAL * (0.5 + self._random_bits(16) / 65_536)

    def compound(self, leg: Leg, now: float, *, bye: bool = False) -> bytes:
        """The RTCP packet that is due to the leg's peer."""
        columns, slot = self._table.columns, leg.slot
        packets = int(columns.packets_sent[slot])
        sending = None
        if packets:
            timestamp = int(columns.timestamp[slot])
            octets = packets * FRAME_SAMPLES + int(columns.octets_apart[slot])
            sending = rtcp.Sending(timestamp, packets, octets)
        block = None
        reception = self._reception
        if reception.ssrc[slot] >= 0:
            block = rtcp.Block(
                int(reception.ssrc[slot]),
                reception.fraction_lost(slot),
                reception.lost(slot),
                # The first cycle is ours (`Reception.begin`).
                int(reception.newest[slot]) - 0x1_0000,
                int(reception.jitter[slot]) * leg.clock_ratio,
                *leg.rtcp.echo_of_sr(now),
            )
        return rtcp.build(int(columns.ssrc[slot]), self._cname, now, sending, block, bye=bye)

    def stats(self, leg: Leg) -> LegStats:
        columns, slot = self._table.columns, leg.slot
        frames = int(columns.energy_frames[slot])
        codec = name_of(int(columns.law_out[slot])) if leg.connect is not None else ""
        delay = float(self._jitter.delay(slot)) * FRAME_MS
        mean_square = float(columns.energy[slot]) / frames if frames else 0.0
        session, sent_in = leg.rtcp, clock_ratio(int(columns.law_out[slot]))
        return LegStats(
            packets_received=int(self._reception.packets[slot]),
            packets_sent=int(columns.packets_sent[slot]),
            lost=max(0, self._reception.lost(slot)),
            late=int(self._jitter.late[slot]),
            duplicates=int(self._jitter.duplicates[slot]),
            concealed=round(int(columns.concealed[slot]) / FRAME_SAMPLES),
            foreign=int(columns.foreign[slot]),
            malformed=int(columns.malformed[slot]),
            jitter_ms=round(float(self._reception.jitter[slot]) * 1000 / SAMPLE_RATE, 2),
            round_trip_ms=None if session.round_trip is None else round(session.round_trip * 1000, 1),
            remote_lost=max(0, session.remote_lost),
            remote_jitter_ms=round(session.remote_jitter * 1000 / SAMPLE_RATE / sent_in, 2),
            level_dbov=_dbov(mean_square),
            codec=codec,
            delay_ms=delay,
            mos=self._mos(leg, delay),
            no_audio=",".join(_lasting(leg)),
        )

    def _mos(self, leg: Leg, delay: float) -> float | None:
        columns, slot = self._table.columns, leg.slot
        concealed, gaps = int(columns.concealed[slot]) / FRAME_SAMPLES, int(columns.gaps[slot])
        played = int(self._reception.packets[slot]) - int(self._jitter.late[slot])
        if played < ENOUGH:
            return None
        frames = played + concealed
        if leg.reframer is not None or leg.parceller is not None:
            # Packets are longer or shorter than frames: of every so many that were due one was measured.
            frames = max(concealed, LEVEL_EVERY * int(columns.energy_frames[slot]), 1)
        loss = concealed / frames
        burstiness = (concealed / gaps) * (1 - loss) if gaps else 1.0
        trip = 0.0 if leg.rtcp.round_trip is None else leg.rtcp.round_trip * 500
        # What a packet holds was spoken before it left, and ticks wait for half a frame at the most.
        heard_after = trip + delay + FRAME_MS + FRAME_MS / 2
        ie, bpl = impairment(int(columns.law_in[slot]))
        return round(mos.score(mos.rating(ie, bpl, loss, burstiness, heard_after)), 2)


def _lasting(leg: Leg) -> list[str]:
    """Who is late to speak, as before an answer, lacked nothing in the end."""
    if leg.latch.source is None:
        return leg.ailments
    return [reason for reason in leg.ailments if reason not in SILENT_SO_FAR]


def _dbov(mean_square: float) -> float:
    """Level of a sine of full scale is −3 dBov (RFC 6464 §1 counts from the overload point)."""
    if mean_square <= 0:
        return -127.0
    return round(max(-127.0, 10 * math.log10(mean_square / _FULL_SCALE)), 1)
