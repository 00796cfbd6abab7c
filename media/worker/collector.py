"""Garbage collection of an audio worker, in time that no tick needs.

What lives when the worker starts is frozen: no collection ever looks at it again. From then on the
collector is off, and after a tick that leaves time the young generations are collected; the oldest one only
when the last such pass was short, or when no tick runs. `OVERDUE` bounds what may pile up while there is
never time.
"""

import gc
from collections.abc import Callable
from typing import Final

YOUNG: Final = 700
"New objects that are worth a collection."
EVERY_MIDDLE: Final = 10
"Collections of the youngest generation to one of the middle one, and of those to one of all."
SPARE: Final = 0.002
"A tick must leave so much for a young collection [s]."
OVERDUE: Final = 200_000
"New objects that are collected whatever time is left."


class Collector:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._young = 0
        self._middle = 0
        self._longest = 0.0
        self._last_full = 0.0

    def begin(self) -> None:
        gc.collect()
        gc.freeze()
        gc.disable()

    def spare(self, left: float) -> None:
        """Args: left: time to the next tick [s]."""
        waiting = gc.get_count()[0]
        if waiting < YOUNG or (left < SPARE and waiting < OVERDUE):
            return
        self._young += 1
        if self._young < EVERY_MIDDLE:
            self._collect(0)
            return
        self._young = 0
        self._middle += 1
        if self._middle < EVERY_MIDDLE or self._last_full * 2 > left:
            self._collect(1)
            return
        self._middle = 0
        self._last_full = self._collect(2)

    def rest(self) -> None:
        """No tick runs: all of it, the pass before notwithstanding."""
        if sum(gc.get_count()):
            self._last_full = self._collect(2)

    def longest(self) -> float:
        """The longest collection since this was asked last [s]."""
        longest, self._longest = self._longest, 0.0
        return longest

    def _collect(self, generation: int) -> float:
        began = self._now()
        gc.collect(generation)
        took = self._now() - began
        self._longest = max(self._longest, took)
        return took
