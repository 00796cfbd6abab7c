"""The live machines of one side of the layer, and one heap of when each must be woken.

A heap entry that is no longer true is skipped when it comes up (lazy deletion). Entries are
(float, str), which the collector stops tracking, and do not keep a finished machine alive.
"""

import heapq
from typing import Generic, Protocol, TypeVar

from edge.sip.transaction.deadline import Deadline


class Machine(Protocol):
    def handle_timer(self, now: float) -> None: ...
    def next_timer_at(self) -> float | None: ...


M = TypeVar("M", bound=Machine)


class Schedule(Generic[M]):
    """Machines by key. After anything was done to one, `settle` or `drop` it."""

    __slots__ = ("_deadline", "_heap", "_machines", "_wake", "get")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._machines: dict[str, M] = {}
        self._wake: dict[str, float] = {}  # the heap entry of each key that is true
        self._heap: list[tuple[float, str]] = []
        self.get = self._machines.get

    def __len__(self) -> int:
        return len(self._machines)

    def add(self, key: str, machine: M) -> None:
        self._machines[key] = machine
        self.settle(key, machine)

    def settle(self, key: str, machine: M) -> None:
        """Wake `machine` when it now wants to be woken."""
        at = machine.next_timer_at()
        if at is None:
            self._wake.pop(key, None)
        elif self._wake.get(key) != at:
            self._wake[key] = at
            self._deadline.lower(at)
            heapq.heappush(self._heap, (at, key))
            if len(self._heap) > 64 + 4 * len(self._wake):
                self._heap = [(at, key) for key, at in self._wake.items()]
                heapq.heapify(self._heap)

    def drop(self, key: str) -> None:
        self._machines.pop(key, None)
        self._wake.pop(key, None)

    def pop_due(self, now: float) -> tuple[str, M] | None:
        """The machine with the earliest deadline not after `now`; settle or drop it."""
        at = self.next_at()
        if at is None or at > now:
            return None
        _, key = heapq.heappop(self._heap)
        del self._wake[key]
        return key, self._machines[key]

    def next_at(self) -> float | None:
        """The earliest deadline [s], or `None`."""
        heap, wake = self._heap, self._wake
        while heap:
            at, key = heap[0]
            if wake.get(key) == at:
                return at
            heapq.heappop(heap)
        return None
