"""agent: an AI agent (`dial {agent}`)."""

import pytest

from edge.flow.command import Dial
from tests.support.flow import Walk, node

FIELDS = "kind: agent\nagent: demo\nparameters: {who: '{{ caller }}'}\nexitDigits: '0'"


def agent() -> Walk:
    return Walk(node(FIELDS, "done", "transferred", "no_answer", "failed", "digit:0"), {"caller": "1001"})


def test_the_agent_is_dialled_and_told_who_calls() -> None:
    assert agent().command == Dial(agent="demo", parameters={"who": "1001"}, exit_digits="0")


@pytest.mark.parametrize("outcome", ["done", "transferred", "no_answer", "failed", "digit:0"])
def test_it_is_left_by_how_it_went(outcome: str) -> None:
    assert agent().step(outcome).at == outcome


def test_answered_of_an_outside_edge_is_done() -> None:
    assert agent().step("answered").at == "done"


def test_an_agent_that_is_not_reached_has_failed_where_nothing_else_is_said() -> None:
    """Issue 5, When things fail: connect deadline, then the `failed` branch."""
    assert Walk(node(FIELDS, "failed", "default")).step("no_answer").at == "failed"
    assert Walk(node(FIELDS, "failed", "no_answer")).step("no_answer").at == "no_answer"
    assert Walk(node(FIELDS, "done", "default")).step("no_answer").at == "default"
