"""Agents in `/metrics`."""

from controlplane.observe.agent import AgentWatch
from controlplane.observe.metrics import Metrics
from edge.journal import CallId, TraceEvent


def test_latency_and_its_parts_are_histograms() -> None:
    metrics = Metrics()
    watch = AgentWatch(metrics)
    spoke = {"after_ms": 700, "thinking_ms": 680, "buffer_ms": 20}
    first = {"after_ms": None, "thinking_ms": None, "buffer_ms": None}
    rows = [
        TraceEvent(1, "agent", "AgentSpoke", data=dict(spoke)),
        TraceEvent(2, "agent", "AgentSpoke", data=dict(first)),
        TraceEvent(3, "agent", "AgentFailed"),
        TraceEvent(4, "media", "AgentSpoke", data=dict(spoke)),
    ]
    watch.traced(CallId("c"), rows)
    text = metrics.render().decode()
    assert "tandem_agent_latency_seconds_count 1.0" in text
    assert "tandem_agent_latency_seconds_sum 0.7" in text
    assert 'tandem_agent_events_total{event="AgentFailed"} 1.0' in text
