"""Transfers between a carrier and two phones, as phones of the field do them (RFC 5589, RFC 3891)."""

import pytest

from edge.acd.state import State
from edge.directory import Target
from edge.sip.message import Request, Response
from media import port
from tests.edge.command.test_enqueue import queued, state
from tests.support.edge import Phone, final
from tests.support.flow import program
from tests.support.flow_call import FlowCall
from tests.support.party import Party, Trunked


@pytest.fixture
def site() -> Trunked:
    """Alice and the carrier, and Bob at 127.0.0.3, whose phone has one line."""
    made = Trunked()
    made.bench.directory.add_user("1002", max_simultaneous=1)
    Phone(made.bench, "1002", 3).register()
    return made


def bob(site: Trunked) -> Phone:
    return Phone(site.bench, "1002", 3)


def holds(party: Party) -> None:
    (answer,) = party.say("INVITE", party.sdp(more="a=sendonly\r\n"))
    assert isinstance(answer, Response) and answer.status == 200
    party.say("ACK", cseq=answer.cseq.number)


def consults(site: Trunked, call_id: str = "consult") -> tuple[Party, Party]:
    """Alice calls Bob; both sides, once he has answered."""
    invite = rings(site, call_id)
    far = Party.called(site.bench, bob(site).source, invite, "bobs")
    far.reply(invite, 200, far.sdp())
    success = final([m for m in site.alice.got() if not isinstance(m, Request)])
    near = Party.caller(site.bench, site.alice.source, success)
    near.say("ACK", cseq=success.cseq.number)
    far.asked("ACK")
    return near, far


def rings(site: Trunked, call_id: str = "consult") -> Request:
    site.alice.call_id, site.alice.tag = call_id, f"{call_id}-tag"
    site.alice.dial("1002")
    (invite,) = (m for m in bob(site).got() if isinstance(m, Request))
    return invite


def refers(by: Party, to: str, replaced: Party | None = None) -> tuple[int, list[str]]:
    """The status of the REFER, and what came to the phone then, as `reports` has it."""
    dialog = ""
    if replaced is not None:
        ours, theirs = replaced.us.partition(";tag=")[2], replaced.them.partition(";tag=")[2]
        dialog = f"?Replaces={replaced.call_id}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}"
    got = by.say("REFER", headers=f"Refer-To: <sip:{to}@demo.local{dialog}>\r\n")
    (status,) = (m.status for m in got if isinstance(m, Response) and m.cseq.method == "REFER")
    return status, _told(by, got) + reports(by)


def reports(party: Party) -> list[str]:
    """The sipfrags that came to a phone, and every BYE, answered; also those of its other calls."""
    told: list[str] = []
    while found := _told(party, party.got()):
        told += found
    return told


def _told(party: Party, got: list[Request | Response]) -> list[str]:
    found = [message for message in got if isinstance(message, Request)]
    for request in found:
        party.reply(request, 200)
    return [request.body.decode().strip() or request.method for request in found]


def joined(site: Trunked) -> set[port.LegId]:
    last = site.bench.commanded(port.Bridge)[-1]
    assert isinstance(last, port.Bridge)
    return {last.leg, last.peer}


@pytest.mark.parametrize("by", ["the first call", "the consultation"])
@pytest.mark.parametrize("outgoing", [True, False])
def test_a_held_carrier_is_joined_to_who_was_consulted(site: Trunked, outgoing: bool, by: str) -> None:
    """RFC 5589 §7.1: with both calls on hold, and whichever of them the REFER is sent in."""
    first, carrier = site.out() if outgoing else site.in_()
    holds(first)
    second, other = consults(site)
    holds(second)
    by_first = by == "the first call"
    status, told = refers(first, "1002", second) if by_first else refers(second, "14155550100", first)
    assert status == 202 and "SIP/2.0 200 OK" in told and told.count("BYE") == 2
    assert joined(site) == site.bench.legs and len(site.bench.legs) == 2
    assert carrier.got() == other.got() == []
    stopped = [c.leg for c in site.bench.commanded(port.StopPlay) if isinstance(c, port.StopPlay)]
    played = [c.leg for c in site.bench.commanded(port.Play) if isinstance(c, port.Play)]
    assert sorted(stopped) == sorted(played), "nobody hears music on hold any more"
    other.say("BYE")
    assert reports(carrier) == ["BYE"]
    site.bench.advance(120.0)
    assert site.bench.idle() and len(site.bench.journal.cdrs) == 2


@pytest.mark.parametrize("outgoing", [True, False])
def test_a_consultation_that_rings_is_given_up_for_the_transfer(site: Trunked, outgoing: bool) -> None:
    """The phone that rings has one line: it cannot ring for both, and shows who is transferred to it."""
    first, carrier = site.out() if outgoing else site.in_()
    invite = rings(site)
    target = Party.called(site.bench, bob(site).source, invite, "bobs")
    target.reply(invite, 180)
    ringing = site.alice.got()[-1]
    assert isinstance(ringing, Response) and ringing.status == 180
    second = Party(
        site.bench,
        site.alice.source,
        "consult",
        ringing.headers.get("From") or "",
        ringing.headers.get("To") or "",
        str(ringing.contacts[0].uri),
    )
    assert refers(first, "1002", second)[0] == 202
    got = [m for m in target.got() if isinstance(m, Request)]
    assert [m.method for m in got] == ["CANCEL", "INVITE"], got
    target.reply(got[0], 200)
    target.reply(invite, 487)
    again = Party.called(site.bench, bob(site).source, got[1], "bobs-again")
    again.reply(got[1], 200, again.sdp())
    assert "SIP/2.0 200 OK" in reports(first)
    assert joined(site) == site.bench.legs and len(site.bench.legs) == 2
    carrier.say("BYE")
    assert "BYE" in reports(again)
    site.bench.advance(120.0)
    assert site.bench.idle() and len(site.bench.journal.cdrs) == 2


@pytest.mark.parametrize("status", [404, 480, 486, 603])
def test_the_report_says_what_the_target_said_and_the_call_goes_on(site: Trunked, status: int) -> None:
    """RFC 3515 §2.4.5."""
    first, carrier = site.in_()
    holds(first)
    assert refers(first, "1002")[0] == 202
    (invite,) = (m for m in bob(site).got() if isinstance(m, Request))
    target = Party.called(site.bench, bob(site).source, invite, "bobs")
    target.reply(invite, status)
    target.asked("ACK")
    (report,) = reports(first)
    assert report.startswith(f"SIP/2.0 {status} ")
    (resumed,) = first.say("INVITE", first.sdp())
    assert isinstance(resumed, Response) and resumed.status == 200
    first.say("ACK", cseq=resumed.cseq.number)
    assert carrier.got() == []
    first.say("BYE")
    assert reports(carrier) == ["BYE"]
    assert site.over().disposition == "answered"


@pytest.mark.parametrize("who", ["the transferor", "the partner"])
def test_a_bye_that_crosses_the_refer_ends_what_it_ends(site: Trunked, who: str) -> None:
    first, carrier = site.in_()
    carrier_says = who == "the partner"
    if carrier_says:
        carrier.say("BYE")
        assert refers(first, "1002")[0] == 481, "its BYE is on its way to who transfers"
        assert bob(site).got() == []
    else:
        assert refers(first, "1002")[0] == 202
        first.say("BYE")
        (invite,) = (m for m in bob(site).got() if isinstance(m, Request))
        target = Party.called(site.bench, bob(site).source, invite, "bobs")
        target.reply(invite, 486)
        assert reports(carrier) == ["BYE"]
    reports(first)
    assert site.over().disposition == "answered"


def test_a_refer_before_the_answer_is_told_to_come_later(site: Trunked) -> None:
    """There is nobody to transfer yet."""
    site.alice.dial("1002")
    bob_, answered = bob(site), [m for m in bob(site).got() if isinstance(m, Request)]
    (invite,) = answered
    bob_.reply(invite, 180)
    ringing = site.alice.got()[-1]
    assert isinstance(ringing, Response)
    early = Party.caller(site.bench, site.alice.source, ringing)
    assert refers(early, "14155550100")[0] == 491
    rows = site.bench.switch.live_trace(next(iter(site.bench.switch.calls)))
    assert [row.outcome for row in rows if row.event == "transfer"] == ["not_answered"]
    bob_.reply(invite, 486)
    site.bench.advance(120.0)
    assert site.bench.idle()


def test_a_carrier_may_not_transfer(site: Trunked) -> None:
    first, carrier = site.in_()
    assert refers(carrier, "1002")[0] == 403
    first.say("BYE")
    assert reports(carrier) == ["BYE"] and site.over()


def queue() -> tuple[FlowCall, Party, Phone]:
    """A caller whom 1002 serves out of a queue; 1002's side, and the phone of 1009, who serves nobody."""
    call, agent, _ = queued(signed_in=("1002",))
    (invite,) = (m for m in agent.got() if isinstance(m, Request))
    call.bench.directory.add_user("1009")
    other = Phone(call.bench, "1009", 9)
    other.register()
    serves = Party.called(call.bench, agent.source, invite, "agents")
    serves.reply(invite, 200, serves.sdp())
    serves.asked("ACK")
    assert state(call, "1002") is State.IN_CALL
    return call, serves, other


def left(call: FlowCall) -> None:
    call.bench.advance(120.0)
    assert call.bench.idle() and len(call.bench.journal.cdrs) in (1, 2)
    assert state(call, "1002") is State.WAITING
    (cdr,) = (cdr for cdr in call.bench.journal.cdrs if cdr.queue)
    assert (cdr.queue, cdr.agent, cdr.disposition) == ("support", "us_1002", "answered")


@pytest.mark.parametrize("held", [True, False])
def test_an_agent_of_a_queue_transfers_his_caller(held: bool) -> None:
    """RFC 5589 §6; for the queue he is through with him when his own phone is."""
    call, agent, other = queue()
    if held:
        holds(agent)
    status, told = refers(agent, "1009")
    assert (status, told) == (202, ["SIP/2.0 100 Trying"]) and state(call, "1002") is State.IN_CALL
    (invite,) = (m for m in other.got() if isinstance(m, Request))
    target = Party.called(call.bench, other.source, invite, "target")
    target.reply(invite, 200, target.sdp())
    assert reports(agent) == ["SIP/2.0 200 OK", "BYE"] and state(call, "1002") is State.WRAP_UP
    last = call.bench.commanded(port.Bridge)[-1]
    assert isinstance(last, port.Bridge) and {last.leg, last.peer} == call.bench.legs and not call.playing()
    target.asked("ACK")
    target.say("BYE")
    assert next(m.method for m in call.phone.got() if isinstance(m, Request)) == "BYE"
    left(call)


def test_an_agent_of_a_queue_whose_target_is_busy_talks_on() -> None:
    call, agent, other = queue()
    assert refers(agent, "1009")[0] == 202
    (invite,) = (m for m in other.got() if isinstance(m, Request))
    Party.called(call.bench, other.source, invite, "target").reply(invite, 486)
    (report,) = reports(agent)
    assert report.startswith("SIP/2.0 486") and state(call, "1002") is State.IN_CALL
    call.phone.bye()
    assert reports(agent) == ["BYE"] and state(call, "1002") is State.WRAP_UP
    left(call)


def test_an_agent_of_a_queue_consults_before_he_transfers() -> None:
    """RFC 5589 §7."""
    call, agent, other = queue()
    holds(agent)
    phone = Phone(call.bench, "1002", 3)
    phone.call_id = "consult"
    phone.dial("1009")
    (invite,) = (m for m in other.got() if isinstance(m, Request))
    target = Party.called(call.bench, other.source, invite, "target")
    target.reply(invite, 200, target.sdp())
    success = final([m for m in phone.got() if isinstance(m, Response)])
    second = Party.caller(call.bench, phone.source, success)
    second.say("ACK", cseq=success.cseq.number)
    target.asked("ACK")
    status, told = refers(agent, "1009", second)
    assert status == 202 and told.count("BYE") == 2 and state(call, "1002") is State.WRAP_UP
    last = call.bench.commanded(port.Bridge)[-1]
    assert isinstance(last, port.Bridge) and {last.leg, last.peer} == call.bench.legs and not call.playing()
    target.say("BYE")
    left(call)


def test_who_was_consulted_through_a_flow_is_joined_and_not_dialled_again(site: Trunked) -> None:
    """RFC 5589 §7.1: a number of the account may be a flow that has dialled somebody."""
    directory = site.bench.directory
    directory.extensions["9001"] = Target("flow", "main")
    directory.flows = program(
        'nodes:\n  it: {kind: dial, to: ["1002"], next: {answered: end}}\n  end: {kind: hangup}'
    )
    first, carrier = site.in_()
    holds(first)
    site.alice.call_id, site.alice.tag = "consult", "consult-tag"
    site.alice.dial("9001")
    (invite,) = (m for m in bob(site).got() if isinstance(m, Request))
    other = Party.called(site.bench, bob(site).source, invite, "bobs")
    other.reply(invite, 200, other.sdp())
    success = final(site.alice.got())
    second = Party.caller(site.bench, site.alice.source, success)
    second.say("ACK", cseq=success.cseq.number)
    other.asked("ACK")
    status, told = refers(first, "9001", second)
    assert status == 202 and "SIP/2.0 200 OK" in told and told.count("BYE") == 2
    assert other.got() == carrier.got() == [] and joined(site) == site.bench.legs
    carrier.say("BYE")
    assert reports(other) == ["BYE"]
    site.bench.advance(120.0)
    assert site.bench.idle() and len(site.bench.journal.cdrs) == 2
