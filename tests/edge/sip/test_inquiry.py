"""Requests of ours in a dialog at a carrier that challenges each of them (RFC 3261 §22.2, §22.3)."""

import pytest

from edge.sip.digest import Credentials
from edge.sip.keyring import Keyring, proofs
from edge.sip.message import Request
from edge.sip.session_event import Answered, By, Ended
from tests.support.session import Talk

TIMER = (("Session-Expires", "600;refresher=uac"),)
SDP = b"v=0\r\n"


def asks(nonce: str, more: str = "") -> tuple[tuple[str, str], ...]:
    return (("Proxy-Authenticate", f'Digest realm="carrier", nonce="{nonce}", qop="auth"{more}'),)


def only(talk: Talk, method: str) -> Request:
    (message,) = talk.took(method)
    assert isinstance(message, Request)
    return message


def proof(request: Request) -> Credentials:
    (pair,) = proofs(request)
    return Credentials.parse(pair[1])


@pytest.fixture
def talk() -> Talk:
    """A call of ours through a carrier that challenged its INVITE."""
    talk = Talk()
    talk.calling(Keyring("us", "secret", bytes))
    talk.answer(only(talk, "INVITE"), 407, headers=asks("1"))
    _, invite = talk.took("ACK", "INVITE")
    assert isinstance(invite, Request)
    talk.answer(invite, 200, body=SDP, headers=TIMER)
    ack = only(talk, "ACK")
    assert proofs(ack) == proofs(invite)  # §22.1: the ACK cannot be challenged
    assert talk.took_events() == [Answered(SDP)]
    return talk


def test_a_refresh_carries_a_proof_before_anybody_asks(talk: Talk) -> None:
    talk.advance(300.1)
    refresh = only(talk, "INVITE")
    assert (proof(refresh).nonce, proof(refresh).nc) == ("1", "00000002")
    talk.answer(refresh, 200, body=SDP, headers=TIMER)
    assert proofs(only(talk, "ACK")) == proofs(refresh)


@pytest.mark.parametrize("more", ["", ", stale=true"])
def test_a_challenged_refresh_is_made_again_with_the_next_cseq(talk: Talk, more: str) -> None:
    talk.advance(300.1)
    first = only(talk, "INVITE")
    talk.answer(first, 407, headers=asks("2", more))
    _, second = talk.took("ACK", "INVITE")
    assert isinstance(second, Request)
    assert second.cseq.number == first.cseq.number + 1 and second.to.tag == "theirs"
    assert proof(second).nonce == "2" and second.body == first.body
    talk.answer(second, 200, body=SDP, headers=TIMER)
    only(talk, "ACK")
    talk.answer(second, 200, body=SDP, headers=TIMER)
    assert only(talk, "ACK").cseq.number == second.cseq.number
    talk.advance(300.1)
    assert proof(only(talk, "INVITE")).nonce == "2"


def test_a_challenged_bye_is_made_again_and_only_then_is_it_done(talk: Talk) -> None:
    talk.session.bye(talk.now, "Q.850;cause=16")
    talk.settle()
    talk.answer(only(talk, "BYE"), 407, headers=asks("2"))
    again = only(talk, "BYE")
    assert proof(again).nonce == "2" and again.headers.get("Reason") == "Q.850;cause=16"
    assert not talk.session.done
    talk.answer(again, 200)
    assert talk.session.done


def test_a_bye_that_is_never_believed_is_given_up(talk: Talk) -> None:
    talk.session.bye(talk.now)
    talk.settle()
    for n in range(2, 6):
        talk.answer(only(talk, "BYE"), 407, headers=asks(str(n), ", stale=true"))
    talk.answer(only(talk, "BYE"), 407, headers=asks("6", ", stale=true"))
    talk.took()
    assert talk.session.done


def test_a_refresh_that_is_challenged_after_the_end_is_left_alone(talk: Talk) -> None:
    talk.advance(300.1)
    refresh = only(talk, "INVITE")
    talk.receive(talk.make("BYE", 1))
    talk.took(200)
    talk.answer(refresh, 407, headers=asks("2"))
    only(talk, "ACK")
    assert talk.session.done and talk.took_events() == [Ended(By.REMOTE, "bye")]


def test_a_prack_is_proven_too() -> None:
    talk = Talk()
    talk.calling(Keyring("us", "secret", bytes))
    talk.answer(only(talk, "INVITE"), 407, headers=asks("1"))
    _, invite = talk.took("ACK", "INVITE")
    assert isinstance(invite, Request)
    talk.answer(invite, 183, headers=(("Require", "100rel"), ("RSeq", "7")), body=SDP)
    prack = only(talk, "PRACK")
    assert proof(prack).nc == "00000002"
    talk.answer(prack, 407, headers=asks("2"))
    again = only(talk, "PRACK")
    assert again.headers.get("RAck") == prack.headers.get("RAck")
    assert (again.cseq.number, proof(again).nonce) == (prack.cseq.number + 1, "2")


def test_without_a_password_a_challenge_is_a_refusal() -> None:
    talk = Talk()
    talk.called().accept(SDP, talk.now)
    talk.settle()
    talk.receive(talk.make("ACK", 1))
    talk.take()
    talk.session.bye(talk.now)
    talk.settle()
    talk.answer(only(talk, "BYE"), 407, headers=asks("1"))
    talk.took()
    assert talk.session.done
