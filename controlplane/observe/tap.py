"""What the edge leaves behind, told to those who watch before the journal keeps it.

::

    edge ──▶ Tapped ──▶ watchers: the live monitor, the tally of calls
                └─────▶ journal
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from edge.journal import CallId, Cdr, Change, Journal, OpenCall, TraceEvent


class Watches(Protocol):
    """Never raises, never waits: it stands between a call and its journal."""

    def opened(self, call: OpenCall) -> None: ...
    def closed(self, cdr: Cdr) -> None: ...
    def traced(self, call: CallId, events: Sequence[TraceEvent]) -> None: ...


class Tapped:
    """A `Journal` that also tells its watchers."""

    def __init__(self, journal: Journal, *watchers: Watches) -> None:
        self._journal = journal
        self.watchers = list(watchers)
        self.promise: Callable[[Sequence[Change], Callable[[bool], None]], None] = journal.promise
        self.agent, self.agent_moved = journal.agent, journal.agent_moved

    @property
    def saturated(self) -> bool:
        return self._journal.saturated

    def opened(self, call: OpenCall) -> None:
        for watcher in self.watchers:
            watcher.opened(call)
        self._journal.opened(call)

    def closed(self, cdr: Cdr) -> None:
        for watcher in self.watchers:
            watcher.closed(cdr)
        self._journal.closed(cdr)

    def traced(self, call: CallId, events: Sequence[TraceEvent]) -> None:
        for watcher in self.watchers:
            watcher.traced(call, events)
        self._journal.traced(call, events)
