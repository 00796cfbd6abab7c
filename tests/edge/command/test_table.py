"""Every command has somebody who carries it out."""

from collections import deque
from itertools import count

import pytest

from edge.command.agent import AgentRunning
from edge.command.dial import DialRunning
from edge.command.running import Stage
from edge.command.table import running
from edge.flow.command import Command, Conference, Dial, Enqueue, Gather, Hangup, Issued, Noop, Play, Record
from tests.support.flow_call import FlowCall

COMMANDS: list[Command] = [
    Play(),
    Gather(),
    Dial(),
    Enqueue("q"),
    Record(),
    Conference("r"),
    Hangup(),
    Noop(),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_every_command_of_the_wire_can_be_carried_out(command: Command) -> None:
    """S004-32."""
    call = FlowCall("nodes: {a: {kind: say, text: x}}").call
    assert call is not None
    stage = Stage(call, lambda seq, outcome, now: None, deque(), count(1))
    assert running(stage, Issued(1, "n", command)).seq == 1


def test_an_agent_is_dialled_in_its_own_way() -> None:
    call = FlowCall("nodes: {a: {kind: say, text: x}}").call
    assert call is not None
    stage = Stage(call, lambda seq, outcome, now: None, deque(), count(1))
    assert isinstance(running(stage, Issued(1, "n", Dial(agent="demo"))), AgentRunning)
    assert isinstance(running(stage, Issued(1, "n", Dial(("1002",)))), DialRunning)
