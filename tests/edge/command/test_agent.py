"""dial {agent}: how an agent leaves."""

import pytest

from edge.directory import Agent
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.flow_call import FlowCall

FLOW = """
nodes:
  it:
    kind: agent
    agent: demo
    parameters: {who: "{{ caller }}"}
    exit_digits: "0"
    next: {done: done, no_answer: none, failed: failed, "digit:0": zero}
  done: {kind: say, text: x}
  none: {kind: say, text: x}
  failed: {kind: say, text: x}
  zero: {kind: say, text: x}
"""


@pytest.fixture
def call() -> FlowCall:
    directory = FakeDirectory()
    directory.agents["demo"] = Agent(ACC, "demo", "twilio", "ws://127.0.0.1:1/", (), 8_000, True, 5.0)
    return FlowCall(FLOW, directory)


def test_the_agent_is_told_who_calls(call: FlowCall) -> None:
    (attach,) = call.bench.commanded(port.AttachAgent)
    assert isinstance(attach, port.AttachAgent) and attach.agent.name == "demo"
    assert dict(attach.parameters) == {"from": "1001", "to": "9001", "direction": "internal", "who": "1001"}


def test_an_agent_that_takes_its_leave_is_done(call: FlowCall) -> None:
    call.bench.media(port.AgentConnected(call.leg, 5))
    call.bench.media(port.AgentEnded(call.leg, "closed"))
    assert call.at == "done" and call.bench.commanded(port.Detach) == [port.Detach(call.leg)]


def test_an_agent_that_cannot_be_reached_is_no_answer_and_one_that_breaks_off_failed(call: FlowCall) -> None:
    call.bench.media(port.AgentFailed(call.leg, "refused", ""))
    assert call.at == "none"
    other = FlowCall(FLOW, call.directory)
    other.bench.media(port.AgentConnected(other.leg, 5))
    other.bench.media(port.AgentFailed(other.leg, "closed", ""))
    assert other.at == "failed"


def test_an_exit_key_leaves_the_agent_and_others_are_its_own(call: FlowCall) -> None:
    call.press("5")
    assert call.at == "it"
    call.press("0")
    assert call.at == "zero" and call.bench.commanded(port.Detach)
    call.bench.media(port.AgentEnded(call.leg, "closed"))
    assert call.at == "zero", "what is late changes nothing"


def test_an_agent_that_is_not_there_has_failed() -> None:
    assert FlowCall(FLOW).at == "failed"
