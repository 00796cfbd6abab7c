"""Who is rung first (S004-55)."""

from dataclasses import replace

import pytest

from edge.acd.agent import Agent
from edge.acd.strategy import Candidate, fitting, order
from edge.acd.terms import AgentId, Strategy, ai_agent
from tests.support.acd import user
from tests.support.directory import ACC, FakeDirectory


def candidate(number: int, level: int = 1, *, idle: float = 0.0, calls: int = 0) -> Candidate:
    agent = Agent(ACC, AgentId(user(str(number))), idle_since=idle, calls=calls)
    return Candidate(agent, level, number)


def first(strategy: Strategy, *candidates: Candidate, last: int = -1, chance: float = 0.0) -> list[int]:
    return [one.position for one in order(strategy, candidates, last, lambda: chance)]


IDLE = (candidate(1, idle=9.0, calls=1), candidate(2, idle=3.0, calls=7), candidate(3, idle=5.0))


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        (Strategy.LONGEST_IDLE, [2]),
        (Strategy.FEWEST_CALLS, [3]),
        (Strategy.TOP_DOWN, [1]),
        (Strategy.ROUND_ROBIN, [1]),
        (Strategy.RING_ALL, [1, 2, 3]),
    ],
)
def test_each_strategy_has_its_choice(strategy: Strategy, chosen: list[int]) -> None:
    assert first(strategy, *IDLE) == chosen
    assert first(strategy) == []


def test_round_robin_goes_on_behind_the_last_one_and_begins_anew() -> None:
    assert first(Strategy.ROUND_ROBIN, *IDLE, last=1) == [2]
    assert first(Strategy.ROUND_ROBIN, *IDLE, last=3) == [1]
    assert first(Strategy.ROUND_ROBIN, *IDLE[:2], last=2) == [1]


def test_random_is_left_to_chance() -> None:
    draws = iter([0.9, 0.1, 0.5])
    chosen = order(Strategy.RANDOM, IDLE, -1, lambda: next(draws))
    assert [one.position for one in chosen] == [2]


@pytest.mark.parametrize("strategy", list(Strategy))
def test_a_lower_tier_comes_first_whatever_the_strategy(strategy: Strategy) -> None:
    busy = candidate(9, 1, idle=100.0, calls=100)
    assert first(strategy, candidate(1, 2), busy, candidate(2, 2)) == [9]


def test_skills_must_be_there_and_the_better_ones_come_first() -> None:
    directory = FakeDirectory()
    for number in ("1", "2", "3"):
        directory.add_user(number)
    for number, skills in (("1", {"french": 2}), ("2", {"french": 5}), ("3", {"german": 9})):
        directory.users[number] = replace(directory.users[number], skills=skills)
    wanted = {"french": 2}
    fit = fitting(directory, [candidate(1), candidate(2), candidate(3)], wanted, people=False)
    assert [one.position for one in fit] == [1, 2]
    assert [one.position for one in order(Strategy.TOP_DOWN, fit, -1, lambda: 0.0)] == [2]
    assert len(fitting(directory, [candidate(1), candidate(3)], {}, people=False)) == 2


def test_ai_agents_have_every_skill_and_are_left_out_where_people_are_asked_for() -> None:
    robot = Candidate(Agent(ACC, ai_agent("demo")), 1, 1)
    assert fitting(FakeDirectory(), [robot], {"french": 9}, people=False) == [robot]
    assert fitting(FakeDirectory(), [robot], {}, people=True) == []
