"""How calls ended and how long they were up, for `/metrics`."""

from collections.abc import Sequence
from typing import Final

from controlplane.observe.metrics import Metrics
from edge.journal import CallId, Cdr, OpenCall, TraceEvent

UP_BUCKETS: Final = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0)
SETUP_BUCKETS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0)


class Tally:
    """A `controlplane.observe.tap.Watches`."""

    def __init__(self, metrics: Metrics) -> None:
        labels = ("direction", "disposition")
        self._ended = metrics.counter("calls_ended", "Calls, by how they ended.", labels)
        self._up = metrics.histogram("call_duration_seconds", "From answer to end.", UP_BUCKETS)
        self._setup = metrics.histogram("call_setup_seconds", "From INVITE to answer.", SETUP_BUCKETS)

    def opened(self, call: OpenCall) -> None:
        pass  # counted when it has ended

    def closed(self, cdr: Cdr) -> None:
        self._ended.add(cdr.direction, cdr.disposition)
        if cdr.answered_at is not None:
            self._setup((cdr.answered_at - cdr.started_at) / 1000)
            self._up((cdr.ended_at - cdr.answered_at) / 1000)

    def traced(self, call: CallId, events: Sequence[TraceEvent]) -> None:
        pass
