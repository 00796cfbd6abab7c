"""What the edge leaves behind goes to the watchers and to the journal."""

from controlplane.observe.monitor import Filter, Monitor
from controlplane.observe.tap import Tapped
from edge.journal import CallId, OpenCall, TraceEvent
from tests.support.directory import ACC
from tests.support.edge import FakeJournal
from tests.support.journal import cdr

CALL = CallId("call_1")
OPEN = OpenCall(CALL, ACC, "sip-1", "in", "1", "2", 5)


def test_every_watcher_is_told_and_the_journal_keeps_it() -> None:
    journal, first, second = FakeJournal(), Monitor(1, 10), Monitor(1, 10)
    tapped = Tapped(journal, first)
    tapped.watchers.append(second)
    seen = [monitor.watch(Filter()) for monitor in (first, second)]
    tapped.opened(OPEN)
    tapped.traced(CALL, [TraceEvent(7, "sip", "INVITE")])
    tapped.closed(cdr(CALL))
    assert [watcher.queue.qsize() for watcher in seen if watcher is not None] == [3, 3]
    assert journal.calls == [OPEN] and len(journal.traces[CALL]) == 1 and len(journal.cdrs) == 1


def test_the_promise_goes_through_untouched() -> None:
    journal = FakeJournal(saturated=True)
    tapped, told = Tapped(journal), list[bool]()
    tapped.promise([], told.append)
    assert told == [True] and tapped.saturated
