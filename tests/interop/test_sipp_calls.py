"""Everything that happens in a call, as sipp sees it from both ends, by UDP and by TCP (issue 3, *Calls*)."""

import re
from collections.abc import Iterator

import pytest

from tests.interop.house import TRANSPORTS, House
from tests.support.address import loopback
from tests.support.caller import Call, Phone
from tests.support.daemon import PASSWORDS
from tests.support.scenario import ALAW, AUDIO, FAX, HELD, Scenario, called, calling
from tests.support.sip import Message, tag_of

BOTH = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"))
    with made.daemon:
        yield made


def up(**invite: str) -> Scenario:
    """A user calls and is answered."""
    return (
        calling()
        .invite(AUDIO, digest=True, **invite)
        .expect(100, optional=True)
        .expect(180)
        .expect(200)
        .ack()
    )


def taken() -> Scenario:
    """It rings, and is taken."""
    return called().incoming().answer(180).pause(100).answer(200, AUDIO).ack_comes()


def hung_up(scenario: Scenario) -> Scenario:
    return scenario.pause(200).request("BYE").expect(200)


def ended(scenario: Scenario) -> Scenario:
    return scenario.comes("BYE").respond(200)


def play(
    house: House, transport: str, caller: Scenario, callee: Scenario, *, timeout: int = 20
) -> tuple[list[Message], list[Message]]:
    """A call through us from the user 1001 to a trunk; what each end got."""
    with (
        house.callee(callee, transport=transport, timeout=timeout) as far,
        house.caller(
            caller, f"+{TRANSPORTS[transport]}5550100", transport=transport, timeout=timeout
        ) as near,
    ):
        near.done()
        far.done()
        return near.wire(), far.wire()


def only(messages: list[Message], what: str | int) -> Message:
    return of(messages, what)[0]


def of(messages: list[Message], what: str | int) -> list[Message]:
    return [
        m
        for m in messages
        if (m.status == what if isinstance(what, int) else not m.status and m.method == what)
    ]


def ours(message: Message, house: House) -> bool:
    """The description leads to our audio ports."""
    text = message.body.decode()
    return f"c=IN IP4 {house.daemon.address}\r\n" in text and re.search(r"m=audio 2\d{4} ", text) is not None


@BOTH
def test_early_media_is_passed_both_ways(house: House, transport: str) -> None:
    """183 with SDP in, 183 with SDP out; the answer is the same (RFC 3261 §13.3.1.1, RFC 3264)."""
    callee = called().incoming().answer(183, AUDIO).pause(1_000).answer(200, AUDIO).ack_comes()
    caller = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(183).expect(200).ack()
    near, far = play(house, transport, hung_up(caller), ended(callee))
    assert ours(only(near, 183), house) and ours(only(far, "INVITE"), house)
    assert only(near, 200).body == only(near, 183).body
    assert 0.5 < only(near, 200).at - only(near, 183).at < 8.0
    assert "Q.850;cause=16" in only(far, "BYE").header("Reason")


@BOTH
def test_provisional_responses_are_acknowledged_in_both_roles(house: House, transport: str) -> None:
    """RFC 3262 §3, §4."""
    reliable = "Require: 100rel\nRSeq: 41"
    callee = (
        called().incoming().answer(183, AUDIO, reliable).comes("PRACK").respond(200).answer(200).ack_comes()
    )
    caller = (
        calling()
        .invite(AUDIO, "Require: 100rel", digest=True)
        .expect(100, optional=True)
        .expect(183)
        .prack()
        .expect(200)
        .expect(200)
        .ack()
    )
    near, far = play(house, transport, hung_up(caller), ended(callee))
    assert only(far, "PRACK").header("RAck") == "41 1 INVITE"
    assert only(near, 183).header("Require") == "100rel"
    assert not of(near, 200)[1].body, "the 183 held the answer"


@BOTH
@pytest.mark.parametrize("side", ["caller", "callee"])
def test_hold_resume_and_another_codec_are_answered_to_either_side(
    house: House, transport: str, side: str
) -> None:
    """RFC 3261 §14, RFC 3264 §8.4; fax is refused and changes nothing."""

    def changes(scenario: Scenario) -> Scenario:
        for sdp in (HELD, AUDIO, ALAW):
            scenario.pause(100).invite(sdp).expect(200).ack()
        return scenario.invite(FAX).expect(488).ack_refusal()

    caller, callee = (changes(up()), taken()) if side == "caller" else (up(), changes(taken()))
    caller.pause(0 if side == "caller" else 900)
    near, far = play(house, transport, hung_up(caller), ended(callee))
    got = near if side == "caller" else far
    answers = [m for m in of(got, 200) if m.method == "INVITE" and m.body][-3:]
    assert ["a=recvonly" in a.body.decode() for a in answers] == [True, False, False]
    assert re.search(r"m=audio \d+ RTP/AVP 8\r\n", answers[2].body.decode())
    assert "Warning" in dict(only(got, 488).headers)
    versions = [int(a.body.decode().split("o=")[1].split()[2]) for a in answers]
    assert versions == sorted(versions) and len(set(versions)) > 1, "RFC 3264 §8"


@BOTH
@pytest.mark.parametrize("side", ["caller", "callee"])
def test_an_update_is_answered_to_either_side(house: House, transport: str, side: str) -> None:
    """RFC 3311."""

    def changes(scenario: Scenario) -> Scenario:
        return scenario.pause(100).request("UPDATE", HELD).expect(200).request("UPDATE").expect(200)

    caller, callee = (changes(up()), taken()) if side == "caller" else (up(), changes(taken()))
    near, far = play(house, transport, hung_up(caller.pause(300)), ended(callee))
    first, second = [m for m in of(near if side == "caller" else far, 200) if m.method == "UPDATE"]
    assert "a=recvonly" in first.body.decode() and not second.body


@BOTH
def test_who_offers_nothing_gets_our_offer_and_answers_in_the_ack(house: House, transport: str) -> None:
    """RFC 3261 §13.2.1, at the start and in a re-INVITE of either side."""
    caller = calling().invite(digest=True).expect(100, optional=True).expect(180).expect(200).ack(AUDIO)
    caller.pause(100).invite().expect(200).ack(AUDIO)
    callee = taken().pause(400).invite().expect(200).ack(AUDIO)
    near, far = play(house, transport, hung_up(caller.pause(500)), ended(callee))
    offers = [m for m in (*of(near, 200), *of(far, 200)) if m.method == "INVITE"]
    assert len(offers) == 3 and all(ours(offer, house) for offer in offers)


@BOTH
def test_session_timers_are_kept_in_both_roles(house: House, transport: str) -> None:
    """RFC 4028 §6, §7.3, §9: too short is 422 either way."""
    callee = called().incoming().answer(422, headers="Min-SE: 4000").ack_comes()
    callee.incoming().answer(200, AUDIO, "Require: timer\nSession-Expires: 4000;refresher=uas").ack_comes()
    near, far = play(
        house,
        transport,
        hung_up(
            calling()
            .invite(AUDIO, "Supported: timer\nSession-Expires: 60")
            .expect(422)
            .ack_refusal()
            .invite(AUDIO, "Supported: timer\nSession-Expires: 300;refresher=uac", digest=True)
            .expect(100, optional=True)
            .expect(200)
            .ack()
        ),
        ended(callee),
    )
    assert only(near, 422).header("Min-SE") == "90"
    granted = next(m for m in of(near, 200) if m.method == "INVITE")
    assert granted.header("Session-Expires") == "300;refresher=uac" and "timer" in granted.header("Require")
    first, second = of(far, "INVITE")
    assert first.header("Session-Expires").startswith("1800") and second.header("Session-Expires").startswith(
        "4000"
    )
    assert second.header("Min-SE") == "4000" and second.header("Call-ID") == first.header("Call-ID")


@BOTH
def test_a_call_is_cancelled_with_its_reason(house: House, transport: str) -> None:
    """RFC 3261 §9, RFC 3326."""
    caller = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(180).pause(200)
    caller.cancel('Reason: SIP;cause=600;text="Not today"').expect(200).expect(487).ack_refusal()
    callee = called().incoming().answer(180).comes("CANCEL").respond(200).answer(487).ack_comes()
    near, far = play(house, transport, caller, callee)
    assert only(near, 487).method == "INVITE" and of(far, "CANCEL")
    assert only(far, "CANCEL").header("CSeq") == "1 CANCEL"


@BOTH
def test_a_200_that_crosses_our_cancel_is_acknowledged_and_hung_up(house: House, transport: str) -> None:
    """RFC 3261 §9.1, §15."""
    caller = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(180).pause(100)
    caller.cancel().expect(200).expect(487).ack_refusal()
    callee = (
        called()
        .incoming()
        .answer(180)
        .comes("CANCEL")
        .answer(200, AUDIO)
        .ack_comes()
        .comes("BYE")
        .respond(200)
    )
    _, far = play(house, transport, caller, callee)
    assert of(far, "ACK") and of(far, "BYE")


@BOTH
def test_an_offer_before_our_answer_is_told_to_come_again(house: House, transport: str) -> None:
    """RFC 3311 §5.2 glare: 491 or 500 with Retry-After; the call goes on."""
    caller = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(180)
    caller.request("UPDATE", AUDIO).expect(500).expect(200).ack()
    callee = called().incoming().answer(180).pause(600).answer(200, AUDIO).ack_comes()
    near, _ = play(house, transport, hung_up(caller), ended(callee))
    assert only(near, 500).method == "UPDATE" and int(only(near, 500).header("Retry-After")) <= 10


@BOTH
def test_no_hop_left_and_a_merged_request_are_refused(house: House, transport: str) -> None:
    """RFC 3261 §16.3: 483; §8.2.2.2: 482."""
    caller = calling().invite(AUDIO, "Max-Forwards: 0").expect(483).ack_refusal()
    with house.trunk(caller, transport=transport) as near:
        near.done()
        assert only(near.wire(), 483).method == "INVITE"


@pytest.mark.parametrize(
    ("status", "transport"), [(486, "u1"), (603, "u1"), (404, "u1"), (480, "u1"), (486, "t1"), (603, "t1")]
)
def test_a_refusal_reaches_the_caller_with_reason(house: House, status: int, transport: str) -> None:
    """RFC 3261 §16.7, RFC 3326."""
    caller = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(status).ack_refusal()
    near, far = play(house, transport, caller, called().incoming().answer(status).ack_comes())
    assert "Q.850;cause=" in only(near, status).header("Reason") and len(of(far, "INVITE")) == 1


def test_a_trunk_calls_a_did_and_is_led_on(house: House) -> None:
    """By its address, not challenged; UDP in, TCP out."""
    caller = calling().invite(AUDIO).expect(100, optional=True).expect(180).expect(200).ack()
    with (
        house.callee(ended(taken()), transport="t1") as far,
        house.trunk(hung_up(caller), "12025550101") as near,
    ):
        near.done()
        far.done()
        assert not near.wire(401) and far.one("INVITE").uri.startswith("sip:+14165550100@")


FORWARDS = {
    "always": ("1004", "+14155550105", "unconditional"),
    "unreachable": ("1003", "+14155550104", "unavailable"),
}


@pytest.mark.parametrize("why", FORWARDS)
def test_a_user_who_is_not_there_or_does_not_want_is_forwarded(house: House, why: str) -> None:
    """181; Diversion (RFC 5806) and History-Info (RFC 7044) tell the target."""
    number, target, reason = FORWARDS[why]
    caller = (
        calling()
        .invite(AUDIO, digest=True)
        .expect(100, optional=True)
        .expect(181)
        .expect(180)
        .expect(200)
        .ack()
    )
    with house.callee(ended(taken())) as far, house.caller(hung_up(caller), number) as near:
        near.done()
        far.done()
        invite = far.one("INVITE")
        assert invite.uri.startswith(f"sip:{target}@")
        assert f"sip:{number}@demo.local" in invite.header("Diversion") and reason in invite.header(
            "Diversion"
        )
        assert "index=1.1" in ",".join(invite.all("History-Info"))


@BOTH
def test_a_busy_user_is_forwarded(house: House, transport: str) -> None:
    house.register("1003", house.other, transport)
    caller = (
        calling()
        .invite(AUDIO, digest=True)
        .expect(100, optional=True)
        .expect(181)
        .expect(180)
        .expect(200)
        .ack()
    )
    with (
        house.callee(
            called().incoming().answer(486).ack_comes(), address=house.other, transport=transport
        ) as busy,
        house.callee(ended(taken())) as far,
        house.caller(hung_up(caller), "1003", transport=transport) as near,
    ):
        near.done()
        far.done()
        busy.done()
        assert "user-busy" in far.one("INVITE").header("Diversion")
    house.forget("1003", house.other)


@BOTH
def test_a_phone_that_is_not_answered_is_forwarded_in_time(house: House, transport: str) -> None:
    house.register("1010", house.other, transport)
    caller = (
        calling()
        .invite(AUDIO, digest=True)
        .expect(100, optional=True)
        .expect(180)
        .expect(181)
        .expect(180)
        .expect(200)
        .ack()
    )
    ringing = called().incoming().answer(180).comes("CANCEL").respond(200).answer(487).ack_comes()
    with (
        house.callee(ringing, address=house.other, transport=transport) as desk,
        house.callee(ended(taken())) as far,
        house.caller(hung_up(caller), "1010", transport=transport) as near,
    ):
        near.done()
        far.done()
        desk.done()
        assert "no-answer" in far.one("INVITE").header("Diversion")
        assert 0.5 < near.one(181).at - near.one(180).at < 8.0, "ring_time is a second"
    house.forget("1010", house.other)


@BOTH
def test_who_does_not_want_to_be_disturbed_is_not(house: House, transport: str) -> None:
    caller = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(480).ack_refusal()
    with house.caller(caller, "1009", transport=transport) as near:
        near.done()
        assert "do_not_disturb" in near.one(480).header("Reason") + near.one(480).header("Warning")


@BOTH
def test_a_deflection_is_followed_with_the_rights_of_who_deflects(house: House, transport: str) -> None:
    """302 to a public number (RFC 3261 §8.1.3.4)."""
    house.register("1002", house.other, transport)
    moved = called().incoming().answer(302, headers="Contact: <sip:+14155550107@demo.local>").ack_comes()
    caller = (
        calling()
        .invite(AUDIO, digest=True)
        .expect(100, optional=True)
        .expect(181)
        .expect(180)
        .expect(200)
        .ack()
    )
    with (
        house.callee(moved, address=house.other, transport=transport) as desk,
        house.callee(ended(taken())) as far,
        house.caller(hung_up(caller), "1002", transport=transport) as near,
    ):
        near.done()
        far.done()
        desk.done()
        assert far.one("INVITE").uri.startswith("sip:+14155550107@")
        assert "deflection" in far.one("INVITE").header("Diversion")
    house.forget("1002", house.other)


@BOTH
def test_devices_ring_at_once_and_the_slower_is_told_who_won(house: House, transport: str) -> None:
    """Forking: CANCEL with Reason (RFC 3326)."""
    house.register("1005", house.far, transport)
    house.register("1006", house.other, transport)
    slow = called().incoming().answer(180).comes("CANCEL").respond(200).answer(487).ack_comes()
    with (
        house.callee(slow, address=house.other, transport=transport) as loser,
        house.callee(ended(taken()), transport=transport) as winner,
        house.caller(hung_up(up()), "1005", transport=transport) as near,
    ):
        near.done()
        winner.done()
        loser.done()
        assert "cause=200" in loser.one("CANCEL").header("Reason")
        assert abs(loser.one("INVITE").at - winner.one("INVITE").at) < 0.5
    house.forget("1005", house.far)
    house.forget("1006", house.other)


@BOTH
def test_a_device_that_answers_with_no_codec_of_ours_leaves_the_call_to_the_other(
    house: House, transport: str
) -> None:
    """RFC 3261 §13.2.2.4, RFC 3326: its 200 is acknowledged and ended by BYE; nobody else hears of it."""
    house.register("1005", house.far, transport)
    house.register("1006", house.other, transport)
    g729 = AUDIO.replace("0 8 101", "18")
    odd = called().incoming().answer(180).answer(200, g729).ack_comes().comes("BYE").respond(200)
    other = called().incoming().answer(180).pause(1_500).answer(200, AUDIO).ack_comes()
    with (
        house.callee(odd, transport=transport) as useless,
        house.callee(ended(other), address=house.other, transport=transport) as winner,
        house.caller(hung_up(up()), "1005", transport=transport) as near,
    ):
        near.done()
        winner.done()
        useless.done()
        assert "cause=488" in useless.one("BYE").header("Reason")
        assert useless.one("BYE").at < winner.one("ACK").at and not winner.wire("CANCEL")
    house.forget("1005", house.far)
    house.forget("1006", house.other)


@BOTH
def test_devices_ring_one_after_the_other(house: House, transport: str) -> None:
    house.register("1008", house.far, transport)
    house.register("1007", house.other, transport)
    first = called().incoming().answer(180).comes("CANCEL").respond(200).answer(487).ack_comes()
    with (
        house.callee(first, address=house.other, transport=transport) as tried,
        house.callee(ended(taken()), transport=transport) as taker,
        house.caller(hung_up(up()), "1007", transport=transport) as near,
    ):
        near.done()
        taker.done()
        tried.done()
        assert 0.5 < taker.one("INVITE").at - tried.one("INVITE").at < 8.0, "ring_time is a second"
    house.forget("1007", house.other)
    house.forget("1008", house.far)


@BOTH
def test_one_device_alone_rings_where_that_is_asked_for(house: House, transport: str) -> None:
    """`ring: first`: what it says is the answer, and no other is tried."""
    house.register("1015", house.far, transport)
    house.register("1014", house.other, transport)
    refused = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(486).ack_refusal()
    with (
        house.callee(
            called().incoming().answer(486).ack_comes(), address=house.other, transport=transport
        ) as best,
        house.callee(ended(taken()), transport=transport) as spare,
        house.caller(refused, "1014", transport=transport) as near,
    ):
        near.done()
        best.done()
        assert len(best.wire("INVITE")) == 1 and not spare.wire()
    house.forget("1014", house.other)
    house.forget("1015", house.far)


@BOTH
@pytest.mark.parametrize(("target", "outcome"), [("*43", "200"), ("1009", "480")])
def test_a_blind_transfer_is_reported_also_when_it_fails(
    house: House, transport: str, target: str, outcome: str
) -> None:
    """RFC 3515, RFC 5589 §6: 202, NOTIFY 100, NOTIFY with the outcome; the callee stays in the call."""
    caller = up().pause(200).request("REFER", headers=f"Refer-To: <sip:{target}@demo.local>")
    caller.expect(202).comes("NOTIFY").respond(200).comes("NOTIFY").respond(200)
    if outcome == "200":
        caller.comes("BYE").respond(200)
        callee = taken().pause(700).request("BYE").expect(200)
    else:
        callee = ended(taken())
        hung_up(caller)
    near, _ = play(house, transport, caller, callee)
    first, last = of(near, "NOTIFY")
    assert first.body.startswith(b"SIP/2.0 100") and last.body.startswith(f"SIP/2.0 {outcome}".encode())
    assert first.header("Subscription-State").startswith("active")
    assert last.header("Subscription-State").startswith("terminated")


@BOTH
def test_who_a_transfer_leads_to_hears_who_sent_him(house: House, transport: str) -> None:
    """RFC 3892: Referred-By of the REFER stands in the INVITE that comes of it."""
    lines = "Refer-To: <sip:+14245550100@demo.local>\nReferred-By: <sip:1001@demo.local>"
    caller = up().pause(200).request("REFER", headers=lines).expect(202)
    for _ in ("100", "180", "200"):
        caller.comes("NOTIFY").respond(200)
    caller.comes("BYE").respond(200)
    stays = taken().pause(1_500).request("BYE").expect(200)
    with house.callee(ended(taken()), address=house.other) as target:
        play(house, transport, caller, stays)
        target.done()
        assert target.one("INVITE").header("Referred-By").startswith("<sip:1001@demo.local>")


@BOTH
@pytest.mark.parametrize(
    ("number", "headers", "why"),
    [("1011", "", "forward_loop"), ("1004", "Diversion: <sip:1@h>;counter=5", "too_many_forwards")],
)
def test_forwards_end_that_go_round_or_too_far(
    house: House, transport: str, number: str, headers: str, why: str
) -> None:
    """RFC 5806 §10: 482 for a circle, and for the sixth in a row, those of others among them."""
    caller = calling().invite(AUDIO, headers, digest=True).expect(100, optional=True)
    caller.expect(181, optional=True).expect(482).ack_refusal()
    with house.caller(caller, number, transport=transport) as near:
        near.done()
        assert why in near.one(482).header("Warning") + near.one(482).header("Reason")


@BOTH
def test_a_transfer_to_nobody_is_refused_at_once(house: House, transport: str) -> None:
    caller = up().pause(200).request("REFER", headers="Refer-To: <sip:nobody@demo.local>").expect(404)
    near, _ = play(house, transport, hung_up(caller), ended(taken()))
    assert "no_such_number" in only(near, 404).header("Warning")


def replaced(call: Call) -> str:
    """The dialog, as a header field in a Refer-To (RFC 3891 §3, escaped)."""
    return f"{call.id}%3Bto-tag%3D{tag_of(call.remote)}%3Bfrom-tag%3D{tag_of(call.local)}"


@BOTH
def test_an_attended_transfer_joins_the_two_who_were_talked_to(house: House, transport: str) -> None:
    """RFC 5589 §7: 202, the outcome, and a BYE in both calls of who transfers; the others talk on."""
    stays = taken().pause(6_000).request("BYE").expect(200)
    with (
        house.callee(stays, transport=transport) as far,
        house.callee(ended(taken()), address=house.other) as other,
        Phone(loopback(), house.daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        first, second = phone.dial(f"+{TRANSPORTS[transport]}5550100"), phone.dial("+14245550100")
        lines = (("Refer-To", f"<sip:+14245550100@demo.local?Replaces={replaced(second)}>"),)
        assert phone.request(first.within("REFER", headers=lines)).status == 202
        first.wait_ended()
        second.wait_ended()
        reports = [m.body for m in phone.requests if m.method == "NOTIFY"]
        assert reports[-1].startswith(b"SIP/2.0 200")
        assert not far.wire("BYE") and not other.wire("BYE")
        far.done()
        other.done()
        # sipp notes the time of what it sends when it has been sent: ours may seem to come before it.
        assert other.one("BYE").at > far.one("BYE", received=False).at - 0.1


def test_an_attended_transfer_to_a_dialog_that_is_none_is_refused(house: House) -> None:
    with (
        house.callee(ended(taken())) as far,
        Phone(loopback(), house.daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        call = phone.dial("+14155550100")
        lines = (("Refer-To", "<sip:1@demo.local?Replaces=gone%3Bto-tag%3Da%3Bfrom-tag%3Db>"),)
        assert phone.request(call.within("REFER", headers=lines)).status == 403
        assert not call.ended.is_set()
        call.hang_up()
        far.done()


@BOTH
@pytest.mark.timeout(150)
def test_sessions_are_refreshed_at_half_time_and_glare_is_settled(house: House, transport: str) -> None:
    """RFC 4028 §7.4, RFC 3261 §14.1: 90 s are the least, so this takes 49 s.

    To the caller, who asked for it and knows UPDATE, it is an UPDATE; to the callee, who does not, a
    re-INVITE. Both cross there: ours is refused with 491 and comes again after 2.1 to 4 s, theirs is
    refused with 491 as long as ours is open.
    """
    timer = "Supported: timer\nSession-Expires: 90;refresher=uas\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE"
    granted = "Require: timer\nSession-Expires: 90;refresher=uac"
    caller = up(headers=timer).comes("UPDATE").respond(200, headers=granted).pause(6_000)
    callee = called().incoming().answer(180).answer(200, AUDIO, granted).ack_comes()
    callee.incoming_again().invite(AUDIO).expect(491).ack_refusal().answer(491).ack_comes()
    callee.incoming_again().answer(200, AUDIO, granted).ack_comes()
    near, far = play(house, transport, hung_up(caller), ended(callee), timeout=90)
    answered, update = next(m for m in of(near, 200) if m.method == "INVITE"), only(near, "UPDATE")
    assert 44.0 < update.at - answered.at < 60.0 and "refresher=uac" in update.header("Session-Expires")
    first, second, third = of(far, "INVITE")
    assert 44.0 < second.at - first.at < 60.0 and 2.1 < third.at - second.at < 8.0
    assert second.body == third.body and b"m=audio 2" in second.body
    assert only(far, 491).method == "INVITE"


@BOTH
@pytest.mark.parametrize("package", ["dialog", "presence", "message-summary", "reg"])
def test_a_subscription_is_granted_and_told_at_once(house: House, package: str, transport: str) -> None:
    """RFC 6665 §4.2, with RFC 4235, 3856, 3842 and 3680."""
    number = "1001" if package in ("message-summary", "reg") else "1002"
    watcher = calling().subscribe(package)
    with house.caller(watcher, number, transport=transport) as near:
        near.done()
        notify = near.one("NOTIFY")
        assert notify.header("Event") == package and notify.header("Subscription-State").startswith("active")
        assert notify.body and near.one(200).header("Expires")


@BOTH
def test_a_text_waits_until_its_reader_is_there(house: House, transport: str) -> None:
    """RFC 3428: 202 and kept, then delivered on REGISTER."""
    writer = calling().message("see you at nine")
    reader = called().comes("MESSAGE").respond(200)
    with house.caller(writer, "1002", transport=transport) as near:
        near.done()
        assert near.one(202).method == "MESSAGE"
    with house.callee(reader, address=house.other) as phone:
        house.register("1002", house.other)
        phone.done()
        assert phone.one("MESSAGE").body.strip() == b"see you at nine"
    house.forget("1002", house.other)
