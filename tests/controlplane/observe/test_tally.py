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


def test_each_leg_tells_how_it_sounded_and_why_it_did_not() -> None:
    metrics = Metrics()
    media = {"caller": {"mos": 4.35, "no_audio": ""}, "callee": {"mos": None, "no_audio": "no_packet,muted"}}
    Tally(metrics).closed(replace(cdr(CallId("c")), media=media))
    text = metrics.render().decode()
    assert "tandem_leg_mos_count 1.0" in text and 'tandem_leg_mos_bucket{le="4.3"} 0.0' in text
    assert 'tandem_legs_without_audio_total{reason="no_packet"} 1.0' in text
    assert 'tandem_legs_without_audio_total{reason="muted"} 1.0' in text
