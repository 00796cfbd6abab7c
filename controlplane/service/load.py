"""What this process can carry: a first estimate at the start, then an observation five times a second.

::

    estimate() ─▶ Capacity ◀── observe ── LoadWatch ◀── CPU of the loop, work of the driver, waits at sockets
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import structlog

from edge.overload.capacity import PERIOD, Capacity, Period
from edge.overload.turnstile import Turnstile
from edge.sip.build import response_to
from edge.sip.message import Request
from edge.sip.parse import parse_message

ROUNDS: Final = 200
CALL: Final = 36.0
"A call answered here costs so many times what it costs to read an INVITE and to write its answer; measured."

_INVITE: Final = (
    b"INVITE sip:1000@192.0.2.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKsample;rport\r\nMax-Forwards: 70\r\n"
    b"From: <sip:1001@192.0.2.1>;tag=1\r\nTo: <sip:1000@192.0.2.1>\r\nCall-ID: sample@192.0.2.2\r\n"
    b"CSeq: 1 INVITE\r\nContact: <sip:1001@192.0.2.2>\r\nUser-Agent: sample\r\nContent-Length: 0\r\n\r\n"
)

FIX: Final = "spread calls over more nodes, or set media.workers to the number of cores"

_ACCOUNT: Final = Path("/proc/thread-self/schedstat")
"CPU used, waits for a core [ns], and turns on it, of the thread that reads it."

_log = structlog.get_logger(__name__)


class Clock(Protocol):
    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[[], object], /) -> object: ...


def estimate(stopwatch: Callable[[], float] = time.thread_time) -> float:
    """The likely cost of a call on this machine [s]."""
    best = float("inf")
    for _ in range(3):
        started = stopwatch()
        for _ in range(ROUNDS):
            request = parse_message(_INVITE)
            assert isinstance(request, Request), "the sample is a good one"
            response_to(request, 200, to_tag="2").wire()
        best = min(best, stopwatch() - started)
    return max(CALL * best / ROUNDS, 1e-6)


class _Reading(NamedTuple):
    """Totals since the start."""

    now: float
    admitted: float
    refused: float
    worked: float
    busy: float
    aside: float
    kept: float


class LoadWatch:
    """Runs until the loop ends.

    Args:
        worked: spent on signalling so far [s].
        waited: how long what is read now has waited at a socket [s].
        busy: CPU used so far, of what there is one core of [s]; None: of this thread, or of the whole process
            where that has a single core.
        audio: share of a core that live audio takes; given the share of ours that signalling does not take.
        aside: CPU used so far for signalling beside the loop and on its core [s]; None: of all other threads
            where the process has a single core, the database's writer being the one that works.
        kept: waits of the loop for its core so far [s].
    """

    def __init__(
        self,
        capacity: Capacity,
        turnstile: Turnstile,
        clock: Clock,
        worked: Callable[[], float],
        waited: Callable[[], float],
        busy: Callable[[], float] | None = None,
        audio: Callable[[float], float] = lambda busy: 0.0,
        aside: Callable[[], float] | None = None,
        kept: Callable[[], float] | None = None,
    ) -> None:
        single = len(os.sched_getaffinity(0)) == 1 if hasattr(os, "sched_getaffinity") else False
        self._capacity = capacity
        self._turnstile = turnstile
        self._clock = clock
        self._worked = worked
        self._waited = waited
        self._busy = busy or (time.process_time if single else time.thread_time)
        self._audio = audio
        self._aside = aside or (_other_threads if single else _nothing)
        self._kept = kept or _kept_waiting
        self._told = False
        self._last = self._read()
        self._arm()

    def _read(self) -> _Reading:
        turnstile = self._turnstile
        aside = self._aside()
        return _Reading(
            self._clock.time(),
            turnstile.admitted,
            turnstile.refused,
            self._worked() + aside,
            self._busy(),
            aside,
            self._kept(),
        )

    def _arm(self) -> None:
        self._due = self._clock.time() + PERIOD
        self._clock.call_at(self._due, self._look)

    def _look(self) -> None:
        before, self._last = self._last, self._read()
        now = self._last.now
        passed = _Reading(*(late - early for late, early in zip(self._last, before, strict=True)))
        seconds = max(passed.now, 1e-3)
        share = min(1.0, passed.busy / seconds)
        taken = max(0.0, passed.kept - passed.aside) / seconds  # by others than our own threads: no idle time
        period = Period(
            seconds,
            passed.admitted,
            int(passed.refused),
            passed.worked,
            min(1.0, share + taken),
            max(now - self._due, self._waited()),
            self._audio(max(0.0, share - passed.worked / seconds)),
        )
        capacity = self._capacity
        full = capacity.full
        capacity.observe(period)
        if period.refused and not self._told:
            _log.warning("overloaded: new calls are limited", calls_per_second=round(capacity.rate))
        self._told = capacity.holds and (self._told or period.refused > 0)
        if capacity.full and not full:
            _log.warning(
                "full: new calls are refused until some have ended", audio=round(capacity.audio, 2), fix=FIX
            )
        elif full and not capacity.full:
            _log.info("new calls are taken again", audio=round(capacity.audio, 2))
        self._arm()


def _kept_waiting() -> float:
    """For a core, while there was something to do [s]; 0 where the kernel does not say."""
    try:
        account = _ACCOUNT.read_text()
    except OSError:
        return 0.0
    return int(account.split()[1]) * 1e-9


def _other_threads() -> float:
    return time.process_time() - time.thread_time()


def _nothing() -> float:
    return 0.0
