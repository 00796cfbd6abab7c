"""The gauges of the loop, the collector and the store, which need nothing but themselves."""

import asyncio
import gc
from collections.abc import Callable
from typing import Final, Protocol

from controlplane.observe.metrics import Metrics
from controlplane.store.journal import StoreJournal

LAG_INTERVAL: Final = 0.1
"The loop's lateness is measured this often [s]."
LAG_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)
PAUSE_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


class Handle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[[], object], /) -> Handle: ...


class LoopLag:
    """How late the loop runs what is due: `tandem_loop_lag_seconds`."""

    def __init__(self, clock: Clock, observe: Callable[[float], None]) -> None:
        self._clock = clock
        self._observe = observe
        self._handle = self._arm()

    def _arm(self) -> Handle:
        self._due = self._clock.time() + LAG_INTERVAL
        return self._clock.call_at(self._due, self._fire)

    def _fire(self) -> None:
        self._observe(max(0.0, self._clock.time() - self._due))
        self._handle = self._arm()

    def close(self) -> None:
        self._handle.cancel()


class CollectionPauses:
    """How long garbage collections stop everything: `tandem_gc_pause_seconds`."""

    def __init__(self, now: Callable[[], float], observe: Callable[[float], None]) -> None:
        self._now = now
        self._observe = observe
        self._began = 0.0
        gc.callbacks.append(self._seen)

    def _seen(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began = self._now()
        else:
            self._observe(self._now() - self._began)

    def close(self) -> None:
        gc.callbacks.remove(self._seen)


def watch_store(metrics: Metrics, journal: StoreJournal) -> None:
    metrics.gauge("store_rows_waiting", "Rows not on disk yet.", lambda: journal.depth)
    metrics.total("store_commits", "Batches written.", lambda: journal.commits)
    metrics.total("store_commit_failures", "Batches that could not be written.", lambda: journal.failures)
    metrics.total("store_promises_refused", "Promises refused for a full queue.", lambda: journal.refused)
    metrics.total("store_trace_rows_dropped", "Trace rows lost.", lambda: journal.dropped)
    metrics.total("store_rows_rejected", "Rows the database would not take.", lambda: journal.rejected)


def watch_tasks(metrics: Metrics, loop: asyncio.AbstractEventLoop) -> None:
    metrics.gauge("tasks", "Tasks of the event loop.", lambda: len(asyncio.all_tasks(loop)))


def watch_loop(metrics: Metrics, clock: Clock) -> tuple[LoopLag, CollectionPauses]:
    """Both run until they are closed."""
    lag = metrics.histogram("loop_lag_seconds", "Lateness of the event loop.", LAG_BUCKETS)
    pause = metrics.histogram("gc_pause_seconds", "Duration of garbage collections.", PAUSE_BUCKETS)
    return LoopLag(clock, lag), CollectionPauses(clock.time, pause)
