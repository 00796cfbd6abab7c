"""Group commit on a hand-turned clock (design §3, durability)."""

import pytest
from structlog.testing import capture_logs

from config.schema import StoreLimits
from controlplane.store.journal import PRUNE_INTERVAL, RETRY, StoreJournal
from edge.journal import CallId
from tests.support.clock import HandClock
from tests.support.journal import HandWriter, cdr, event, kept, open_call, removed


class Bench:
    def __init__(self, **limits: float) -> None:
        self.clock = HandClock()
        self.writer = HandWriter()
        self.answers: list[bool] = []
        settings = StoreLimits.model_validate(limits)
        self.journal = StoreJournal(self.writer, self.clock, lambda: 10**13, settings)

    def promise(self, aor: str = "1001") -> None:
        self.journal.promise([kept(aor)], self.answers.append)


def test_a_commit_starts_five_milliseconds_after_the_first_promise() -> None:
    bench = Bench()
    bench.promise("1")
    bench.clock.advance_to(0.004)
    bench.promise("2")
    assert bench.writer.batches == []
    bench.clock.advance_to(0.005)
    (batch,) = bench.writer.batches
    assert [changes[0].aor for changes in batch.promises] == ["1", "2"] and bench.answers == []
    bench.writer.finish()
    assert bench.answers == [True, True]


def test_a_full_batch_starts_at_once() -> None:
    bench = Bench(batch_rows=3)
    for aor in "123":
        bench.promise(aor)
    assert len(bench.writer.batches) == 1


def test_the_next_batch_waits_for_the_former() -> None:
    bench = Bench()
    bench.promise("1")
    bench.clock.advance_to(0.005)
    bench.promise("2")
    bench.clock.advance_to(0.100)
    assert len(bench.writer.batches) == 1
    bench.writer.finish()
    assert len(bench.writer.batches) == 2, "its five milliseconds are long over"
    bench.writer.finish()
    assert bench.answers == [True, True]


def test_a_failed_commit_answers_false() -> None:
    bench = Bench()
    bench.promise()
    bench.clock.advance_to(0.005)
    bench.writer.finish(False)
    assert bench.answers == [False] and bench.journal.failures == 1 and bench.journal.last_error == "disk"


def test_rows_that_nobody_waits_for_are_written_within_200_ms() -> None:
    bench = Bench()
    bench.journal.opened(open_call())
    bench.journal.traced(CallId("call_1"), [event()])
    bench.clock.advance_to(0.199)
    assert bench.writer.batches == []
    bench.clock.advance_to(0.2)
    (batch,) = bench.writer.batches
    assert list(batch.opened) == ["call_1"] and batch.traces == {"call_1": [event()]}


def test_rows_that_nobody_waits_for_ride_along_with_a_promise() -> None:
    bench = Bench()
    bench.journal.closed(cdr())
    bench.promise()
    bench.clock.advance_to(0.005)
    (batch,) = bench.writer.batches
    assert list(batch.closed) == ["call_1"] and len(batch.promises) == 1
    bench.writer.finish()
    bench.clock.advance_to(1.0)
    assert len(bench.writer.batches) == 1


def test_calls_of_a_failed_commit_are_written_again_and_traces_counted_as_lost() -> None:
    bench = Bench()
    bench.journal.opened(open_call())
    bench.journal.traced(CallId("call_1"), [event(), event()])
    bench.clock.advance_to(0.2)
    bench.writer.finish(False)
    bench.journal.closed(cdr())
    bench.clock.advance_to(0.2 + RETRY - 0.01)
    assert len(bench.writer.batches) == 1, "a failing disk is not hammered"
    bench.clock.advance_to(0.2 + RETRY)
    again = bench.writer.batches[1]
    assert list(again.opened) == list(again.closed) == ["call_1"] and again.traces == {}
    assert bench.journal.dropped == 2
    bench.writer.finish()
    assert bench.journal.depth == 0


def test_a_failing_disk_is_not_hammered_by_full_batches() -> None:
    bench = Bench(batch_rows=2)
    bench.promise("1")
    bench.promise("2")
    bench.writer.finish(False)
    bench.promise("3")
    bench.promise("4")
    assert len(bench.writer.batches) == 1
    bench.clock.advance_to(RETRY)
    assert len(bench.writer.batches) == 2


def test_a_full_queue_refuses_promises_drops_traces_and_keeps_cdrs() -> None:
    bench = Bench(queue_rows=1_000)
    bench.journal.traced(CallId("call_1"), [event()] * 1_000)
    assert bench.journal.saturated and bench.writer.busy
    bench.promise()
    assert bench.answers == [], "never from inside the call"
    bench.clock.advance_to(0.0)
    assert bench.answers == [False] and bench.journal.refused == 1
    bench.journal.traced(CallId("call_1"), [event()])
    bench.journal.closed(cdr())
    assert bench.journal.dropped == 1
    bench.writer.finish()
    bench.clock.advance_to(1.0)
    assert list(bench.writer.batches[-1].closed) == ["call_1"] and not bench.journal.saturated


def test_an_empty_promise_is_kept_too() -> None:
    bench = Bench()
    bench.journal.promise([], bench.answers.append)
    bench.clock.advance_to(0.005)
    bench.writer.finish()
    assert bench.answers == [True]


def test_a_callback_may_promise_again() -> None:
    bench = Bench()
    bench.journal.promise([removed()], lambda good: bench.promise())
    bench.clock.advance_to(0.005)
    bench.writer.finish()
    bench.clock.advance_to(0.010)
    bench.writer.finish()
    assert bench.answers == [True]


def test_flush_comes_back_when_everything_is_on_disk() -> None:
    bench = Bench()
    done: list[int] = []
    bench.journal.flush(lambda: done.append(1))
    bench.clock.advance_to(0.0)
    assert done == [1]
    bench.promise("1")
    bench.clock.advance_to(0.005)
    bench.journal.closed(cdr())
    bench.journal.flush(lambda: done.append(2))
    bench.writer.finish()
    assert done == [1] and len(bench.writer.batches) == 2
    bench.writer.finish()
    assert done == [1, 2]


def test_flush_comes_back_when_the_disk_fails() -> None:
    bench = Bench()
    done: list[bool] = []
    bench.journal.closed(cdr())
    bench.journal.flush(lambda: done.append(True))
    bench.writer.finish(False)
    assert done == [True]


def test_old_traces_are_forgotten_now_and_then() -> None:
    bench = Bench(traces_kept=3_600)
    bench.clock.advance_to(PRUNE_INTERVAL)
    for at, expected in ((0.1, 10**13 - 3_600_000), (0.2, None)):
        bench.promise()
        bench.clock.advance_to(PRUNE_INTERVAL + at)
        assert bench.writer.batches[-1].prune_before == expected
        bench.writer.finish()


def test_what_waits_of_a_trace_can_be_read() -> None:
    bench = Bench()
    bench.journal.traced(CallId("call_1"), [event("A"), event("B")])
    assert [row.event for row in bench.journal.unwritten(CallId("call_1"))] == ["A", "B"]
    assert bench.journal.unwritten(CallId("call_2")) == ()


@pytest.mark.parametrize("rows", [1, 255])
def test_the_depth_is_what_is_not_on_disk(rows: int) -> None:
    bench = Bench()
    for number in range(rows):
        bench.promise(str(number))
    assert bench.journal.depth == rows
    bench.clock.advance_to(0.005)
    assert bench.journal.depth == rows
    bench.writer.finish()
    assert bench.journal.depth == 0


def test_a_failing_database_is_logged_once_with_a_fix_and_once_more_when_it_is_well() -> None:
    bench = Bench()
    with capture_logs() as logs:
        bench.promise()
        for good in (False, False, True, True):
            bench.clock.advance_to(bench.clock.time() + RETRY)
            if bench.writer.batches:
                bench.writer.finish(good)
            bench.promise()
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("the database cannot be written", "error"),
        ("the database can be written again", "warning"),
    ]
    assert logs[0]["why"] == "disk" and "free space" in logs[0]["fix"] and logs[1]["after_s"] == 2 * RETRY


def test_after_a_failure_the_disk_is_tried_until_it_is_well_again() -> None:
    bench = Bench()
    bench.promise()
    bench.clock.advance_to(0.005)
    bench.writer.finish(False)
    bench.clock.advance_to(0.005 + RETRY)
    assert bench.writer.busy, "with nothing to write but the question"
    bench.writer.finish(False)
    bench.clock.advance_to(0.005 + 2 * RETRY)
    bench.writer.finish()
    assert bench.journal.last_error == "" and bench.journal.depth == 0
    bench.clock.advance_to(60.0)
    assert not bench.writer.busy
