"""Joins one machine to the event loop: do one thing, drain effects, re-arm one timer.

The loop is seen through `Clock`, two methods that `asyncio` and `uvloop` loops already
have, so tests turn time by hand and nothing below this file waits.

A fault of ours (an exception out of the machine or out of `perform`) is logged with its
traceback and costs that one step: the driver serves on.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

import structlog

Effect = TypeVar("Effect")
EffectOut = TypeVar("EffectOut", covariant=True)

SLOW: Final = 0.005
"A step that takes longer is logged [s]: audio shares the loop."

_log = structlog.get_logger(__name__)


class Handle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[[], Any], /) -> Handle: ...  # the loop drops the result


class Machine(Protocol[EffectOut]):
    def handle_timer(self, now: float) -> None: ...
    def next_timer_at(self) -> float | None: ...
    def take_effects(self) -> Sequence[EffectOut]: ...


class Driver(Generic[Effect]):
    """Runs `machine`; `perform` carries out each effect.

    `perform` may call `do` again: that is done after the effects in hand.
    """

    def __init__(
        self,
        machine: Machine[Effect],
        clock: Clock,
        perform: Callable[[Effect], None],
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._machine = machine
        self._clock = clock
        self._perform = perform
        self._stopwatch = stopwatch
        self._timer: Handle | None = None
        self._timer_at: float | None = None
        self._settling = False
        self._acts: list[Callable[[float], None]] = []  # asked for by effects in hand
        self.worked = 0.0
        "Spent in steps so far, effects included [s]."
        self._settle()

    def do(self, act: Callable[[float], None], slow: float = SLOW) -> None:
        """Make one change to the machine, `act(now)`, and settle it. Args: slow: longer is logged [s]."""
        if self._settling:
            self._acts.append(act)
            return
        self._step(act, self._clock.time(), slow)

    def _step(self, act: Callable[[float], None], now: float, slow: float = SLOW) -> None:
        started = self._stopwatch()
        self._act(act, now)
        self._settle()
        took = self._stopwatch() - started
        self.worked += took
        if took > slow:
            _log.warning(
                "slow step", machine=type(self._machine).__name__, milliseconds=round(took * 1000, 1)
            )

    def _act(self, act: Callable[[float], None], now: float) -> None:
        try:
            act(now)
        except Exception:
            _log.exception("a step of the machine failed", machine=type(self._machine).__name__)

    def _settle(self) -> None:
        self._settling = True
        while (effects := self._machine.take_effects()) or self._acts:
            for effect in effects:
                try:
                    self._perform(effect)
                except Exception:
                    _log.exception("an effect could not be carried out", effect=type(effect).__name__)
            acts, self._acts = self._acts, []
            for act in acts:
                self._act(act, self._clock.time())
        self._settling = False
        at = self._machine.next_timer_at()
        # A timer that rings too early finds nothing due and is armed anew: cheaper than cancelling
        # one at every message.
        if at is None or (self._timer_at is not None and self._timer_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_at(at, self._fire)
        self._timer_at = at

    def _fire(self) -> None:
        # A loop may wake a hair early; the machine must see its own deadline.
        assert self._timer_at is not None, "cancelled timers do not fire"
        now = max(self._timer_at, self._clock.time())
        self._timer = self._timer_at = None
        self._step(self._machine.handle_timer, now)
