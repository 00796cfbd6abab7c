"""What is due now and then: silences, RTCP, statistics, and another look at each leg's phase.

Called in every tick, it reads the RTCP that has come and, every 100 ms, goes over the columns;
nothing here depends on how many legs have nothing due.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from media.diagnosis import SHARES, Diagnosis
from media.inbound import Inbound
from media.leg import Leg, LegTable
from media.port import Event, Silent, Stats
from media.quiet import Quiet
from media.report import STATS_INTERVAL, Reports
from media.rtp.latch import SILENCE
from media.socket import UdpWire
from media.webrtc.legs import WebLegs

CHORES_EVERY: Final = 20
"Ticks between two looks at what is due: 100 ms; each chore has a tick of its own among them."
LOOK_EVERY: Final = 10
"Ticks between two looks at a share of the legs that should be heard and are not: each is seen every 0.5 s."
DOUBT_EVERY: Final = 400
"Ticks between two shares of legs whose phase is looked at again: 2 s, so each leg every 20 s."
DOUBT_SHARE: Final = 10
GUESSED_SHARE: Final = 5
"The same of those whose group is a guess: each every 10 s."
RTCP_PER_TICK: Final = 32
"RTCP packets read in one tick, of different legs."


class Upkeep:
    """
    Args:
        silence_timeout: a leg that should hear RTP and hears none for so long is `Silent` [s].
    """

    def __init__(
        self,
        table: LegTable,
        wire: UdpWire,
        inbound: Inbound,
        reports: Reports,
        silence_timeout: float,
        emit: Callable[[Event], None],
        web: WebLegs,
    ) -> None:
        self._table = table
        self._wire = wire
        self._inbound = inbound
        self._reports = reports
        self._silence_timeout = silence_timeout
        self._emit = emit
        self._web = web
        self._diagnosis = Diagnosis(table, emit)
        self.quiet = Quiet(table, wire)

    def see_to(self, tick: int, now: float) -> None:
        """Do what is due in tick number `tick`."""
        self._read_rtcp(now)
        self._web.handle_timers(now)
        chore = tick % CHORES_EVERY
        if chore == 0:
            self._inbound.handle_timer(now)
            self._see_to_silence(now)
        elif chore == CHORES_EVERY // 3:
            self.quiet.settle(now)
        elif chore == 2 * CHORES_EVERY // 3:
            self._send_reports(now)
        if tick % LOOK_EVERY == 0:
            self._diagnosis.look(now, tick // LOOK_EVERY % SHARES)
        if tick % DOUBT_EVERY == 0:
            self._doubt(tick // DOUBT_EVERY % DOUBT_SHARE, now)

    def begin(self, leg: Leg, now: float) -> None:
        """The leg has been connected: its reports are due from now on."""
        columns = self._table.columns
        columns.report_at[leg.slot] = self._reports.next_report_at(now)
        columns.stats_at[leg.slot] = now + STATS_INTERVAL

    def say_goodbye(self, leg: Leg, now: float) -> None:
        """Send the last report with BYE, if we have sent anything (RFC 3550 §6.3.7)."""
        to = _rtcp_address(leg)
        if to is not None and self._table.columns.packets_sent[leg.slot]:
            self._send(leg, self._reports.compound(leg, now, bye=True), to)

    def _see_to_silence(self, now: float) -> None:
        columns = self._table.columns
        quiet = columns.connected & (now - columns.heard_at >= SILENCE)
        columns.silence_told &= quiet
        if not quiet.any():
            return
        patient = quiet & columns.eager & ~columns.aligned
        if patient.any():
            columns.eager[patient] = False
            self._table.changed()
        for slot in (quiet & columns.locked).nonzero()[0].tolist():
            source = self._table.at(slot).latch.source
            if source is not None:
                # Another source may be let in now (`latch.py`).
                columns.locked[slot] = False
                self._wire.unlock(slot, source)
                self._table.changed()
        # Who is muted, or suppresses silence, may send no RTP at all; reports say that he is there.
        silence = now - np.maximum(columns.heard_at, columns.reported_at)
        silent = quiet & columns.may_receive & ~columns.silence_told & (silence >= self._silence_timeout)
        for slot in silent.nonzero()[0].tolist():
            columns.silence_told[slot] = True
            self._emit(Silent(self._table.at(slot).id, round(float(silence[slot]), 1)))

    def _doubt(self, share: int, now: float) -> None:
        """Have the phase of a tenth of the legs looked at again (`LegTable.doubt`)."""
        columns = self._table.columns
        guessed = self._table.phases.guessed
        # In a room every member's phase fits those of all others as it is, if a packet told it.
        chosen = columns.locked & columns.aligned & ((columns.room < 0) | guessed)
        slots = np.flatnonzero(chosen & (now - columns.heard_at < SILENCE))
        due = (slots % DOUBT_SHARE == share) | guessed[slots] & (
            slots % GUESSED_SHARE == share % GUESSED_SHARE
        )
        if due.any():
            self._table.phases.doubt(slots[due])

    def _send_reports(self, now: float) -> None:
        columns = self._table.columns
        live = columns.connected
        for slot in np.flatnonzero(live & (columns.report_at <= now)).tolist():
            leg = self._table.at(slot)
            columns.report_at[slot] = self._reports.next_report_at(now)
            self.quiet.keep_open(slot, now)  # a report tells the time of the latest packet
            to = _rtcp_address(leg)
            if to is not None:
                self._send(leg, self._reports.compound(leg, now), to)
        for slot in np.flatnonzero(live & (columns.stats_at <= now)).tolist():
            leg = self._table.at(slot)
            columns.stats_at[slot] = now + STATS_INTERVAL
            self._emit(Stats(leg.id, self._reports.stats(leg)))

    def _send(self, leg: Leg, datagram: bytes, to: tuple[str, int]) -> None:
        if leg.web is not None:
            self._web.send_rtcp(leg, datagram)
        else:
            secret = datagram if leg.srtp is None else leg.srtp.seal_rtcp(datagram)
            self._wire.send_rtcp(leg.slot, secret, to)

    def _read_rtcp(self, now: float) -> None:
        for slot in self._wire.rtcp_ready(RTCP_PER_TICK):
            received = self._wire.receive_rtcp(slot)
            if received is None:
                continue
            leg = self._table.at(slot)
            datagram, source = received
            agreed = (leg.connect.remote, leg.connect.rtcp) if leg.connect is not None else ()
            if source[0] not in {address[0] for address in (leg.latch.source, *agreed) if address}:
                self._table.columns.foreign[slot] += 1
                continue
            if leg.srtp is not None:
                datagram = memoryview(leg.srtp.open(bytes(datagram)))
                if not datagram:
                    self._table.columns.malformed[slot] += 1
                    continue
            leg.rtcp_to = source
            self._inbound.control(leg, datagram, now)


def _rtcp_address(leg: Leg) -> tuple[str, int] | None:
    """Where the peer's RTCP came from, else where it should be (RFC 3605, RFC 3550 §11)."""
    if leg.connect is None:
        return None
    source, remote = leg.latch.source, leg.connect.remote
    if source is None or source == remote or not source[1]:
        return leg.rtcp_to or leg.connect.rtcp or (remote[0], remote[1] + 1)
    return leg.rtcp_to or (source[0], source[1] + 1)
