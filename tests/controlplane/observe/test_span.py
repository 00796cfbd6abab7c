"""Spans of a call, read off its CDR and trace."""

from controlplane.observe.span import Span, agent_span, spans_of
from controlplane.observe.trace_context import TraceContext
from edge.journal import TraceEvent
from tests.support.journal import cdr

CONTEXT = TraceContext(5, 9)


def row(ts: int, layer: str, event: str, outcome: str = "", node: str = "", **data: object) -> TraceEvent:
    return TraceEvent(ts, layer, event, outcome, node, dict(data))


ROWS = [
    row(1_000, "auth", "user", "1001"),
    row(1_002, "route", "flow", "reception"),
    row(1_003, "admission", "cac", "admitted"),
    row(1_010, "flow", "command", "play", "hello"),
    row(1_500, "flow", "say", "done", "hello"),
    row(1_500, "flow", "command", "dial", "talk"),
    row(1_600, "media", "Latched", side="caller"),
    row(1_700, "media", "Latched", side="callee"),
    row(4_000, "agent", "AgentEnded", reason="closed"),
    row(4_000, "flow", "hangup", "normal", "bye"),
]
MEDIA = {"caller": {"codec": "pcmu", "mos": 4.4, "remote": "192.0.2.1:4000"}, "callee": {"codec": "opus"}}


def spans(**other: object) -> dict[str, Span]:
    made = spans_of(cdr(media=MEDIA, **other), ROWS, [(1_505, "demo")], CONTEXT)
    assert len({span.id for span in made}) == len(made), "each has an id of its own"
    return {span.name: span for span in made}


def test_a_call_is_a_tree_of_spans_in_the_time_that_each_took() -> None:
    found = spans()
    assert {name: (span.started_at, span.ended_at) for name, span in found.items()} == {
        "call": (1_000, 6_000),
        "auth": (1_000, 1_000),
        "route": (1_000, 1_002),
        "admission": (1_002, 1_003),
        "flow hello": (1_010, 1_500),
        "flow talk": (1_500, 4_000),
        "flow bye": (4_000, 6_000),
        "leg caller": (1_000, 6_000),
        "leg callee": (1_700, 6_000),
        "agent": (1_505, 4_000),
    }
    assert found["call"].parent == 9 and found["call"].kind == "server"
    assert {span.parent for name, span in found.items() if name != "call"} == {found["call"].id}
    assert found["agent"].id == agent_span("call_1", 1) and found["agent"].kind == "client"


def test_nothing_tells_a_number_or_an_address() -> None:
    text = repr(
        [span.attributes for span in spans(caller="14155550100", target="forward:14155550123").values()]
    )
    assert "1415555" not in text and "192.0.2" not in text and "reception" not in text
    assert spans()["leg caller"].attributes == {
        "tandem.side": "caller",
        "tandem.codec": "pcmu",
        "tandem.mos": 4.4,
    }


def test_what_failed_says_why() -> None:
    assert spans()["call"].failed == "" == spans(disposition="busy", sip_status=486)["call"].failed
    assert spans(disposition="failed", cause="agent_failed", sip_status=200)["call"].failed == "agent_failed"
    failed = [row(1_800, "agent", "AgentFailed", reason="refused")]
    made = spans_of(cdr(), failed, [(1_500, "one"), (2_000, "two")], CONTEXT)
    first, second = [span for span in made if span.name == "agent"]
    assert (first.failed, first.ended_at, first.attributes) == ("refused", 1_800, {"tandem.agent": "one"})
    assert (second.failed, second.ended_at) == ("", 6_000), "it lasted until the end"


def test_an_agent_that_another_follows_ends_there() -> None:
    made = spans_of(cdr(), [], [(1_500, "one"), (2_000, "two")], CONTEXT)
    assert [span.ended_at for span in made if span.name == "agent"] == [2_000, 6_000]


def test_a_node_that_is_visited_twice_has_two_spans() -> None:
    rows = [row(1_000 + n, "flow", "command", node=node) for n, node in enumerate(["a", "b", "a"])]
    made = [span for span in spans_of(cdr(), rows, [], CONTEXT) if span.name == "flow a"]
    assert len({span.id for span in made}) == 2
