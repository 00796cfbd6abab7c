"""One offer: AI agents, and phones that cannot be rung."""

from dataclasses import replace

from edge.acd.state import State
from edge.acd.terms import AgentId, Member, QueueTerms, ai_agent
from edge.call.flow import FlowTreatment
from edge.directory import Agent
from edge.error import Refusal
from media import port
from tests.support.acd import member, user
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Phone
from tests.support.flow_call import FlowCall

FLOW = """
nodes:
  menu: {kind: menu, prompt: x, next: {"digit:1": it}}
  it: {kind: enqueue, queue: support, next: {answered: after, no_agents: empty}}
  after: {kind: say, text: after}
  empty: {kind: say, text: empty}
"""
ROBOT = Member(ai_agent("demo"), 2)
QUEUE = QueueTerms("support", members=(member("1002"), ROBOT), auto_ready=True)


def queued(terms: QueueTerms = QUEUE, *, registered: bool = False) -> tuple[FlowCall, Phone]:
    directory = FakeDirectory(prompts={"hold-music": "/music.wav"})
    directory.add_user("1002", max_simultaneous=1)
    directory.agents["demo"] = Agent(ACC, "demo", "twilio", "ws://127.0.0.1:1/", (), 8_000, True, 5.0)
    directory.queue_terms["support"] = terms
    call = FlowCall(FLOW, directory)
    bob = Phone(call.bench, "1002", 3)
    if registered:
        bob.register()
    call.press("1")
    return call, bob


def test_an_ai_agent_takes_the_call_when_it_is_there_and_hears_what_it_is() -> None:
    call, _ = queued()
    (attach,) = call.bench.commanded(port.AttachAgent)
    assert isinstance(attach, port.AttachAgent) and ("queue", "support") in attach.parameters
    assert call.playing()  # the music goes on until it is there
    call.bench.media(port.AgentConnected(call.leg, 20))
    assert not call.playing() and call.call is not None
    call.bench.media(port.AgentEnded(call.leg, "done"))
    assert call.at == "after" and port.Detach(call.leg) in call.bench.commanded(port.Detach)


def test_an_ai_agent_that_cannot_be_reached_makes_room_for_people() -> None:
    call, bob = queued()
    bob.register()
    call.bench.media(port.AgentFailed(call.leg, "refused", ""))
    assert [message.method for message in bob.got()] == ["INVITE"]  # type: ignore[union-attr]


def test_a_call_with_an_ai_agent_is_told_in_the_cdr() -> None:
    call, _ = queued()
    call.bench.media(port.AgentConnected(call.leg, 20))
    call.phone.bye()
    (cdr,) = call.bench.journal.cdrs
    assert (cdr.queue, cdr.agent) == ("support", "agent:demo")


def test_a_user_who_is_gone_from_the_configuration_is_passed_over() -> None:
    call, bob = queued(registered=True)
    bob.got()
    del call.directory.users["1002"]
    call.bench.advance(QUEUE.ring_timeout + QUEUE.retry_delay)
    assert call.bench.commanded(port.AttachAgent)


def test_no_port_for_an_agent_is_an_offer_that_came_to_nothing() -> None:
    call, bob = queued(replace(QUEUE, members=(member("1002"),)), registered=True)
    bob.got()
    assert call.call is not None and isinstance(call.call.treatment, FlowTreatment)
    leg = call.call.legs[next(leg for leg in call.bench.legs if leg != call.leg)]
    refusal = Refusal("no_rtp_port", 503, "none is left", "")
    call.call.treatment.unallocated(call.call, leg, refusal, call.bench.now)
    agent = call.bench.switch.acd.roster.agent(ACC, AgentId(user("1002")))
    assert agent.state in (State.WAITING, State.OFFERING) and call.at == "it"
