"""conference: a room."""

from edge.flow.command import Conference
from tests.support.flow import Walk, node


def test_the_caller_joins_a_room_and_leaves_by_how_it_went() -> None:
    walk = Walk(
        node("kind: conference\nroom: 'team {{ caller }}'\npin: '12'", "done", "failed"), {"caller": "1"}
    )
    assert walk.command == Conference("team 1", "12")
    assert walk.step("failed").at == "failed"
