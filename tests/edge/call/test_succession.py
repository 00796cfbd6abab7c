"""REFER in a call with an agent or a flow (RFC 5589 §6), and where those have brought two together."""

import pytest

from edge.directory import Agent, Target
from edge.sip.message import Request
from media import port
from tests.edge.call.test_supervisor import Floor
from tests.edge.call.test_transfer import invited, refer, requests
from tests.support.directory import ACC
from tests.support.edge import Phone, final
from tests.support.flow import program
from tests.support.flow_call import Spoken
from tests.support.trio import Talk, Trio

FLOW = """
entry: ask
nodes:
  ask: {kind: menu, prompt: Hello, next: {"digit:1": ring, timeout: end}}
  ring: {kind: dial, to: ["1002"], next: end}
  end: {kind: hangup}
"""


class Machines(Trio):
    """Alice talks to a machine."""

    def __init__(self) -> None:
        super().__init__()
        directory = self.directory
        directory.agents["demo"] = Agent(ACC, "demo", "tandem", "ws://127.0.0.1:1/", (), 8_000, True, 5.0)
        directory.extensions["9000"] = Target("agent", "demo")
        directory.extensions["9001"] = Target("flow", "main")
        directory.flows = program(FLOW)
        directory.speech = Spoken()

    def talk(self, number: str, caller: Phone | None = None) -> Talk:
        caller = caller or self.alice
        caller.call_id, caller.tag = "machine", "machine-1"
        answer = final(caller.dial(number))
        caller.ack(answer)
        self.take()
        to = answer.headers.get("To") or ""
        return Talk(caller, "machine", str(answer.contacts[0].uri), to, caller.tag)

    @property
    def leg(self) -> port.LegId:
        (call,) = self.switch.calls.values()
        return call.leg.id


@pytest.fixture
def bench() -> Machines:
    return Machines()


def attached(bench: Machines) -> list[port.AttachAgent]:
    return [each for each in bench.commanded(port.AttachAgent) if isinstance(each, port.AttachAgent)]


def test_a_caller_puts_somebody_else_in_its_place_with_the_agent(bench: Machines) -> None:
    alice = bench.talk("9000")
    before = bench.leg
    refer(alice, "1003")
    assert bench.reports(bench.alice) == ["SIP/2.0 100 Trying"]
    invite = invited(bench.carol)
    assert (invite.headers.get("Referred-By") or "").startswith("<sip:1001@")
    carol = bench.pick_up(bench.carol, invite)
    assert bench.reports(bench.alice) == ["SIP/2.0 200 OK"] and requests(bench.alice) == ["BYE"]
    first, second = attached(bench)
    assert first.leg == before and second.leg == bench.leg != before
    assert dict(second.parameters)["transferred_by"] == "1001"
    bench.media(port.AgentEnded(before, "closed"))
    assert len(bench.switch.calls) == 1, "what the former leg's agent does ends nothing"
    carol.say("BYE")
    (cdr,) = bench.journal.cdrs
    assert cdr.disposition == "answered" and not bench.legs and not len(bench.switch.admissions)


def test_a_target_that_is_busy_leaves_the_caller_with_the_agent(bench: Machines) -> None:
    alice = bench.talk("9000")
    refer(alice, "1003")
    bench.reports(bench.alice)
    bench.carol.reply(invited(bench.carol), 486)
    assert bench.reports(bench.alice) == ["SIP/2.0 486 Busy Here"]
    assert len(attached(bench)) == 1 and len(bench.switch.calls) == 1
    refer(alice, "1003")
    assert bench.reports(bench.alice) == ["SIP/2.0 100 Trying"], "it may try again"


def test_who_hangs_up_before_the_outcome_leaves_the_agent_waiting_for_it(bench: Machines) -> None:
    alice = bench.talk("9000")
    refer(alice, "1003")
    bench.reports(bench.alice)
    invite = invited(bench.carol)
    alice.say("BYE")
    assert len(bench.switch.calls) == 1
    bench.pick_up(bench.carol, invite)
    assert len(attached(bench)) == 2


@pytest.mark.parametrize(("number", "replaces"), [("9001", ""), ("1003", "x;to-tag=a;from-tag=b")])
def test_a_machine_is_transferred_to_people_and_blindly_only(
    bench: Machines, number: str, replaces: str
) -> None:
    refer(bench.talk("9000"), number, replaces)
    assert bench.alice.statuses() == [403]


def test_a_caller_from_outside_may_not_transfer_the_agent(bench: Machines) -> None:
    bench.directory.add_did("12025550123", "agent", "demo")
    stranger = Phone(bench, "eve@away.example", 9)
    refer(bench.talk("12025550123", stranger), "1003")
    assert stranger.statuses() == [403]


def test_in_a_flow_the_step_begins_anew_for_who_comes(bench: Machines) -> None:
    alice = bench.talk("9001")
    (first,) = bench.commanded(port.Play)
    refer(alice, "1003")
    bench.reports(bench.alice)
    bench.pick_up(bench.carol, invited(bench.carol))
    second = bench.commanded(port.Play)[-1]
    assert isinstance(first, port.Play) and isinstance(second, port.Play)
    assert second.path == first.path and second.leg == bench.leg != first.leg


def dialled(bench: Machines) -> tuple[Talk, Talk]:
    """Alice, by the flow, talks to Bob."""
    alice = bench.talk("9001")
    bench.media(port.Digit(bench.leg, "1", "rfc4733", 100))
    (invite,) = [m for m in bench.bob.got() if isinstance(m, Request)]
    bob = bench.pick_up(bench.bob, invite)
    bench.take()
    return alice, bob


def test_whom_a_flow_has_dialled_transfers_the_caller(bench: Machines) -> None:
    _, bob = dialled(bench)
    refer(bob, "1003")
    assert bench.reports(bench.bob) == ["SIP/2.0 100 Trying"]
    carol = bench.pick_up(bench.carol, invited(bench.carol))
    assert bench.reports(bench.bob) == ["SIP/2.0 200 OK"] and requests(bench.bob) == ["BYE"]
    carol.say("BYE")
    assert [cdr.cause for cdr in bench.journal.cdrs] == ["callee_hangup"]


def test_whom_a_flow_has_dialled_sends_the_caller_to_an_agent(bench: Machines) -> None:
    _, bob = dialled(bench)
    refer(bob, "9000")
    assert bench.reports(bench.bob) == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]
    assert "BYE" in requests(bench.bob)
    (attach,) = attached(bench)
    assert attach.leg == bench.leg


def test_a_caller_who_transfers_while_the_flow_rings_somebody_hands_on_the_step_under_way(
    bench: Machines,
) -> None:
    """The step begins again for who is there now: one outcome, one CDR, and nothing rings for nobody."""
    alice = bench.talk("9001")
    bench.media(port.Digit(bench.leg, "1", "rfc4733", 100))
    ringing = invited(bench.bob)
    bench.bob.reply(ringing, 180)
    refer(alice, "1003")
    assert bench.reports(bench.alice) == ["SIP/2.0 100 Trying"]
    carol = bench.pick_up(bench.carol, invited(bench.carol))
    assert bench.reports(bench.alice) == ["SIP/2.0 200 OK"] and requests(bench.alice) == ["BYE"]
    heard = [m for m in bench.bob.got() if isinstance(m, Request)]
    assert [m.method for m in heard if m.call_id == ringing.call_id] == ["CANCEL"]
    (again,) = [m for m in heard if m.method == "INVITE"]
    assert again.call_id != ringing.call_id
    bench.bob.reply(ringing, 200, bench.bob.sdp())  # he picked up as it was cancelled
    assert not bench.commanded(port.Bridge), "the first attempt is over"
    carol.say("BYE")
    (cdr,) = bench.journal.cdrs
    assert cdr.disposition == "answered" and not bench.legs and not len(bench.switch.admissions)


def test_a_refer_that_is_refused_leaves_a_transfer_alone_that_is_under_way() -> None:
    floor = Floor("9000")
    floor.bench.media(port.AgentConnected(floor.leg, 10))
    floor.bench.media(port.AgentAsked(floor.leg, 1, "transfer", "user:1002"))
    to = "Refer-To: <sip:1006@demo.local>\r\n"
    floor.alice.say("REFER", floor.alice.remote, to=floor.alice.to, headers=to)
    floor.answers(floor.bob)
    floor.bob.tag = "phone3"
    floor.bob.say("REFER", floor.bob.remote, to=floor.bob.to, headers=to)
    assert 403 in floor.bob.statuses()
    before = floor.leg
    floor.answers(floor.other)
    assert floor.leg != before, "he has the caller's place"
    floor.call.finish("answered", "caller_hangup", floor.bench.now)
    floor.bench.drain()
    assert floor.over()
