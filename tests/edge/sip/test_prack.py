"""Reliable provisional responses in both roles (RFC 3262)."""

import pytest

from edge.sip.calling import BRANCHES
from edge.sip.message import Request, Response
from edge.sip.prack import QUEUED
from edge.sip.session_event import Acked, Answered, By, Ended, Progress, Reoffer
from tests.support.session import Talk

SUPPORTED = (("Supported", "100rel"),)
REQUIRED = (("Require", "100rel"),)
SDP = b"v=0\r\n"


@pytest.fixture
def talk() -> Talk:
    return Talk()


def rung(talk: Talk, status: int = 183) -> Response:
    (response,) = talk.took(status)
    assert isinstance(response, Response)
    return response


def prack(talk: Talk, response: Response, cseq: int = 2, rack: str = "", body: bytes = b"") -> None:
    rack = rack or f"{response.headers.get('RSeq')} 1 INVITE"
    talk.receive(talk.make("PRACK", cseq, headers=(("RAck", rack),), body=body))


# We answer.


def test_a_1xx_with_sdp_is_reliable_for_who_supports_it_and_others_are_not(talk: Talk) -> None:
    session = talk.called(SUPPORTED, SDP)
    session.progress(180, b"", talk.now)
    talk.settle()
    assert rung(talk, 180).headers.get("RSeq") is None
    session.progress(183, SDP, talk.now)
    talk.settle()
    response = rung(talk)
    assert response.headers.get("Require") == "100rel" and int(response.headers.get("RSeq") or "") > 0


def test_without_support_nothing_is_reliable(talk: Talk) -> None:
    talk.called((), SDP).progress(183, SDP, talk.now)
    talk.settle()
    assert rung(talk).headers.get("RSeq") is None


def test_it_is_sent_at_doubling_intervals_until_its_prack(talk: Talk) -> None:
    """§3: T1, 2·T1 … without T2 as a bound."""
    talk.called(REQUIRED).progress(180, b"", talk.now)
    talk.settle()
    first = rung(talk, 180)
    times = []
    for _ in range(8):
        talk.advance(1.0)
        times += [talk.now] * len(talk.take())
    assert times == [1.0, 2.0, 4.0, 8.0]  # 0.5, 1.5, 3.5, 7.5 seconds, looked at each second
    prack(talk, first)
    talk.took(200)
    talk.advance(40.0)
    assert talk.take() == []


def test_a_caller_that_never_acknowledges_gets_504(talk: Talk) -> None:
    """§3: 64·T1, then a 5xx."""
    talk.called(REQUIRED).progress(180, b"", talk.now)
    talk.settle()
    talk.take()
    talk.advance(32.0)
    assert any(isinstance(m, Response) and m.status == 504 for m in talk.take())
    assert talk.took_events() == [Ended(By.NETWORK, "no_prack")]


def test_the_second_waits_for_the_first_and_counts_on(talk: Talk) -> None:
    session = talk.called(REQUIRED)
    for status in (180, 183):
        session.progress(status, b"", talk.now)
    talk.settle()
    first = rung(talk, 180)
    prack(talk, first)
    ok, second = talk.took(183, 200) if talk.sent[0].status == 183 else talk.took(200, 183)  # type: ignore[union-attr]
    second = ok if isinstance(ok, Response) and ok.status == 183 else second
    assert int(second.headers.get("RSeq") or "") == int(first.headers.get("RSeq") or "") + 1


def test_what_waits_is_bounded(talk: Talk) -> None:
    session = talk.called(REQUIRED)
    for each in range(100):
        session.progress((180, 183)[each % 2], b"", talk.now)
    talk.settle()
    response = rung(talk, 180)
    for cseq in range(2, QUEUED + 2):
        prack(talk, response, cseq)
        (response,) = [m for m in talk.take() if isinstance(m, Response) and m.status in (180, 183)]
    prack(talk, response, QUEUED + 2)
    talk.took(200)


def test_the_200_waits_for_the_prack_and_does_not_answer_twice(talk: Talk) -> None:
    """§3, RFC 6337 §2.1."""
    session = talk.called(SUPPORTED, SDP)
    session.progress(183, SDP, talk.now)
    session.accept(SDP, talk.now)
    talk.settle()
    early = rung(talk)
    prack(talk, early)
    answers = [m for m in talk.take() if isinstance(m, Response)]
    assert [m.cseq.method for m in answers] == ["PRACK", "INVITE"]
    assert all(m.status == 200 and not m.body for m in answers)


def test_a_prack_that_crosses_the_200_is_answered_once(talk: Talk) -> None:
    """§3: a 1xx without SDP does not hold up the 200, whose sender MUST take the PRACK all the same."""
    session = talk.called(REQUIRED, SDP)
    session.progress(180, b"", talk.now)
    talk.settle()
    ringing = rung(talk, 180)
    session.accept(SDP, talk.now)
    talk.settle()
    assert rung(talk, 200).body == SDP
    for cseq, status in ((2, 200), (3, 481)):
        prack(talk, ringing, cseq)
        assert [message.status for message in talk.take() if isinstance(message, Response)][-1] == status


def test_hanging_up_while_the_200_waits_is_a_refusal(talk: Talk) -> None:
    session = talk.called(SUPPORTED, SDP)
    session.progress(183, SDP, talk.now)
    session.accept(SDP, talk.now)
    talk.settle()
    talk.take()
    session.bye(talk.now)
    talk.settle()
    talk.took(480)
    talk.advance(40.0)
    assert session.done


@pytest.mark.parametrize(
    "rack", ["1 1 INVITE", "x", "", "9" * 11 + " 1 INVITE", "{rseq} 2 INVITE", "{rseq} 1 BYE"]
)
def test_a_prack_that_matches_nothing_is_481(talk: Talk, rack: str) -> None:
    talk.called(REQUIRED).progress(180, b"", talk.now)
    talk.settle()
    rseq = rung(talk, 180).headers.get("RSeq")
    talk.receive(talk.make("PRACK", 2, headers=(("RAck", rack.format(rseq=rseq)),)))
    talk.took(481)


def test_our_offer_in_a_1xx_is_answered_in_its_prack(talk: Talk) -> None:
    """§5: an INVITE without offer that requires 100rel."""
    session = talk.called(REQUIRED)
    assert session.needs_prack
    session.progress(180, SDP, talk.now)
    talk.settle()
    prack(talk, rung(talk, 180), body=b"v=0\r\nanswer")
    talk.took(200)
    assert talk.took_events() == [Acked(b"v=0\r\nanswer")]


def test_a_second_offer_in_a_prack_is_answered_in_its_200(talk: Talk) -> None:
    session = talk.called(SUPPORTED, SDP)
    session.progress(183, SDP, talk.now)
    talk.settle()
    prack(talk, rung(talk), body=b"v=0\r\nagain")
    assert talk.took_events() == [Reoffer(b"v=0\r\nagain")]
    session.agree(b"v=0\r\nours", talk.now)
    talk.settle()
    (ok,) = talk.took(200)
    assert ok.body == b"v=0\r\nours" and ok.cseq.method == "PRACK"


def test_a_cancel_before_the_prack_stops_everything(talk: Talk) -> None:
    session = talk.called(REQUIRED)
    session.progress(180, b"", talk.now)
    talk.settle()
    talk.take()
    session.cancelled(talk.now)
    talk.settle()
    talk.took(487)
    talk.advance(0.9)
    assert not [m for m in talk.take() if isinstance(m, Response) and m.status == 180]


# We call.


def ring(talk: Talk, invite: Request, rseq: int, *, tag: str = "theirs", body: bytes = b"") -> None:
    headers = (("Require", "100rel"), ("RSeq", str(rseq)))
    talk.answer(invite, 183, tag=tag, headers=headers, body=body)


def invited(talk: Talk) -> Request:
    talk.calling()
    (invite,) = talk.took("INVITE")
    assert isinstance(invite, Request) and "100rel" in invite.headers.elements("Supported")
    return invite


def test_a_reliable_1xx_gets_one_prack_and_its_copies_none(talk: Talk) -> None:
    """§4: RAck names the RSeq and the INVITE."""
    invite = invited(talk)
    ring(talk, invite, 7)
    (prack,) = talk.took("PRACK")
    assert prack.headers.get("RAck") == "7 1 INVITE" and prack.cseq.number == 2
    ring(talk, invite, 7)
    talk.answer(prack, 200)  # type: ignore[arg-type]
    assert talk.take() == [] and talk.took_events() == [Progress(183, b"")]


def test_what_comes_out_of_order_waits_for_the_one_before(talk: Talk) -> None:
    invite = invited(talk)
    ring(talk, invite, 7)
    talk.take()
    ring(talk, invite, 9)
    assert talk.take() == []
    ring(talk, invite, 8)
    (prack,) = talk.took("PRACK")
    assert prack.headers.get("RAck") == "8 1 INVITE"


def test_the_answer_of_a_reliable_1xx_holds_for_a_2xx_without(talk: Talk) -> None:
    invite = invited(talk)
    ring(talk, invite, 1, body=SDP)
    (prack,) = talk.took("PRACK")
    talk.answer(prack, 200)  # type: ignore[arg-type]
    talk.answer(invite, 200)
    talk.took("ACK")
    assert talk.took_events() == [Progress(183, SDP), Answered(SDP)]
    talk.session.bye(talk.now)
    talk.settle()
    (bye,) = talk.took("BYE")
    assert bye.cseq.number == 3  # counted on from the PRACK


def test_every_branch_of_a_fork_is_acknowledged_up_to_a_bound(talk: Talk) -> None:
    invite = invited(talk)
    for number in range(BRANCHES + 5):
        ring(talk, invite, 1, tag=f"branch{number}")
    pracks = talk.take()
    assert len(pracks) == BRANCHES and len({m.to.tag for m in pracks}) == BRANCHES


def test_a_callee_may_update_before_it_answers(talk: Talk) -> None:
    """RFC 3311 §5.2, in the early dialog of a reliable 1xx."""
    invite = invited(talk)
    ring(talk, invite, 1, body=SDP)
    talk.took("PRACK")
    talk.receive(talk.make("UPDATE", 1, body=b"v=0\r\nother"))
    assert talk.took_events()[-1] == Reoffer(b"v=0\r\nother")
    talk.session.agree(SDP, talk.now)
    talk.settle()
    talk.took(200)


def test_a_callee_may_not_end_its_early_dialog(talk: Talk) -> None:
    invite = invited(talk)
    ring(talk, invite, 1)
    talk.take()
    talk.receive(talk.make("BYE", 1))
    talk.took(481)
    talk.answer(invite, 200)
    talk.took("ACK")


@pytest.mark.parametrize("rseq", ["0", "x", "99999999999", ""])
def test_an_rseq_that_is_none_is_passed_over(talk: Talk, rseq: str) -> None:
    invite = invited(talk)
    talk.answer(invite, 183, headers=(("Require", "100rel"), ("RSeq", rseq)))
    assert talk.take() == [] and talk.took_events() == [Progress(183, b"")]


def test_a_prack_that_nobody_answers_hurts_nothing(talk: Talk) -> None:
    invite = invited(talk)
    ring(talk, invite, 1)
    talk.advance(31.0)
    talk.take()
    talk.answer(invite, 200)
    talk.advance(5.0)
    assert talk.session.confirmed


def test_another_invite_while_the_first_is_open_comes_too_early(talk: Talk) -> None:
    """RFC 3261 §14.2: 500 where the first is the peer's, 491 where it is ours."""
    session = talk.called((), SDP)
    session.progress(180, b"", talk.now)
    talk.settle()
    talk.take()
    talk.receive(talk.make("INVITE", 2, body=SDP))
    (early,) = talk.took(500)
    assert early.headers.get("Retry-After") and talk.took_events() == []
    other = Talk()
    invite = invited(other)
    ring(other, invite, 1)
    other.take()
    other.receive(other.make("INVITE", 1, body=SDP))
    other.took(491)


def test_a_transfer_that_is_asked_for_as_the_call_ends_is_answered() -> None:
    talk = Talk()
    talk.answer(invited(talk), 200)
    talk.take()
    talk.receive(talk.make("REFER", 1, headers=(("Refer-To", "<sip:1@b>"),)))
    talk.session.bye(talk.now)
    talk.settle()
    assert any(isinstance(m, Response) and m.status == 487 for m in talk.take())
