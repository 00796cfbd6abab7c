"""A caller and the agent that attends to it, in a flow: fallbacks, transfers, and what is carried along."""

from dataclasses import replace

import pytest

from edge.directory import Agent
from edge.sip.message import Request
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Phone, final
from tests.support.flow_call import FlowCall

FLOW = """
nodes:
  it:
    kind: agent
    agent: greeter
    next: {done: done, no_answer: none, failed: failed, transferred: over}
  done: {kind: say, text: "{{ plan }}"}
  none: {kind: say, text: x}
  failed: {kind: say, text: x}
  over: {kind: say, text: x}
"""


@pytest.fixture
def call() -> FlowCall:
    directory = FakeDirectory()
    directory.add_user("1002")
    greeter = Agent(ACC, "greeter", "tandem", "ws://127.0.0.1:1/", (), 8_000, True, 5.0)
    directory.agents |= {"greeter": greeter, "sales": replace(greeter, name="sales")}
    return FlowCall(FLOW, directory)


def asks(call: FlowCall, verb: str, value: str = "", *details: tuple[str, str]) -> str | None:
    """The latest answer."""
    call.bench.media(port.AgentAsked(call.leg, 1, verb, value, details))
    told = [
        command for command in call.bench.commanded(port.TellAgent) if isinstance(command, port.TellAgent)
    ]
    return told[-1].news.error if told and isinstance(told[-1].news, port.Answer) else None


def attached(call: FlowCall) -> port.AttachAgent:
    attach = call.bench.commanded(port.AttachAgent)[-1]
    assert isinstance(attach, port.AttachAgent)
    return attach


def bob(call: FlowCall) -> Phone:
    phone = Phone(call.bench, "1002", n=3)
    phone.register()
    return phone


def leaves(phone: Phone, invite: Request) -> None:
    phone.got()
    phone.call_id = invite.call_id
    phone.say("BYE", str(invite.contacts[0].uri), to=invite.headers.get("From") or "")


def invited(phone: Phone) -> Request:
    (invite,) = [m for m in phone.got() if isinstance(m, Request) and m.method == "INVITE"]
    return invite


def test_the_greeter_hands_over_to_a_specialist_in_the_same_call(call: FlowCall) -> None:
    """# S002-65, # S002-66: AI to AI, no redial, with what the first one knew."""
    assert asks(call, "set", '{"plan":"gold"}') == ""
    asks(call, "transfer", "agent:sales", ("context", "wants ten seats"))
    attach = attached(call)
    told = dict(attach.parameters)
    assert attach.agent.name == "sales" and attach.leg == call.leg
    assert told["transferred_from"] == "greeter" and told["context"] == "wants ten seats"
    assert told["variables"] == '{"plan":"gold"}'
    call.bench.media(port.AgentEnded(call.leg, "bye"))
    assert call.at == "done" and call.hears() == ["gold"], "the flow knows what agents have set"


def test_a_person_takes_the_caller_and_the_flow_goes_on_when_they_are_done(call: FlowCall) -> None:
    phone = bob(call)
    asks(call, "transfer", "user:1002")
    invite = invited(phone)
    phone.reply(invite, 200, phone.sdp())
    (bridge,) = call.bench.commanded(port.Bridge)
    assert isinstance(bridge, port.Bridge) and bridge.leg == call.leg and call.at == "it"
    leaves(phone, invite)
    assert call.at == "over"


def test_the_person_is_briefed_before_the_caller_is_joined(call: FlowCall) -> None:
    phone = bob(call)
    asks(call, "transfer", "1002", ("briefing", "An angry customer."))
    phone.reply(invited(phone), 200, phone.sdp())
    assert not call.bench.commanded(port.Bridge)
    (whisper,) = [p for p in call.bench.commanded(port.Play) if isinstance(p, port.Play)]
    assert whisper.leg != call.leg and "angry" in whisper.path
    call.bench.media(port.Played(whisper.leg, whisper.play, 900, True))
    assert call.bench.commanded(port.Bridge)


def test_the_person_gives_the_caller_back_to_the_agent(call: FlowCall) -> None:
    phone = bob(call)
    asks(call, "transfer", "user:1002", ("return", "yes"))
    invite = invited(phone)
    phone.reply(invite, 200, phone.sdp())
    leaves(phone, invite)
    assert call.at == "it" and len(call.bench.commanded(port.AttachAgent)) == 2
    assert dict(attached(call).parameters)["returned_from"] == "user:1002"


def test_nobody_who_answers_is_told_to_the_agent_which_goes_on(call: FlowCall) -> None:
    phone = bob(call)
    asks(call, "transfer", "user:1002")
    phone.reply(invited(phone), 486)
    assert "busy" in str(asks(call, "stop_play")) or call.at == "it"
    assert len(call.bench.commanded(port.AttachAgent)) == 1


def test_an_agent_that_leaves_while_nobody_answers_has_failed(call: FlowCall) -> None:
    phone = bob(call)
    asks(call, "transfer", "user:1002")
    invite = invited(phone)
    call.bench.media(port.AgentFailed(call.leg, "closed", ""))
    assert call.at == "it"
    phone.reply(invite, 486)
    assert call.at == "failed"


def test_an_agent_without_another_is_no_answer_or_failed(call: FlowCall) -> None:
    call.bench.media(port.AgentFailed(call.leg, "refused", ""))
    assert call.at == "none"


def test_what_cannot_be_is_refused_with_the_reason(call: FlowCall) -> None:
    for target in ("moon:1", "agent:nobody", "user:nobody", "queue:none"):
        assert asks(call, "transfer", target)


def test_agents_do_not_hand_a_caller_round_for_ever(call: FlowCall) -> None:
    for _ in range(10):
        asks(call, "transfer", "agent:sales")
        asks(call, "transfer", "agent:greeter")
    assert "agents have had this call" in str(asks(call, "transfer", "agent:sales"))


def test_recording_begins_once_and_ends(call: FlowCall) -> None:
    assert asks(call, "record") == ""
    assert asks(call, "record") == "a recording is under way"
    (record,) = call.bench.commanded(port.Record)
    assert isinstance(record, port.Record) and "/rec/" in record.path
    assert asks(call, "stop_record") == "" and call.bench.commanded(port.StopRecord)


def test_variables_have_names_and_a_bound(call: FlowCall) -> None:
    assert "no name for a variable" in str(asks(call, "set", '{"a b":1}'))
    for number in range(101):
        last = asks(call, "set", f'{{"v{number}":1}}')
    assert last == "100 variables are set already"


def test_a_hundred_callers_of_an_agent_that_dies_end_up_where_the_flow_says() -> None:
    """Issue 5, must be shown: whoever talked to it is somewhere, nobody in silence."""
    directory = FakeDirectory()
    directory.agents["greeter"] = Agent(ACC, "greeter", "tandem", "ws://h", (), 8_000, True, 5.0)
    call = FlowCall(FLOW, directory)
    bench = call.bench
    for number in range(99):
        phone = Phone(bench, "1001", n=10 + number)
        phone.ack(final(phone.dial("9001")))
    calls = list(bench.switch.calls.values())
    assert len(calls) == 100
    for one in calls:
        bench.media(port.AgentConnected(one.leg.id, 5))
    for one in calls:
        bench.media(port.AgentFailed(one.leg.id, "closed", "killed"))
    played = [play.leg for play in bench.commanded(port.Play) if isinstance(play, port.Play)]
    assert sorted(played) == sorted(one.leg.id for one in calls), "each hears the prompt of `failed`"
