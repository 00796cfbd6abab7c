"""Blind and attended transfer from either side of a bridge (RFC 5589), and calls that replace others."""

from xml.etree import ElementTree

import pytest

from edge.event import dialog_info
from edge.sip.flow import Transport
from edge.sip.message import Request, Response
from media import port
from tests.support.edge import Phone, final
from tests.support.trio import Talk, Trio


@pytest.fixture(params=[Transport.UDP, Transport.TCP], ids=["udp", "tcp"])
def bench(request: pytest.FixtureRequest) -> Trio:
    """Three phones by the same transport, each at its Contact or on its connection."""
    return Trio(request.param)


def requests(phone: Phone) -> list[str]:
    """Methods that came, each BYE answered."""
    found = []
    for message in phone.got():
        if isinstance(message, Request):
            found.append(message.method)
            if message.method == "BYE":
                phone.reply(message, 200)
    return found


def invited(phone: Phone) -> Request:
    (invite,) = [m for m in phone.got() if isinstance(m, Request) and m.method == "INVITE"]
    return invite


def joined(bench: Trio) -> port.Bridge:
    last = bench.commanded(port.Bridge)[-1]
    assert isinstance(last, port.Bridge)
    return last


def refer(talk: Talk, number: str, replaces: str = "") -> None:
    escaped = replaces.replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
    target = f"<sip:{number}@demo.local{'?Replaces=' + escaped if replaces else ''}>"
    talk.say("REFER", headers=f"Refer-To: {target}\r\n")


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_a_blind_transfer_joins_the_partner_to_the_target(bench: Trio, side: str) -> None:
    near, far = bench.connect(bench.alice, bench.bob)
    referrer, partner = (near, far) if side == "caller" else (far, near)
    before = joined(bench)
    refer(referrer, "1003")
    assert bench.reports(referrer.phone) == ["SIP/2.0 100 Trying"]
    invite = invited(bench.carol)
    assert (invite.headers.get("Referred-By") or "").startswith(f"<sip:{referrer.phone.number}@")
    assert invite.from_.uri.user == partner.phone.number
    bench.carol.reply(invite, 180)
    assert bench.reports(referrer.phone) == ["SIP/2.0 180 Ringing"]
    third = bench.pick_up(bench.carol, invite)
    assert bench.reports(referrer.phone) == ["SIP/2.0 200 OK"]
    assert requests(referrer.phone) == ["BYE"]
    kept = before.peer if side == "caller" else before.leg
    assert kept in (joined(bench).leg, joined(bench).peer) and joined(bench) != before
    assert len(bench.legs) == 2 and requests(partner.phone) == []
    bench.carol.got()
    third.say("BYE")
    assert requests(partner.phone) == ["BYE"]
    bench.advance(70.0)
    assert bench.idle() and len(bench.journal.cdrs) == 1 and bench.journal.cdrs[0].disposition == "answered"


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_a_target_that_refuses_leaves_the_call_as_it_was(bench: Trio, side: str) -> None:
    near, far = bench.connect(bench.alice, bench.bob)
    referrer = near if side == "caller" else far
    before = joined(bench)
    refer(referrer, "1003")
    bench.carol.reply(invited(bench.carol), 486)
    assert bench.reports(referrer.phone) == ["SIP/2.0 100 Trying", "SIP/2.0 486 Busy Here"]
    assert len(bench.legs) == 2 and joined(bench) == before
    refer(referrer, "1003")  # and may be tried again
    assert bench.reports(referrer.phone) == ["SIP/2.0 100 Trying"] and invited(bench.carol)
    near.say("BYE")
    bench.advance(80.0)
    assert bench.idle()


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_who_transfers_may_hang_up_before_the_target_answers(bench: Trio, side: str) -> None:
    near, far = bench.connect(bench.alice, bench.bob)
    referrer, partner = (near, far) if side == "caller" else (far, near)
    refer(referrer, "1003")
    invite = invited(bench.carol)
    bench.carol.reply(invite, 180)
    referrer.say("BYE")
    assert len(bench.switch.calls) == 1
    bench.pick_up(bench.carol, invite)
    assert requests(partner.phone) == [] and len(bench.switch.calls) == 1
    partner.say("BYE")
    assert "BYE" in requests(bench.carol)
    bench.advance(80.0)
    assert bench.idle()


def test_a_transfer_that_fails_behind_its_author_ends_the_call(bench: Trio) -> None:
    near, far = bench.connect(bench.alice, bench.bob)
    refer(near, "1003")
    near.say("BYE")
    bench.carol.reply(invited(bench.carol), 486)
    assert requests(far.phone) == ["BYE"]
    assert bench.journal.cdrs[0].cause == "transfer_failed"


def test_the_partner_who_hangs_up_ends_the_search(bench: Trio) -> None:
    near, far = bench.connect(bench.alice, bench.bob)
    refer(near, "1003")
    bench.carol.reply(invited(bench.carol), 180)
    far.say("BYE")
    assert "CANCEL" in requests(bench.carol)
    bench.advance(80.0)
    assert len(bench.journal.cdrs) == 1


def test_a_partner_on_hold_hears_no_music_any_more(bench: Trio) -> None:
    near, _ = bench.connect(bench.alice, bench.bob)
    near.say("INVITE", body=bench.alice.sdp() + "a=sendonly\r\n")
    bench.alice.ack(final(bench.alice.got()))
    refer(near, "1003")
    bench.pick_up(bench.carol, invited(bench.carol))
    assert len(bench.commanded(port.Play)) == len(bench.commanded(port.StopPlay)) == 1


def test_a_transfer_to_what_is_no_party_begins_it_for_the_partner(bench: Trio) -> None:
    near, far = bench.connect(bench.alice, bench.bob)
    refer(near, "*43")
    assert bench.reports(bench.alice)[-1] == "SIP/2.0 200 OK"
    (echo,) = bench.commanded(port.Echo)
    assert isinstance(echo, port.Echo) and len(bench.legs) == 1
    assert requests(bench.alice) == ["BYE"] and requests(far.phone) == []
    far.say("BYE")
    bench.advance(70.0)
    assert bench.idle()


@pytest.mark.parametrize("number", ["nobody", "1009"])
def test_a_target_that_is_not_there_is_refused_at_once(bench: Trio, number: str) -> None:
    near, _ = bench.connect(bench.alice, bench.bob)
    refer(near, number)
    (response,) = bench.alice.got()
    assert isinstance(response, Response) and response.status == 404 and len(bench.switch.calls) == 1


def test_a_stranger_may_not_transfer(bench: Trio) -> None:
    bench.directory.add_did("12025550123", "user", "1002")
    eve = Phone(bench, "eve@away.example", 9)
    eve.dial("12025550123")
    (invite,) = bench.bob.got()
    assert isinstance(invite, Request)
    bench.pick_up(bench.bob, invite)
    answer = final(eve.got())
    eve.ack(answer)
    talk = Talk(eve, eve.call_id, str(answer.contacts[0].uri), answer.headers.get("To") or "", eve.tag)
    refer(talk, "1003")
    (response,) = eve.got()
    assert isinstance(response, Response) and response.status == 403


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_an_attended_transfer_joins_the_two_others(bench: Trio, side: str) -> None:
    """RFC 5589 §7: both calls go through us, so that Replaces names a dialog of ours."""
    if side == "caller":
        first, bobs = bench.connect(bench.alice, bench.bob)
    else:
        bobs, first = bench.connect(bench.bob, bench.alice)
    second, carols = bench.connect(bench.alice, bench.carol, "second")
    refer(first, "1003", second.replaces())
    assert bench.reports(bench.alice) == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]
    assert requests(bench.alice) == ["BYE", "BYE"]
    assert requests(bench.bob) == requests(bench.carol) == [] and len(bench.legs) == 2
    assert {joined(bench).leg, joined(bench).peer} == bench.legs
    bobs.say("BYE")
    assert requests(bench.carol) == ["BYE"]
    bench.advance(80.0)
    assert bench.idle() and len(bench.journal.cdrs) == 2
    del carols


def test_a_consultation_that_still_rings_becomes_a_blind_transfer(bench: Trio) -> None:
    first, _ = bench.connect(bench.alice, bench.bob)
    alice = bench.alice
    alice.call_id, alice.tag = "second", "second-1001"
    alice.dial("1003")
    (invite,) = bench.carol.got()
    assert isinstance(invite, Request)
    bench.carol.reply(invite, 180)
    (ringing,) = alice.got()
    assert isinstance(ringing, Response)
    second = Talk(alice, "second", "", ringing.headers.get("To") or "", "second-1001")
    refer(first, "1003", second.replaces())
    assert invited(bench.carol).from_.uri.user == "1002"


def test_a_dialog_that_is_not_ours_cannot_be_replaced(bench: Trio) -> None:
    first, _ = bench.connect(bench.alice, bench.bob)
    refer(first, "1003", "elsewhere;to-tag=a;from-tag=b")
    (response,) = bench.alice.got()
    assert isinstance(response, Response) and response.status == 403 and len(bench.switch.calls) == 1


def test_an_invite_with_replaces_takes_the_place_of_a_side(bench: Trio) -> None:
    """RFC 3891 §3: the old dialog ends, its partner stays."""
    near, far = bench.connect(bench.alice, bench.bob)
    got = bench.carol.dial("1002", headers=f"Replaces: {near.replaces()}\r\nRequire: replaces\r\n")
    answer = final(got)
    assert answer.status == 200
    bench.carol.ack(answer)
    assert requests(bench.alice) == ["BYE"] and requests(bench.bob) == []
    assert {joined(bench).leg, joined(bench).peer} == bench.legs and len(bench.legs) == 2
    far.say("BYE")
    assert requests(bench.carol) == ["BYE"]
    bench.advance(80.0)
    assert bench.idle()


def test_an_invite_that_replaces_nothing_is_481(bench: Trio) -> None:
    header = "Replaces: nothing;to-tag=a;from-tag=b\r\n"
    assert final(bench.carol.dial("1002", headers=header)).status == 481


@pytest.mark.parametrize("value", ["nonsense", ""])
def test_an_unreadable_replaces_is_400(bench: Trio, value: str) -> None:
    assert final(bench.carol.dial("1002", headers=f"Replaces: {value}\r\n")).status == 400


def test_a_transferred_call_can_be_transferred_again(bench: Trio) -> None:
    near, far = bench.connect(bench.alice, bench.bob)
    refer(near, "1003")
    third = bench.pick_up(bench.carol, invited(bench.carol))
    bench.alice.got()
    bench.carol.got()
    refer(third, "1001")
    (invite,) = [m for m in bench.alice.got() if isinstance(m, Request) and m.method == "INVITE"]
    bench.pick_up(bench.alice, invite)
    assert bench.reports(bench.carol) == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]
    assert requests(bench.carol)[-1] == "BYE" and len(bench.legs) == 2
    far.say("BYE")
    assert "BYE" in requests(bench.alice)
    bench.advance(80.0)
    assert bench.idle()


def ringing(bench: Trio) -> tuple[Request, str]:
    """Alice calls Bob, whose phone rings; its INVITE, and its early dialog as a Replaces."""
    bench.alice.call_id, bench.alice.tag = "first", "first-1001"
    bench.alice.dial("1002")
    invite = invited(bench.bob)
    bench.bob.reply(invite, 180, tag="bobs")
    bench.alice.got()
    return invite, f"Replaces: {invite.call_id};to-tag={invite.from_.tag};from-tag=bobs\r\n"


@pytest.mark.parametrize("early_only", ["", ";early-only"])
def test_a_call_that_rings_elsewhere_is_picked_up(bench: Trio, early_only: str) -> None:  # RFC 3891 §3
    _, header = ringing(bench)
    bench.carol.call_id, bench.carol.tag = "pick-up", "pick-up-1003"
    answer = final(bench.carol.dial("1002", headers=header.replace("\r\n", early_only + "\r\n")))
    assert answer.status == 200
    bench.carol.ack(answer)
    picked = final(bench.alice.got())
    assert picked.status == 200
    bench.alice.ack(picked)
    (cancel,) = [m for m in bench.bob.got() if isinstance(m, Request)]
    assert cancel.method == "CANCEL" and "elsewhere" in (cancel.headers.get("Reason") or "")
    first, second = bench.switch.calls.values()
    assert {joined(bench).leg, joined(bench).peer} == {first.leg.id, second.leg.id}
    bench.carol.bye()
    assert requests(bench.alice) == ["BYE"] and len(bench.journal.cdrs) == 2


@pytest.mark.parametrize("ends", [("to-tag", "from-tag"), ("from-tag", "to-tag")])
def test_a_lamp_says_what_to_pick_up_and_no_more_once_it_is_answered(
    bench: Trio, ends: tuple[str, str]
) -> None:
    """RFC 4235 §4.1.1: phones disagree on which end's tag is whose."""
    ringing(bench)
    (line,) = bench.switch.subscriptions.lines.of(bench.directory.users["1002"].id)
    dialog = ElementTree.fromstring(dialog_info.document("1002", "demo.local", 0, [line]))[0]
    one, other = ends
    tags = f"{one}={dialog.get('local-tag')};{other}={dialog.get('remote-tag')}"
    header = f"Replaces: {dialog.get('call-id')};{tags}\r\n"
    bench.carol.call_id, bench.carol.tag = "pick-up", "pick-up-1003"
    answer = final(bench.carol.dial("1002", headers=header))
    assert answer.status == 200
    bench.carol.ack(answer)
    bench.alice.ack(final(bench.alice.got()))
    (cancel,) = [m for m in bench.bob.got() if isinstance(m, Request)]
    assert cancel.method == "CANCEL"
    assert not bench.switch.subscriptions.lines.of(bench.directory.users["1002"].id)
    bench.bob.call_id = "too-late"
    assert final(bench.bob.dial("1002", headers=header)).status == 481
    bench.carol.bye()
    assert requests(bench.alice) == ["BYE"]


def test_a_pick_up_of_a_ring_that_is_over_is_481(bench: Trio) -> None:
    invite, header = ringing(bench)
    bench.bob.reply(invite, 486)
    assert final(bench.carol.dial("1002", headers=header)).status == 481
