"""How calls ended, in `/metrics`."""

from dataclasses import replace

from controlplane.observe.metrics import Metrics
from controlplane.observe.tally import Tally
from edge.journal import CallId
from tests.support.journal import cdr


def test_ends_are_counted_by_direction_and_disposition_and_answered_calls_timed() -> None:
    metrics = Metrics()
    tally = Tally(metrics)
    call = replace(cdr(CallId("c")), direction="in", started_at=1_000, ended_at=63_000)
    tally.closed(replace(call, answered_at=3_000, disposition="answered"))
    tally.closed(replace(call, answered_at=None, disposition="busy"))
    text = metrics.render().decode()
    assert 'tandem_calls_ended_total{direction="in",disposition="answered"} 1.0' in text
    assert 'tandem_calls_ended_total{direction="in",disposition="busy"} 1.0' in text
    assert "tandem_call_duration_seconds_sum 60.0" in text and "tandem_call_setup_seconds_sum 2.0" in text
