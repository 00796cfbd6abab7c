"""Drives the tick: every 5 ms one phase group, on absolute deadlines of the event loop.

The loop's timers count whole milliseconds and its clock is cached, so a tick may start a
millisecond late; lateness does not add up. What a short stall has held up is made up for. After one of more
than `STALL` s, or when ticks have been late by a round and more for `PATIENCE` s, since there is more to do
than the core can, the rounds that were missed are left out: audio is heard in time again, with a gap. The
driver stops when told that nobody is connected.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np

from media.frame import GROUPS, TICK_SECONDS
from media.gauges import TickGauges

ROUND: Final = GROUPS * TICK_SECONDS
"Of all groups, in which each leg is sent one packet [s]."
STALL: Final = 0.2
"[s]"
PATIENCE: Final = 0.5
"[s]"
OVERRUN: Final = TICK_SECONDS + 0.002
"A tick that works longer than this is logged [s]."
LOG_INTERVAL: Final = 10.0
"[s]"
WINDOW: Final = 4_096
"Ticks that `gauges` looks back."
MOST: Final = 0.4
"From this share of a core on, what else keeps it busy is taken for the sockets and coders of the same calls."

_SHARE_GAIN: Final = 0.02  # of each tick: a quarter of a second
_SHARE_BOUND: Final = 2.0  # of a tick's time: one that was held up says little

log = logging.getLogger(__name__)


class Handle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """What is used of an event loop."""

    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[[], Any], /) -> Handle: ...


class Ticker:
    def __init__(
        self,
        clock: Clock,
        monotonic: Callable[[], float],
        step: Callable[[int, float], None],
        stalled: Callable[[float], None],
        spare: Callable[[float], None] | None = None,
        cpu: Callable[[], float] = time.thread_time,
    ) -> None:
        """
        Args:
            monotonic: the exact time, of the same origin as `clock.time`.
            step: works on one group at a time; gets its number and now.
            stalled: told the seconds left out, before the next step.
            spare: may use what a tick has left; told the seconds to the next one.
            cpu: used by this thread so far [s]; unlike the time, it does not pass while others have the core.
        """
        self._clock = clock
        self._monotonic = monotonic
        self._step = step
        self._stalled = stalled
        self._spare = spare
        self._cpu = cpu
        self.late = 0.0
        "Of the latest tick [s]."
        self._share = 0.0
        self._handle: Handle | None = None
        self._due = 0.0
        self._kept_up_at = 0.0
        "When a tick was less than a round late last."
        self._ticks = 0
        self._stalls = 0
        self._overruns = 0
        self._log_at = 0.0
        self._late = np.zeros(WINDOW, np.float32)
        self._work = np.zeros(WINDOW, np.float32)
        self._gauges: TickGauges | None = None

    def is_running(self) -> bool:
        return self._handle is not None

    @property
    def share(self) -> float:
        """Of a core that the ticks of the last quarter of a second took; 0 while they stand."""
        return self._share if self.is_running() else 0.0

    def audio(self, busy: float) -> float:
        """Share of a core that live audio takes. Args: busy: share that signalling does not take."""
        return max(self.share, busy) if self.share >= MOST else self.share

    def start(self) -> None:
        if self._handle is None:
            self._kept_up_at = self._monotonic()
            self._due = self._kept_up_at + TICK_SECONDS
            self._handle = self._clock.call_at(self._due, self._fire)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def gauges(self) -> TickGauges:
        """Measured once for each tick, however many numbers of it are asked for."""
        known = self._gauges
        if known is None or (known.ticks, known.share) != (self._ticks, self.share):
            known = self._gauges = self._measure()
        return known

    def _measure(self) -> TickGauges:
        seen = min(self._ticks, WINDOW)
        if not seen:
            return TickGauges(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        late = np.percentile(self._late[:seen], (50, 99, 100)) * 1000
        work = np.percentile(self._work[:seen], (50, 99, 100)) * 1000
        times = (*late.tolist(), *work.tolist(), self.share)
        return TickGauges(self._ticks, self._stalls, self._overruns, *times)

    def _fire(self) -> None:
        """The tick that is due; after others have held up the loop, those that became due meanwhile as well.

        They would else come one in each round of the loop, and fall behind for good where signalling takes
        longer than a tick. Ticks that take so long themselves come one by one, and leave others their turn.
        """
        armed = self._handle
        began = now = self._monotonic()
        for _ in range(GROUPS):
            self._tick(now)
            if self._handle is not armed:
                return  # the last leg has gone in this tick, and perhaps another has come
            self._due += TICK_SECONDS
            now = self._monotonic()
            if now < self._due or now - began >= TICK_SECONDS:
                break
        if self._spare is not None:
            self._spare(self._due - self._monotonic())
        self._handle = self._clock.call_at(self._due, self._fire)

    def _leave_out(self, seconds: float) -> None:
        """Of whole rounds, so that each leg goes on to be played as soon after its packets as before."""
        self._stalls += 1
        log.warning("audio is late: %.0f ms of it are left out", seconds * 1000)
        self._stalled(seconds)
        self._due += seconds

    def _tick(self, began: float) -> None:
        used = self._cpu()
        late = began - self._due
        if late < ROUND:
            self._kept_up_at = began
        elif late > STALL or began - self._kept_up_at > PATIENCE:
            self._leave_out(int(late / ROUND) * ROUND)
            self._kept_up_at = began
        self.late = began - self._due
        try:
            self._step(self._ticks % GROUPS, began)
        except Exception:
            # One bad tick must not end every call's audio.
            log.exception("tick failed")
        work = self._monotonic() - began
        share = min((self._cpu() - used) / TICK_SECONDS, _SHARE_BOUND)
        self._share += _SHARE_GAIN * (share - self._share)
        place = self._ticks % WINDOW
        self._late[place] = max(late, 0.0)
        self._work[place] = work
        self._ticks += 1
        if work > OVERRUN:
            self._overruns += 1
            if began >= self._log_at:
                self._log_at = began + LOG_INTERVAL
                log.warning("tick took %.1f ms; %d such ticks so far", work * 1000, self._overruns)
