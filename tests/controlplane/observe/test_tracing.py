"""What is gathered for the trace of a call, and who is told of it."""

from collections.abc import Sequence

from controlplane.observe.span import ROOT, Span, agent_span
from controlplane.observe.trace_context import TraceContext, begun_by, span_id
from controlplane.observe.tracing import CONTEXTS, GRACE, ROWS, Tracing
from edge.flow.command import Fetch
from edge.journal import CallId, TraceEvent
from media.port import AgentSpec, AttachAgent, LegId
from tests.support.clock import HandClock
from tests.support.journal import cdr, event, open_call

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE = 0x4BF92F3577B34DA6A3CE929D0E0E4736
CALL = CallId("call_1")


class Rig:
    def __init__(self, calls: int = 10, **fields: str) -> None:
        self.sent: list[tuple[list[str], TraceContext]] = []
        self.clock = HandClock(1.5)
        brought = {name.replace("_", "-"): value for name, value in fields.items()}
        self.tracing = Tracing(
            self, self.clock, lambda now: int(now * 1000), lambda call: brought, "X-Traceparent", calls
        )

    def send(self, spans: Sequence[Span], context: TraceContext) -> None:
        self.sent.append(([span.name for span in spans], context))

    def attach(self, **more: str) -> dict[str, str]:
        spec = AgentSpec("demo", "twilio", "ws://a", tuple(more.items()))
        return dict(
            self.tracing.attaching(AttachAgent(LegId("call_1/a"), spec, "call_1", "acc")).agent.headers
        )

    def fetch(self, call: str = "call_1", **more: str) -> dict[str, str]:
        return dict(self.tracing.fetching(Fetch("POST", "http://a", tuple(more.items())), call).headers)


def test_a_call_is_handed_over_once_a_while_after_its_end_with_rows_that_came_late() -> None:
    rig = Rig()
    rig.tracing.opened(open_call())
    rig.tracing.traced(CALL, [TraceEvent(1_000, "route", "agent"), event()])
    rig.tracing.closed(cdr())
    rig.tracing.traced(CALL, [TraceEvent(1_001, "admission", "cac", "admitted")])
    assert not rig.sent
    rig.clock.advance(GRACE)
    assert rig.sent == [(["call", "route", "admission"], begun_by("call_1"))] and len(rig.tracing) == 0
    rig.tracing.flush()
    assert len(rig.sent) == 1


def test_what_is_over_goes_at_once_when_the_daemon_ends() -> None:
    rig = Rig()
    rig.tracing.opened(open_call())
    rig.tracing.opened(open_call("call_2"))
    rig.tracing.closed(cdr())
    rig.tracing.flush()
    rig.clock.advance(GRACE)
    assert len(rig.sent) == 1 and len(rig.tracing) == 1


def test_an_agent_is_told_in_its_handshake_which_trace_it_is_in() -> None:
    rig = Rig()
    rig.tracing.opened(open_call())
    header = begun_by("call_1").header
    assert rig.attach(key="k") == {"key": "k", "traceparent": header(agent_span("call_1", 1))}
    assert rig.attach() == {"traceparent": header(agent_span("call_1", 2))}, "the next agent of the same call"
    assert rig.fetch() == {"traceparent": header(agent_span("call_1", 2))}, "its tools are called by it"
    assert rig.attach(Traceparent="mine") == {"Traceparent": "mine"}, "what the operator has set stands"


def test_webhooks_are_told_before_there_is_an_agent_and_for_calls_of_other_edges() -> None:
    rig = Rig()
    rig.tracing.opened(open_call())
    assert rig.fetch() == {"traceparent": begun_by("call_1").header(span_id("call_1", ROOT))}
    assert rig.fetch(traceparent="mine") == {"traceparent": "mine"}
    assert rig.fetch("") == {}
    assert rig.fetch("c9") == {"traceparent": begun_by("c9").header(span_id("c9", ROOT))}
    rig.tracing.give("c9", GIVEN)
    assert rig.fetch("c9")["traceparent"].startswith(GIVEN[:36])


def test_the_trace_that_a_caller_brings_in_a_custom_header_goes_on() -> None:
    rig = Rig(x_traceparent=GIVEN)
    rig.tracing.opened(open_call())
    rig.tracing.closed(cdr())
    rig.tracing.flush()
    assert rig.sent[0][1] == TraceContext(TRACE, 0x00F067AA0BA902B7)


def test_the_trace_that_an_outside_edge_names_goes_on() -> None:
    for name in ("sip-call_1", "call_1"):
        rig = Rig()
        rig.tracing.give(name, GIVEN)
        rig.tracing.give(name, "nonsense")
        rig.tracing.opened(open_call())
        rig.tracing.closed(cdr())
        rig.tracing.flush()
        assert rig.sent[0][1].trace == TRACE
    rig = Rig()
    rig.tracing.opened(open_call())
    rig.tracing.give("call_1", GIVEN)  # a later `/flow` of the same call
    assert rig.attach()["traceparent"].startswith(GIVEN[:36])


def test_a_call_that_is_not_sampled_is_not_sent_and_says_so_on() -> None:
    rig = Rig(X_Traceparent=GIVEN[:-1] + "0")
    rig.tracing.opened(open_call())
    assert rig.attach()["traceparent"].endswith("-00")
    rig.tracing.closed(cdr())
    rig.tracing.flush()
    assert not rig.sent and len(rig.tracing) == 0


def test_what_is_kept_is_bounded() -> None:
    rig = Rig(calls=1)
    rig.tracing.opened(open_call())
    rig.tracing.opened(open_call("call_2"))
    assert len(rig.tracing) == 1
    for n in range(CONTEXTS + 1):
        rig.tracing.give(f"c{n}", GIVEN)
    assert not rig.fetch("c0")["traceparent"].startswith(GIVEN[:36]), "the oldest is forgotten"
    for n in range(ROWS + 5):
        rig.tracing.traced(CALL, [TraceEvent(n, "flow", "command", "", f"n{n}")])
    rig.tracing.closed(cdr())
    rig.tracing.flush()
    assert len(rig.sent[0][0]) == ROWS + 1
