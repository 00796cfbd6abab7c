"""What `/metrics` shows of AI agents: how soon they answer, and where that time goes, from rows of traces."""

from collections.abc import Sequence
from typing import Final

from controlplane.observe.metrics import Metrics
from edge.journal import CallId, Cdr, OpenCall, TraceEvent

BUCKETS: Final = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
"[s]"
_PARTS: Final = {
    "after_ms": ("agent_latency_seconds", "From the caller's last word to the agent's first in RTP."),
    "thinking_ms": ("agent_thinking_seconds", "Of it, until the agent's first audio came."),
    "buffer_ms": ("agent_buffer_seconds", "Of it, from there until RTP."),
}


class AgentWatch:
    """A `controlplane.observe.tap.Watches`."""

    def __init__(self, metrics: Metrics) -> None:
        self._observe = {
            part: metrics.histogram(name, text, BUCKETS) for part, (name, text) in _PARTS.items()
        }
        self._events = metrics.counter("agent_events", "What happened with agents, by event.", ["event"])

    def opened(self, call: OpenCall) -> None:
        pass

    def closed(self, cdr: Cdr) -> None:
        pass

    def traced(self, call: CallId, events: Sequence[TraceEvent]) -> None:
        for event in events:
            if event.layer != "agent":
                continue
            match event.event:
                case "AgentSpoke":
                    for part, observe in self._observe.items():
                        value = event.data.get(part)
                        if isinstance(value, int):
                            observe(value / 1000)
                case "AgentFailed" | "AgentInterrupted" | "AgentReconnecting" | "AgentPaused" | "tool":
                    self._events.add(event.event)
