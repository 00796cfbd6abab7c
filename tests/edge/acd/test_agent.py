"""One agent of the roster."""

import pytest

from edge.acd.agent import Agent
from edge.acd.state import State, Status, Turn
from edge.acd.terms import AgentId
from tests.support.directory import ACC


def test_turns_follow_the_table_and_nothing_else() -> None:
    agent = Agent(ACC, AgentId("us_1"))
    for turn, state in (
        (Turn.OFFERED, State.OFFERING),
        (Turn.TAKEN, State.IN_CALL),
        (Turn.ENDED, State.WRAP_UP),
        (Turn.RESTED, State.WAITING),
    ):
        agent.turn(turn)
        assert agent.state is state
    with pytest.raises(AssertionError):
        agent.turn(Turn.ENDED)


def test_what_is_kept_does_not_change_with_the_agent() -> None:
    agent = Agent(ACC, AgentId("us_1"), status=Status.ON_BREAK, reason="lunch", memberships={"a": 1})
    kept = agent.kept()
    assert agent.memberships is not None
    agent.memberships["b"] = 2
    assert kept.memberships == {"a": 1} and (kept.status, kept.reason) == (Status.ON_BREAK, "lunch")
    assert Agent(ACC, AgentId("us_2")).kept().memberships is None
