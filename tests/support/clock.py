"""A clock turned by hand; it stands in for the event loop wherever `time` and `call_at` are asked for."""

import heapq
from collections.abc import Callable
from itertools import count


class Alarm:
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class HandClock:
    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._queue: list[tuple[float, int, Callable[[], object], Alarm]] = []
        self._order = count()

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> Alarm:
        alarm = Alarm()
        heapq.heappush(self._queue, (when, next(self._order), callback, alarm))
        return alarm

    def advance_to(self, until: float) -> None:
        """Run everything due up to and including `until` [s], in order."""
        while self._queue and self._queue[0][0] <= until:
            when, _, callback, alarm = heapq.heappop(self._queue)
            if not alarm.cancelled:
                self._now = max(self._now, when)
                callback()
        self._now = max(self._now, until)

    def advance(self, seconds: float) -> None:
        self.advance_to(self._now + seconds)

    def next_at(self) -> float | None:
        """When something is due [s]; None: nothing is."""
        return self._queue[0][0] if self._queue else None
