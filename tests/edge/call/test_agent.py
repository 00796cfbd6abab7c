"""Calls that an AI agent answers."""

from dataclasses import replace

import pytest

from edge.directory import Agent, Target
from edge.sip.message import Request
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.agents["demo"] = Agent(ACC, "demo", "twilio", "ws://127.0.0.1:1/", (), 8_000, True, 5.0)
    directory.extensions["9000"] = Target("agent", "demo")
    return Bench(directory)


def called(bench: Bench) -> tuple[Phone, port.LegId]:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("9000")))
    (call,) = bench.switch.calls.values()
    return alice, call.leg.id


def test_the_call_is_answered_and_the_agent_dialled_once(bench: Bench) -> None:
    _, leg = called(bench)
    (attach,) = bench.commanded(port.AttachAgent)
    assert isinstance(attach, port.AttachAgent) and attach.leg == leg and attach.agent.dialect == "twilio"


def test_an_agent_that_fails_is_told_to_the_caller_by_a_prompt(bench: Bench) -> None:
    bench.directory.prompts["agent-unreachable"] = "/prompts/agent-unreachable.wav"
    alice, leg = called(bench)
    bench.media(port.AgentFailed(leg, "refused", "nobody listens at 127.0.0.1:1"))
    (play,) = bench.commanded(port.Play)
    assert isinstance(play, port.Play) and play.path == "/prompts/agent-unreachable.wav"
    assert alice.got() == []
    bench.media(port.Played(leg, play.play, 2_000, True))
    (bye,) = alice.got()
    assert isinstance(bye, Request) and bye.method == "BYE"
    (cdr,) = bench.journal.cdrs
    assert (cdr.disposition, cdr.cause) == ("failed", "agent_failed")


def test_without_the_prompt_the_caller_hears_a_tone_for_a_while(bench: Bench) -> None:
    alice, leg = called(bench)
    bench.media(port.AgentFailed(leg, "timeout", ""))
    assert len(bench.commanded(port.Tone)) == 1
    bench.advance(3.5)
    assert any(isinstance(m, Request) and m.method == "BYE" for m in alice.got())


def test_a_second_failure_changes_nothing(bench: Bench) -> None:
    _, leg = called(bench)
    bench.media(port.AgentFailed(leg, "timeout", ""))
    bench.media(port.AgentFailed(leg, "closed", ""))
    assert len(bench.commanded(port.Tone)) == 1


def test_an_agent_that_takes_its_leave_ends_the_call(bench: Bench) -> None:
    alice, leg = called(bench)
    bench.media(port.AgentEnded(leg, "closed"))
    (bye,) = alice.got()
    assert isinstance(bye, Request) and "agent_hangup" in (bye.headers.get("Reason") or "")
    assert bench.journal.cdrs[0].cause == "agent_hangup"


def test_what_the_agent_says_and_does_is_in_the_trace(bench: Bench) -> None:
    alice, leg = called(bench)
    bench.media(port.AgentConnected(leg, 12))
    bench.media(port.AgentMessage(leg, True, "start"))
    bench.media(port.AgentInterrupted(leg, 1_200, 300, 5.0))
    alice.bye()
    bench.advance(40.0)
    (rows,) = bench.journal.traces.values()
    agent = [row.event for row in rows if row.layer == "agent"]
    assert agent == ["AgentConnected", "AgentMessage", "AgentInterrupted"]


def test_an_agent_that_fails_is_replaced_by_its_fallback_once(bench: Bench) -> None:
    demo = bench.directory.agents["demo"]
    bench.directory.agents["demo"] = replace(demo, fallback="spare")
    bench.directory.agents["spare"] = replace(demo, name="spare", fallback="demo")
    _, leg = called(bench)
    bench.media(port.AgentFailed(leg, "timeout", "no audio"))
    attach = bench.commanded(port.AttachAgent)[-1]
    assert isinstance(attach, port.AttachAgent) and attach.agent.name == "spare"
    assert ("fallback_reason", "timeout") in attach.parameters
    bench.media(port.AgentFailed(leg, "closed", ""))
    assert len(bench.commanded(port.Tone)) == 1, "a circle of fallbacks ends"
