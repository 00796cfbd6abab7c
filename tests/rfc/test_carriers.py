"""What carriers do to calls, each through one bridged call with a phone at the other end."""

import pytest

from edge.sip.digest import Credentials
from edge.sip.keyring import proofs
from edge.sip.message import Request
from tests.support.edge import final
from tests.support.party import Party, Trunked, asks


@pytest.fixture
def site() -> Trunked:
    return Trunked()


def nonce(request: Request) -> str:
    (pair,) = proofs(request)
    return Credentials.parse(pair[1]).nonce


def hang_up(site: Trunked, who: Party, other: Party) -> None:
    """And see that nothing is left."""
    assert final(who.say("BYE")).status == 200
    (bye,) = other.asked("BYE")
    other.reply(bye, 200)
    site.over()


# Challenges.


def test_a_carrier_that_challenges_everything_gets_its_bye(site: Trunked) -> None:
    """RFC 3261 §22.2: also where the carrier began the call."""
    for began in ("us", "the carrier"):
        site = Trunked()
        alice, carrier = site.out() if began == "us" else site.in_()
        alice.say("BYE")
        (bye,) = carrier.asked("BYE")
        carrier.reply(bye, 407, headers=asks(407, "1"))
        (again,) = carrier.asked("BYE")
        assert nonce(again) == "1" and again.cseq.number == bye.cseq.number + 1
        carrier.reply(again, 200)
        assert site.over().cause == ("caller_hangup" if began == "us" else "callee_hangup")


def test_a_refresh_that_is_challenged_keeps_an_hour_long_call(site: Trunked) -> None:
    alice, carrier = site.out("Session-Expires: 600;refresher=uac\r\nAllow: INVITE, UPDATE\r\n")
    refreshed = 0
    for minute in range(60):
        site.bench.advance(60.0)
        for message in carrier.got():
            assert isinstance(message, Request) and message.method == "UPDATE"
            if not proofs(message) or nonce(message) != str(minute):
                stale = asks(407, str(minute), ", stale=true" if proofs(message) else "")
                carrier.reply(message, 407, headers=stale)
                (message,) = carrier.asked("UPDATE")
                assert nonce(message) == str(minute)
            carrier.reply(message, 200, headers="Session-Expires: 600;refresher=uac\r\n")
            refreshed += 1
    assert 11 <= refreshed <= 12
    hang_up(site, alice, carrier)


def test_a_proxy_and_the_carrier_behind_it_both_challenge_the_invite(site: Trunked) -> None:
    """§22.3."""
    carrier, invite = site.outgoing()
    for status, more in ((407, ""), (401, ""), (401, ", stale=true")):
        carrier.reply(invite, status, headers=asks(status, f"{status}{len(more)}", more))
        _ack, invite = carrier.asked("ACK", "INVITE")
    carrier.reply(invite, 422, headers="Min-SE: 3600\r\n")
    _ack, invite = carrier.asked("ACK", "INVITE")
    counts = sorted(Credentials.parse(value).nc for _, value in proofs(invite))
    assert counts == ["00000002", "00000004"]
    carrier.reply(invite, 200, carrier.sdp())
    alice, carrier = site._up(carrier)
    hang_up(site, carrier, alice)


# Cancelling and offers.


def test_a_cancel_and_the_invite_that_it_ends_are_answered_with_the_same_tag(site: Trunked) -> None:
    """§9.2: also when nothing but 100 was sent before."""
    site.outgoing()
    uri = "sip:14155550100@demo.local"
    site.alice.say("CANCEL", uri, branch=site.alice.invite_branch, cseq=site.alice.cseq)
    tags = {m.status: m.to.tag for m in site.alice.got() if not isinstance(m, Request)}
    assert set(tags) == {200, 487} and tags[200] == tags[487]


def test_an_offer_that_drops_a_stream_is_refused_and_the_call_goes_on(site: Trunked) -> None:
    """RFC 3264 §8."""
    alice, carrier = site.out()
    video = "m=video 50000 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"
    answer = final(carrier.say("INVITE", carrier.sdp(more=video)))
    assert answer.status == 200 and b"m=video 0 " in answer.body
    carrier.say("ACK", cseq=answer.cseq.number)
    refused = final(carrier.say("INVITE", carrier.sdp()))
    assert refused.status == 488 and "port 0" in (refused.headers.get("Warning") or "")
    carrier.say("ACK", cseq=refused.cseq.number)
    hang_up(site, alice, carrier)
