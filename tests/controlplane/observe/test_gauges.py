"""Gauges of the loop, the collector and the store."""

import asyncio
import gc

from config.schema import StoreLimits
from controlplane.observe.gauges import CollectionPauses, LoopLag, watch_loop, watch_store, watch_tasks
from controlplane.observe.metrics import Metrics
from controlplane.store.journal import StoreJournal
from tests.support.clock import HandClock
from tests.support.journal import HandWriter, cdr


def test_a_loop_that_is_on_time_has_no_lag() -> None:
    clock = HandClock()
    seen: list[float] = []
    lag = LoopLag(clock, seen.append)
    clock.advance_to(0.35)
    assert seen == [0.0, 0.0, 0.0]
    lag.close()
    clock.advance_to(1.0)
    assert len(seen) == 3


def test_collections_are_timed() -> None:
    ticks = iter(range(100))
    seen: list[float] = []
    pauses = CollectionPauses(lambda: float(next(ticks)), seen.append)
    gc.collect()
    pauses.close()
    gc.collect()
    assert seen == [1.0]


def test_the_store_is_watched() -> None:
    metrics = Metrics()
    clock = HandClock()
    writer = HandWriter()
    journal = StoreJournal(writer, clock, lambda: 0, StoreLimits())
    watch_store(metrics, journal)
    journal.closed(cdr())
    assert "tandem_store_rows_waiting 1.0" in metrics.render().decode()
    clock.advance_to(0.2)
    writer.finish()
    assert "tandem_store_commits_total 1.0" in metrics.render().decode()


async def test_tasks_are_counted() -> None:
    metrics = Metrics()
    watch_tasks(metrics, asyncio.get_running_loop())
    assert "tandem_tasks 1.0" in metrics.render().decode()


def test_watching_the_loop_starts_both() -> None:
    metrics = Metrics()
    clock = HandClock()
    lag, pauses = watch_loop(metrics, clock)
    clock.advance_to(0.1)
    lag.close()
    pauses.close()
    assert "tandem_loop_lag_seconds_count 1.0" in metrics.render().decode()
