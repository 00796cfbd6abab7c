"""What a step leaves in the trace (S004-63)."""

from edge.journal import CallId
from edge.trace.flow_step import tell
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
