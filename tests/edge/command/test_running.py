"""One command being carried out: one outcome, once."""

from collections import deque
from itertools import count

import pytest

from edge.command.running import Running, Stage
from edge.flow.command import Noop
from edge.flow.scene import Outcome
from tests.support.flow_call import FlowCall


class Twice(Running[Noop]):
    def start(self, now: float) -> None:
        self._alarm(now + 1.0, lambda at: self._end("late", at))
        self._end("first", now, answer=42)
        self._end("second", now)


@pytest.fixture
def stage() -> tuple[Stage, list[tuple[int, Outcome]], FlowCall]:
    call = FlowCall("nodes: {a: {kind: say, text: x}}")
    assert call.call is not None
    outcomes: list[tuple[int, Outcome]] = []
    made = Stage(call.call, lambda seq, outcome, now: outcomes.append((seq, outcome)), deque(), count(1))
    return made, outcomes, call


def test_a_command_ends_once_and_its_alarms_with_it(
    stage: tuple[Stage, list[tuple[int, Outcome]], FlowCall],
) -> None:
    made, outcomes, call = stage
    Twice(made, 7, Noop()).start(call.bench.now)
    call.bench.advance(2.0)
    assert outcomes == [(7, Outcome("first", {"answer": 42}))]


def test_a_cancelled_command_has_no_outcome(stage: tuple[Stage, list[tuple[int, Outcome]], FlowCall]) -> None:
    made, outcomes, call = stage
    command = Twice(made, 7, Noop())
    command.cancel(call.bench.now, "")
    command.start(call.bench.now)
    assert outcomes == [] and command.over


def test_a_command_takes_nothing_that_it_does_not_know(
    stage: tuple[Stage, list[tuple[int, Outcome]], FlowCall],
) -> None:
    made, _, call = stage
    assert call.call is not None
    command = Twice(made, 7, Noop())
    assert not command.digit("1", 0.0) and not command.allocated(call.call.leg, 0.0)
