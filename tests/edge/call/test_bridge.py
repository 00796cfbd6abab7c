"""Two dialogs and our audio between them (B2BUA), and who wins when several phones ring."""

import gc
import weakref
from dataclasses import replace

import pytest

from edge.call.bridge import BridgeTreatment
from edge.call.call import Call
from edge.call.hunt import Hunt
from edge.call.ringing import Ringing
from edge.call.transfer import Transfer
from edge.sip.flow import Transport
from edge.sip.message import Request, Response
from edge.sip.session import Session
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final
from tests.support.trio import Trio

PARTS = Call | BridgeTreatment | Hunt | Ringing | Transfer | Session


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002", "bob", "bob-mobile")
    return Bench(directory)


def rung(bench: Bench, *phones: Phone) -> tuple[Phone, list[Request]]:
    """1001 dials 1002; the INVITEs that `phones` got."""
    alice = Phone(bench, "1001")
    for phone in phones:
        phone.register()
    alice.dial("1002")
    invites = [message for phone in phones for message in phone.got()]
    assert all(isinstance(invite, Request) for invite in invites)
    return alice, invites  # type: ignore[return-value]


def test_the_callees_hang_up_reaches_the_caller(bench: Bench) -> None:
    bob = Phone(bench, "bob", 3)
    alice, (invite,) = rung(bench, bob)
    bob.reply(invite, 200, bob.sdp())
    alice.ack(final(alice.got()))
    (ack,) = bob.got()
    assert isinstance(ack, Request)
    bob.tag, bob.call_id = "phone3", invite.call_id
    bob.say("BYE", str(invite.contacts[0].uri), to=invite.headers.get("From") or "")
    (bye,) = [m for m in alice.got() if isinstance(m, Request)]
    assert bye.method == "BYE" and bench.journal.cdrs[0].cause == "callee_hangup"


def test_everybody_busy_is_busy_and_one_decline_does_not_hide_it(bench: Bench) -> None:
    """RFC 3261 §16.7 step 6: the best of the refusals."""
    desk, mobile = Phone(bench, "bob", 3), Phone(bench, "bob-mobile", 4)
    alice, (to_desk, to_mobile) = rung(bench, desk, mobile)
    desk.reply(to_desk, 503)
    assert alice.got() == []
    mobile.reply(to_mobile, 486)
    assert final(alice.got()).status == 486
    assert bench.journal.cdrs[0].disposition == "busy"


def test_a_6xx_stops_the_other_phones(bench: Bench) -> None:
    desk, mobile = Phone(bench, "bob", 3), Phone(bench, "bob-mobile", 4)
    alice, (to_desk, to_mobile) = rung(bench, desk, mobile)
    mobile.reply(to_mobile, 180)
    desk.reply(to_desk, 603)
    (cancel,) = [m for m in mobile.got() if isinstance(m, Request) and m.method == "CANCEL"]
    assert final(alice.got()).status == 603 and cancel.call_id == to_mobile.call_id


def test_two_phones_that_answer_at_once_leave_one_call(bench: Bench) -> None:
    desk, mobile = Phone(bench, "bob", 3), Phone(bench, "bob-mobile", 4)
    alice, (to_desk, to_mobile) = rung(bench, desk, mobile)
    desk.reply(to_desk, 200, desk.sdp())
    mobile.got()
    mobile.reply(to_mobile, 200, mobile.sdp())
    methods = [m.method for m in mobile.got() if isinstance(m, Request)]
    assert methods == ["ACK", "BYE"]
    assert final(alice.got()).status == 200 and len(bench.switch.calls) == 1


def test_an_answer_without_usable_audio_ends_the_call(bench: Bench) -> None:
    bob = Phone(bench, "bob", 3)
    alice, (invite,) = rung(bench, bob)
    bob.reply(invite, 200, bob.sdp().replace("0 8 101", "18"))
    assert [m.method for m in bob.got() if isinstance(m, Request)] == ["ACK", "BYE"]
    assert final(alice.got()).status == 488
    bench.advance(64.0)
    assert not bench.legs


def test_what_the_callee_offers_again_is_answered_here(bench: Bench) -> None:
    bob = Phone(bench, "bob", 3)
    alice, (invite,) = rung(bench, bob)
    bob.reply(invite, 200, bob.sdp())
    alice.ack(final(alice.got()))
    bob.got()
    bob.call_id = invite.call_id
    target, to = str(invite.contacts[0].uri), invite.headers.get("From") or ""
    bob.say("INVITE", target, to=to, body=bob.sdp() + "a=sendonly\r\n")
    answer = final(bob.got())
    assert answer.status == 200 and b"a=recvonly" in answer.body
    assert alice.got() == []


def test_a_trunk_that_cannot_be_found_is_503_and_names_its_setting(bench: Bench) -> None:
    bench.directory.add_trunk("main", "sip:nowhere.example", default=True)
    bench.hosts["nowhere.example"] = None
    refused = final(Phone(bench, "1001").dial("14155550100"))
    assert refused.status == 503 and "trunk_unreachable" in (refused.headers.get("Warning") or "")


def test_a_trunk_that_is_found_when_the_caller_has_gone_takes_no_port(bench: Bench) -> None:
    class Slow(dict[str, str | None]):
        def get(self, host: str, default: str | None = None) -> str | None:  # type: ignore[override]
            bench.switch.hang_up_all("drained", bench.now)
            bench.drain()
            return "127.0.0.9"

    bench.directory.add_trunk("main", "sip:slow.example", default=True)
    bench.hosts = Slow()
    Phone(bench, "1001").dial("14155550100")
    assert len(bench.journal.cdrs) == 1 and not bench.legs
    assert len(bench.commanded(port.Allocate)) == len(bench.commanded(port.Release)) == 1


def test_a_trunk_whose_transport_we_do_not_speak_is_503(bench: Bench) -> None:
    bench.directory.add_trunk("main", "sip:127.0.0.9;transport=sctp", default=True)
    assert final(Phone(bench, "1001").dial("14155550100")).status == 503


def test_ringing_is_passed_on_without_sdp_when_several_ring(bench: Bench) -> None:
    desk, mobile = Phone(bench, "bob", 3), Phone(bench, "bob-mobile", 4)
    alice, (to_desk, _) = rung(bench, desk, mobile)
    desk.reply(to_desk, 183, desk.sdp())
    (progress,) = alice.got()
    assert isinstance(progress, Response) and progress.status == 180 and not progress.body
    assert not bench.commanded(port.Bridge)


def test_legs_are_named_in_the_cdr(bench: Bench) -> None:
    bob = Phone(bench, "bob", 3)
    alice, (invite,) = rung(bench, bob)
    bob.reply(invite, 200, bob.sdp())
    alice.ack(final(alice.got()))
    (call,) = bench.switch.calls.values()
    call.finish("answered", "test", bench.now)
    bench.switch.hang_up_all("", bench.now)
    bench.drain()
    assert set(bench.journal.cdrs[0].media) == {"caller", "callee"}


WIDE = "m=audio 40000 RTP/AVP 9 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"


@pytest.mark.parametrize("status", [183, 200])
@pytest.mark.parametrize(
    "callee, spoken", [("0 101", ["pcmu"]), ("9 101", ["g722"]), ("8 101", ["g722", "pcma"])]
)
def test_audio_is_not_coded_anew_where_the_caller_speaks_what_the_callee_does(
    bench: Bench, status: int, callee: str, spoken: list[str]
) -> None:
    """Early media and the answer alike; what the caller did not offer is not put into its mouth."""
    alice, bob = Phone(bench, "1001"), Phone(bench, "bob", 3)
    bob.register()
    alice.dial("1002", body=alice.sdp()[: alice.sdp().index("m=audio")] + WIDE)
    (invite,) = bob.got()
    assert isinstance(invite, Request) and b"RTP/AVP 9 0 " in invite.body
    bob.reply(invite, status, bob.sdp()[: bob.sdp().index("m=audio")] + WIDE.replace("9 0 101", callee))
    (told,) = [m for m in alice.got() if isinstance(m, Response) and m.status == status]
    assert f"RTP/AVP {'9 0' if len(spoken) > 1 or spoken == ['g722'] else '0 9'} 101".encode() in told.body
    assert sorted({connect.codec.name for connect in bench.commanded(port.Connect)}) == spoken


def test_early_media_both_ways_is_acknowledged_by_prack_on_either_side(bench: Bench) -> None:
    """RFC 3262: each dialog on its own; RFC 6337 §2.1: the 200 says nothing new."""
    bob = Phone(bench, "bob", 3)
    bob.register()
    alice = Phone(bench, "1001")
    alice.dial("1002", headers="Supported: 100rel\r\n")
    (invite,) = bob.got()
    assert isinstance(invite, Request) and "100rel" in invite.headers.elements("Supported")
    bob.reply(invite, 183, bob.sdp(), headers="Require: 100rel\r\nRSeq: 9\r\n")
    (prack,) = bob.got()
    assert isinstance(prack, Request) and prack.headers.get("RAck") == "9 1 INVITE"
    bob.reply(prack, 200)
    (early,) = alice.got()
    assert isinstance(early, Response) and early.status == 183 and early.body
    assert early.headers.get("Require") == "100rel" and len(bench.commanded(port.Bridge)) == 1
    bob.reply(invite, 200)
    assert alice.got() == []  # waits for the PRACK
    rack = f"RAck: {early.headers.get('RSeq')} {early.headers.get('CSeq')}\r\n"
    alice.say("PRACK", str(early.contacts[0].uri), to=early.headers.get("To") or "", headers=rack)
    answers = [m for m in alice.got() if isinstance(m, Response)]
    assert [(m.status, m.cseq.method, m.body) for m in answers] == [(200, "PRACK", b""), (200, "INVITE", b"")]


def test_a_caller_that_requires_100rel_and_offers_nothing_gets_our_offer_in_the_ringing(bench: Bench) -> None:
    """RFC 3262 §5."""
    bob = Phone(bench, "bob", 3)
    bob.register()
    alice = Phone(bench, "1001")
    alice.dial("1002", body="", headers="Require: 100rel\r\n")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 180)
    (ringing,) = alice.got()
    assert isinstance(ringing, Response) and b"m=audio" in ringing.body
    rack = f"RAck: {ringing.headers.get('RSeq')} {ringing.headers.get('CSeq')}\r\n"
    to = ringing.headers.get("To") or ""
    alice.say("PRACK", str(ringing.contacts[0].uri), to=to, headers=rack, body=alice.sdp())
    assert alice.statuses() == [200]
    bob.reply(invite, 200, bob.sdp())
    assert final(alice.got()).body == b"" and len(bench.commanded(port.Connect)) >= 2


def test_an_update_before_our_answer_is_told_to_come_again(bench: Bench) -> None:
    """RFC 3311 §5.2: an offer is open."""
    bob = Phone(bench, "bob", 3)
    bob.register()
    alice = Phone(bench, "1001")
    alice.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 180)
    (ringing,) = alice.got()
    assert isinstance(ringing, Response)
    to = ringing.headers.get("To") or ""
    alice.say("UPDATE", str(ringing.contacts[0].uri), to=to, body=alice.sdp())
    (response,) = alice.got()
    assert isinstance(response, Response) and response.status == 500 and response.headers.get("Retry-After")


def test_descriptions_in_bodies_of_several_parts_are_read_on_both_sides(bench: Bench) -> None:
    """RFC 5621: what a carrier puts beside its SDP is not for us."""
    bob = Phone(bench, "bob", 3)
    alice = Phone(bench, "1001")
    bob.register()

    def parts(sdp: str) -> str:
        return (
            f"--b\r\nContent-Type: application/isup\r\n\r\n1\r\n"
            f"--b\r\nContent-Type: application/sdp\r\n\r\n{sdp}--b--\r\n"
        )

    kind = "multipart/mixed;boundary=b"
    uri = "sip:1002@demo.local"
    alice.say("INVITE", uri)
    challenge = final(alice.got())
    alice.ack(challenge, uri)
    proof = alice.authorization(challenge, "INVITE", uri)
    alice.say("INVITE", uri, headers=proof, body=parts(alice.sdp()), content_type=kind)
    (invite,) = bob.got()
    assert isinstance(invite, Request) and invite.content_type == "application/sdp"
    bob.reply(invite, 200, parts(bob.sdp(41_000)), content_type=kind)
    assert final(alice.got()).content_type == "application/sdp"
    connected = [c.remote[1] for c in bench.commands if isinstance(c, port.Connect)]
    assert sorted(set(connected)) == [40_000, 41_000]


def browser_sdp(setup: str) -> str:
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 126\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\n"
        f"a=setup:{setup}\r\na=ice-ufrag:abcd\r\na=ice-pwd:{'p' * 22}\r\na=fingerprint:sha-256 "
        + ":".join(["0F"] * 32)
        + "\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:126 telephone-event/8000\r\n"
    )


def test_a_browser_and_a_desk_phone_of_one_user_each_get_their_own_offer(bench: Bench) -> None:
    """RFC 7118: who registered by WebSocket is offered ICE and DTLS, the others plain RTP."""
    desk, browser = Phone(bench, "bob", 3), Phone(bench, "bob-mobile", 4, transport=Transport.WSS)
    alice, (to_desk, to_browser) = rung(bench, desk, browser)
    assert b"RTP/AVP" in to_desk.body and b"ice-ufrag" not in to_desk.body
    assert b"UDP/TLS/RTP/SAVPF" in to_browser.body and b"a=setup:actpass" in to_browser.body
    assert b"a=fingerprint:sha-256 AB:" in to_browser.body
    browser.reply(to_browser, 200, browser_sdp("active"))
    answer = final(alice.got())
    alice.ack(answer)
    connects = bench.commanded(port.Connect)
    assert sorted(command.webrtc is not None for command in connects) == [False, True]
    assert len(bench.legs) == 2, "the leg that was for phones is given back"
    alice.to, alice.remote = answer.headers.get("To") or "", str(answer.contacts[0].uri)
    alice.bye()
    (cdr,) = bench.journal.cdrs
    assert cdr.cause == "caller_hangup" and set(cdr.media) == {"caller", "callee"}


def test_phones_of_a_user_may_be_offered_dtls_too_and_plain_audio_of_theirs_is_refused() -> None:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002", "bob", "bob-mobile")
    bob = directory.users["1002"]
    directory.users["1002"] = replace(bob, audio=replace(bob.audio, srtp="dtls"))
    bench = Bench(directory)
    desk, browser = Phone(bench, "bob", 3), Phone(bench, "bob-mobile", 4, transport=Transport.WSS)
    _, (to_desk, to_browser) = rung(bench, desk, browser)
    assert b" UDP/TLS/RTP/SAVP " in to_desk.body and b"ice-ufrag" not in to_desk.body
    assert b"a=fingerprint:sha-256 AB:" in to_desk.body and b"a=crypto" not in to_desk.body
    assert b" UDP/TLS/RTP/SAVPF " in to_browser.body and b"ice-ufrag" in to_browser.body
    assert final(desk.dial("*43")).status == 488


def test_a_desk_phone_that_answers_first_gives_back_the_browsers_leg(bench: Bench) -> None:
    desk, browser = Phone(bench, "bob", 3), Phone(bench, "bob-mobile", 4, transport=Transport.WSS)
    alice, (to_desk, to_browser) = rung(bench, desk, browser)
    browser.reply(to_browser, 180)
    desk.reply(to_desk, 200, desk.sdp())
    alice.ack(answer := final(alice.got()))
    (cancel,) = [m for m in browser.got() if isinstance(m, Request) and m.method == "CANCEL"]
    assert cancel.call_id == to_browser.call_id and len(bench.legs) == 2
    alice.to, alice.remote = answer.headers.get("To") or "", str(answer.contacts[0].uri)
    alice.bye()
    assert len(bench.journal.cdrs) == 1 and not bench.legs


@pytest.mark.parametrize("cause", ["ice_timeout", "dtls_failed", "consent_lost"])
def test_a_browser_that_fails_ends_the_call_by_name(bench: Bench, cause: str) -> None:
    caller = Phone(bench, "1001", 5, transport=Transport.WSS)
    answer = final(caller.dial("*43", body=browser_sdp("actpass")))
    caller.ack(answer)
    assert b"a=setup:active" in answer.body and b"a=mid:0" in answer.body
    (connect,) = bench.commanded(port.Connect)
    assert isinstance(connect, port.Connect) and connect.webrtc is not None
    bench.media(port.Failed(connect.leg, cause, "it is gone"))
    (bye,) = [m for m in caller.got() if isinstance(m, Request)]
    assert bye.method == "BYE" and cause in (bye.headers.get("Reason") or "")
    assert [cdr.cause for cdr in bench.journal.cdrs] == [cause]


@pytest.mark.parametrize("how", ["answered", "cancelled", "transferring"])
def test_nothing_of_a_bridged_call_is_left_to_the_collector(how: str) -> None:
    """Circles of objects wait for a garbage collection, in which all audio stands still."""
    bench = Trio()
    gc.collect()
    gc.disable()
    try:
        alice = bench.alice
        if how == "cancelled":
            alice.dial("1002")
        else:
            near, _ = bench.connect(alice, bench.bob)
            if how == "transferring":
                near.say("REFER", headers="Refer-To: <sip:1003@demo.local>\r\n")
        left = [weakref.ref(part) for part in gc.get_objects() if issubclass(type(part), PARTS)]
        assert len(left) >= 6, "a call, what it gets, who is sought and rung, and two sessions"
        if how == "cancelled":
            alice.say("CANCEL", "sip:1002@demo.local", branch=alice.invite_branch, cseq=alice.cseq)
        else:
            near.say("BYE")
        bench.advance(120)
        assert bench.idle() and {ref() for ref in left} == {None}
    finally:
        gc.enable()
