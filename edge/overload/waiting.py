"""Registrations that wait for room, when all phones come back at once: after a restart, or a power cut.

A phone sends its REGISTER again for 32 s (timer F) before it gives up; one that hears 503 may tell its user
for minutes that it has no service. So what there is no room for is kept as it came, and goes on in its turn.
"""

from collections import deque

from edge.sip.flow import Flow, Received


class Waiting:
    """Args: most: how many may wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._queue: deque[Received] = deque()
        self._names: set[int] = set()  # hashes of datagrams: copies are equal

    def __len__(self) -> int:
        return len(self._queue)

    def holds(self, data: bytes) -> bool:
        """Whether this very message waits."""
        return bool(self._names) and hash(data) in self._names

    def put(self, data: bytes, flow: Flow, room: float, *, known: bool) -> bool:
        """False: too many wait.

        Args:
            room: how many more there is time for.
            known: a phone is registered from there; strangers have half the places.
        """
        places = min(self._most, room)
        if len(self._queue) >= (places if known else places / 2):
            return False
        self._queue.append((data, flow))
        self._names.add(hash(data))
        return True

    def take(self, count: int) -> list[Received]:
        """The oldest, no more than `count`."""
        taken = [self._queue.popleft() for _ in range(min(count, len(self._queue)))]
        self._names.difference_update([hash(data) for data, _ in taken])
        return taken
