"""The live monitor (S004-64)."""

from controlplane.observe.monitor import Filter, Monitor
from edge.journal import CallId, OpenCall, TraceEvent
from tests.support.directory import ACC
from tests.support.journal import cdr

CALL = CallId("call_1")
OPEN = OpenCall(CALL, ACC, "sip-1", "in", "1", "2", 5)


def event(layer: str, name: str) -> TraceEvent:
    return TraceEvent(7, layer, name, "ok", data={"message": b"INVITE"})


async def test_a_watcher_sees_rows_with_account_and_call() -> None:
    monitor = Monitor(2, 10)
    watcher = monitor.watch(Filter())
    assert watcher is not None
    monitor.opened(OPEN)
    monitor.traced(CALL, [event("sip", "INVITE")])
    monitor.closed(cdr(CALL))
    rows = [await watcher.next() for _ in range(3)]
    assert [row["event"] for row in rows] == ["opened", "INVITE", "closed"]
    assert rows[1]["account_id"] == ACC and rows[1]["sip_call_id"] == "sip-1" and rows[1]["ts"] == 7


async def test_filters_choose_account_call_layer_and_event() -> None:
    monitor = Monitor(10, 10)
    filters = {
        "account": Filter(account="acc_other"),
        "call": Filter(call="sip-1"),
        "layer": Filter(layer="media"),
        "event": Filter(event="INVITE"),
    }
    watchers = {name: monitor.watch(one) for name, one in filters.items()}
    monitor.opened(OPEN)
    monitor.traced(CALL, [event("sip", "INVITE"), event("media", "Allocated")])
    sizes = {name: watcher.queue.qsize() for name, watcher in watchers.items() if watcher is not None}
    assert sizes == {"account": 0, "call": 3, "layer": 1, "event": 1}


async def test_a_slow_watcher_loses_rows_and_is_told_how_many() -> None:
    monitor = Monitor(1, 2)
    watcher = monitor.watch(Filter())
    assert watcher is not None and monitor.watch(Filter()) is None, "there are enough of them"
    for _ in range(5):
        monitor.traced(CALL, [event("sip", "INVITE")])
    assert (await watcher.next())["count"] == 3
    assert (await watcher.next())["event"] == "INVITE"
    monitor.leave(watcher)
    monitor.traced(CALL, [event("sip", "INVITE")])
    assert len(monitor) == 0 and watcher.queue.qsize() == 1
