"""One timer queue for everything above the transactions: sessions, calls, the registrar.

Deadlines are cancelled far more often than they fire, so a cancelled entry only loses its
action and is skipped when its time comes, or swept when such entries are the majority.
"""

import heapq
from collections.abc import Callable
from itertools import count


class Alarm:
    """One deadline; `cancel` is idempotent and cheap."""

    __slots__ = ("_agenda", "act")

    def __init__(self, agenda: "Agenda", act: Callable[[float], None]) -> None:
        self._agenda = agenda
        self.act: Callable[[float], None] | None = act

    def cancel(self) -> None:
        if self.act is not None:
            self.act = None
            self._agenda.cancelled += 1


class Agenda:
    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._order = count()
        self.cancelled = 0
        "Entries of the heap that will do nothing."

    def __len__(self) -> int:
        """Deadlines still armed."""
        return len(self._heap) - self.cancelled

    def at(self, when: float, act: Callable[[float], None]) -> Alarm:
        """Call `act(now)` once, at `when` [s]."""
        alarm = Alarm(self, act)
        heapq.heappush(self._heap, (when, next(self._order), alarm))
        if self.cancelled > 64 and self.cancelled * 2 > len(self._heap):
            self._sweep()
        return alarm

    def next_timer_at(self) -> float | None:
        heap = self._heap
        while heap and heap[0][2].act is None:
            heapq.heappop(heap)
            self.cancelled -= 1
        return heap[0][0] if heap else None

    def handle_timer(self, now: float) -> None:
        """Run everything due at `now` [s], in order of deadline."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            alarm = heapq.heappop(heap)[2]
            act, alarm.act = alarm.act, None
            if act is None:
                self.cancelled -= 1
            else:
                act(now)

    def _sweep(self) -> None:
        self._heap = [entry for entry in self._heap if entry[2].act is not None]
        heapq.heapify(self._heap)
        self.cancelled = 0
