"""Events on their way out: queued while something is being done, delivered in order when it is.

So a receiver that answers an event by a command never interrupts the work that brought the event,
and its own events come after those that were already queued.
"""

from collections import deque
from collections.abc import Callable
from types import TracebackType

from media.port import Event


class Outbox:
    """`with outbox:` surrounds a piece of work; the outermost one delivers at its end."""

    def __init__(self, deliver: Callable[[Event], None]) -> None:
        self.deliver = deliver
        self._events: deque[Event] = deque()
        self._depth = 0

    def put(self, event: Event) -> None:
        """Queue an event; outside of any work it is delivered at once."""
        self._events.append(event)
        if not self._depth:
            with self:
                pass

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while self._depth == 1 and self._events:
                self.deliver(self._events.popleft())
        finally:
            self._depth -= 1
