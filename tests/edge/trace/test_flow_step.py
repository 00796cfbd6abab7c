"""What a step leaves in the trace (S004-63)."""

from edge.journal import CallId
from edge.trace.flow_step import WHY_CHARACTERS, tell
from edge.trace.trace import Trace
from tests.support.flow import Walk


def test_nodes_and_the_command_are_rows_and_secrets_are_masked() -> None:
    walk = Walk(
        "nodes:\n  pin: {kind: collect, variable: pin, prompt: PIN, secret: true, next: told}\n"
        "  told: {kind: say, text: 'It is {{ pin }}'}"
    ).step("digit:4711")
    trace = Trace(CallId("c"), lambda now: 0, 100)
    tell(trace, walk.state, 0.0)
    rows = trace.take()
    assert [(row.layer, row.event, row.outcome, row.node_id) for row in rows] == [
        ("flow", "collect", "done", "pin"),
        ("flow", "command", "play", "told"),
    ]
    assert "4711" not in repr(rows) and rows[1].data["params"] == {"text": "It is ***", "voice": "en-us"}


def test_why_a_node_failed_is_told_once_without_secrets() -> None:
    walk = Walk(
        "nodes:\n  pin: {kind: collect, variable: pin, prompt: PIN, secret: true, next: ask}\n"
        "  ask: {kind: webhook, url: 'https://crm.example/{{ pin }}', next: {failed: told}}\n"
        "  told: {kind: say, text: sorry}"
    ).step("digit:4711")
    walk = walk.step("failed", status=0, error="x" * (WHY_CHARACTERS - 2) + "4711")
    trace = Trace(CallId("c"), lambda now: 0, 100)
    tell(trace, walk.state, 0.0)
    left, command = trace.take()
    assert (left.event, left.outcome) == ("webhook", "failed") and "text" not in command.data
    assert left.data["text"] == "x" * (WHY_CHARACTERS - 2) + "**", "what is cut is not half a secret"
