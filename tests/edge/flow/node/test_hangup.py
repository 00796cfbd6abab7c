"""hangup: the end, with a cause."""

import pytest

from edge.flow.command import Hangup
from tests.support.flow import Walk


@pytest.mark.parametrize(
    ("fields", "command"),
    [
        ("", Hangup()),
        (", cause: busy", Hangup("busy")),
        (", status: 480", Hangup("normal", 480)),
        (", status: 200", Hangup()),
    ],
)
def test_the_call_ends_with_its_cause(fields: str, command: Hangup) -> None:
    walk = Walk("nodes: {h: {kind: hangup" + fields + "}}")
    assert walk.command == command and walk.state.ended and walk.left == [("h", command.cause)]
