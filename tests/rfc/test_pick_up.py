"""What a lamp shows ringing out of a flow or a queue is picked up by that (RFC 4235 §4.1.1, RFC 3891 §3)."""

from xml.etree import ElementTree

import pytest

from edge.acd.state import State
from edge.event import dialog_info
from edge.sip.message import Request
from media import port
from tests.edge.command.test_dial import dialled
from tests.edge.command.test_enqueue import queued, state
from tests.support.edge import Phone, final
from tests.support.flow_call import FlowCall
from tests.support.party import DID, Trunked


def shown(call: FlowCall, number: str) -> str | None:
    """The Replaces that a lamp of this user gives; None: its dialog has no identity."""
    directory = call.bench.directory
    (line,) = call.bench.switch.subscriptions.lines.of(directory.users[number].id)
    dialog = ElementTree.fromstring(dialog_info.document(number, "demo.local", 0, [line]))[0]
    if dialog.get("call-id") is None:
        return None
    return f"{dialog.get('call-id')};to-tag={dialog.get('local-tag')};from-tag={dialog.get('remote-tag')}"


def asked(phone: Phone) -> list[Request]:
    return [message for message in phone.got() if isinstance(message, Request)]


def colleague(call: FlowCall) -> Phone:
    call.bench.directory.add_user("1009")
    return Phone(call.bench, "1009", 9)


def rung(kind: str) -> tuple[FlowCall, Phone]:
    """A caller for whom the phone of 1002 rings."""
    if kind == "a queue":
        call, bob, _ = queued(signed_in=("1002",))
        return call, bob
    call, bob, _ = (
        dialled(picked_up=True) if kind == "a flow" else dialled(picked_up=True, to='["1002", "1003"]')
    )
    bob.register()
    if kind == "two phones":
        Phone(call.bench, "1003", 4).register()
    call.press("1")
    return call, bob


@pytest.mark.parametrize("early", ["", ";early-only"])
@pytest.mark.parametrize("kind", ["a flow", "two phones", "a queue"])
def test_a_caller_in_a_flow_is_picked_up_while_a_phone_rings_for_it(kind: str, early: str) -> None:
    call, bob = rung(kind)
    (invite,) = asked(bob)
    bob.reply(invite, 180)
    dialog = shown(call, "1002")
    picker = colleague(call)
    answer = final(picker.dial("1002", headers=f"Replaces: {dialog}{early}\r\n"))
    assert answer.status == 200
    picker.ack(answer)
    (cancel,) = asked(bob)
    assert cancel.method == "CANCEL" and "cause=200" in (cancel.headers.get("Reason") or "")
    bob.reply(cancel, 200)
    bob.reply(invite, 487)
    last = call.bench.commanded(port.Bridge)[-1]
    assert isinstance(last, port.Bridge) and call.leg in (last.leg, last.peer)
    assert not call.playing() and not call.bench.switch.subscriptions.lines.of("us_1002")  # type: ignore[arg-type]
    assert final(Phone(call.bench, "1009", 10).dial("1002", headers=f"Replaces: {dialog}\r\n")).status == 481
    picker.bye()
    call.bench.advance(100.0)
    assert next(m.method for m in asked(call.phone)) == "BYE"
    causes = {cdr.disposition for cdr in call.bench.journal.cdrs if cdr.caller != "1009"}
    assert causes == {"answered"} and call.bench.idle()


def test_a_caller_who_talks_is_picked_up_by_nobody() -> None:
    call, bob = rung("a queue")
    (invite,) = asked(bob)
    dialog = shown(call, "1002")
    bob.reply(invite, 200, bob.sdp())
    assert shown(call, "1002") is None
    picker = colleague(call)
    assert final(picker.dial("1002", headers=f"Replaces: {dialog}\r\n")).status == 481


def test_an_agent_whose_caller_was_picked_up_waits_for_the_next() -> None:
    call, bob = rung("a queue")
    assert state(call, "1002") is State.OFFERING
    picker = colleague(call)
    picker.ack(final(picker.dial("1002", headers=f"Replaces: {shown(call, '1002')}\r\n")))
    assert state(call, "1002") is State.WAITING and asked(bob)[0].method == "INVITE"


def test_a_caller_who_has_just_given_up_is_picked_up_by_nobody() -> None:
    """His 487 is not acknowledged: the session is still there, and over."""
    site = Trunked()
    site.bench.directory.add_user("1002")
    alice, invite = site.incoming()
    alice.reply(invite, 180)
    (line,) = site.bench.switch.subscriptions.lines.of(site.bench.directory.users["1001"].id)
    site.trunk.say("CANCEL", f"sip:{DID}@demo.local", branch=site.trunk.invite_branch, cseq=site.trunk.cseq)
    header = f"Replaces: {line.call};to-tag=ring;from-tag=ring\r\n"
    assert final(Phone(site.bench, "1002", 3).dial("1001", headers=header)).status == 481
