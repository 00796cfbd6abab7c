"""dial: people and numbers."""

import pytest

from edge.flow.command import Dial
from tests.support.flow import Walk, node


def test_several_ring_at_once_or_in_turn() -> None:
    text = "kind: dial\nto: ['1001', '{{ boss }}', '{{ missing }}']\nring_timeout: 10s\ncallerId: '99'\n"
    text += "strategy: {0}"
    walk = Walk(node(text.replace("{0}", "sequential"), "answered"), {"boss": "1002"})
    assert walk.command == Dial(("1001", "1002"), sequential=True, ring_timeout=10.0, caller_id="99")
    walk = Walk(node(text.replace("{0}", "simultaneous"), "answered"))
    assert isinstance(walk.command, Dial) and not walk.command.sequential


def test_one_target_needs_no_list() -> None:
    walk = Walk(node("kind: dial\nto: '1002'", "answered"))
    assert isinstance(walk.command, Dial) and walk.command.to == ("1002",)
    assert list(walk.state.node.data.references()) == [("number", "1002")]


@pytest.mark.parametrize("outcome", ["answered", "no_answer", "busy", "failed"])
def test_it_is_left_by_how_it_went(outcome: str) -> None:
    exits = ("answered", "no_answer", "busy", "failed")
    assert Walk(node("kind: dial\nto: '1002'", *exits)).step(outcome).at == outcome
