"""The confirmed phase of a session (RFC 3261 §14, §15)."""

import pytest

from edge.sip.message import Request, Response
from edge.sip.session import State
from edge.sip.session_event import Acked, By, Ended, Info, Reoffer
from tests.support.session import Talk

SDP = b"v=0\r\n"


@pytest.fixture
def talk() -> Talk:
    """A call that we answered and that was acknowledged."""
    talk = Talk()
    talk.called().accept(SDP, talk.now)
    talk.settle()
    talk.receive(talk.make("ACK", 1))
    talk.take()
    talk.took_events()
    return talk


def statuses(talk: Talk) -> list[int]:
    return [m.status for m in talk.take() if isinstance(m, Response)]


def test_a_bye_ends_it_once(talk: Talk) -> None:
    talk.receive(talk.make("BYE", 2, headers=(("Reason", "Q.850;cause=16"),)))
    assert statuses(talk) == [200]
    assert talk.took_events() == [Ended(By.REMOTE, "bye", "Q.850;cause=16")]
    talk.receive(talk.make("BYE", 3))
    assert statuses(talk) == [200] and talk.took_events() == []


def test_two_byes_that_cross_end_it_on_both_sides(talk: Talk) -> None:
    talk.session.bye(talk.now, "Q.850;cause=16")
    talk.settle()
    (ours,) = talk.took("BYE")
    assert isinstance(ours, Request) and ours.headers.get("Reason")
    talk.receive(talk.make("BYE", 2))
    assert statuses(talk) == [200] and not talk.session.done
    talk.answer(ours, 200)
    assert talk.session.done and talk.took_events() == []


def test_a_bye_that_nobody_answers_is_given_up(talk: Talk) -> None:
    talk.session.bye(talk.now)
    talk.advance(32.0)
    assert talk.session.done


def test_a_reoffer_is_answered_by_the_owner_and_repeated_until_its_ack(talk: Talk) -> None:
    """§14.2."""
    talk.receive(talk.make("INVITE", 2, body=SDP))
    assert talk.took_events() == [Reoffer(SDP)]
    talk.session.agree(b"v=0\r\ns=-\r\n", talk.now)
    talk.advance(0.5)
    assert [m.body for m in talk.took(200, 200)] == [b"v=0\r\ns=-\r\n"] * 2
    talk.receive(talk.make("ACK", 2))
    talk.advance(5.0)
    talk.took()
    assert talk.session.state is State.CONFIRMED and talk.took_events() == [Acked(b"")]


def test_a_refused_reoffer_leaves_the_session_as_it_was(talk: Talk) -> None:
    talk.receive(talk.make("INVITE", 2, body=SDP))
    talk.session.disagree(488, (), talk.now)
    talk.settle()
    assert statuses(talk) == [488] and talk.session.state is State.CONFIRMED


def test_a_second_reoffer_waits_for_the_first(talk: Talk) -> None:
    """§14.2: 500 with Retry-After."""
    talk.receive(talk.make("INVITE", 2, body=SDP))
    talk.receive(talk.make("INVITE", 3, body=SDP))
    (refused,) = talk.took(500)
    assert refused.headers.get("Retry-After")


def test_a_reoffer_that_overtakes_the_ack_of_the_last_one_is_taken(talk: Talk) -> None:
    """RFC 5407 §3.1.4: who offers anew has our 200, and the exchange is complete; the ACK is a copy."""
    talk.receive(talk.make("INVITE", 2, body=SDP))
    talk.session.agree(SDP, talk.now)
    talk.settle()
    talk.took(200)
    talk.took_events()
    talk.receive(talk.make("INVITE", 3, body=SDP))
    assert talk.took_events() == [Acked(b""), Reoffer(SDP)]
    talk.session.agree(SDP, talk.now)
    talk.settle()
    talk.took(200)
    for cseq in (2, 3):
        talk.receive(talk.make("ACK", cseq))
    talk.advance(64.0)
    talk.took()
    assert talk.took_events() == [Acked(b"")] and talk.session.state is State.CONFIRMED


def test_a_reoffer_before_the_answer_in_an_ack_may_come_again(talk: Talk) -> None:
    """RFC 5407 §3.1.5: 491, after which the peer tries again by itself; 500 would be our fault."""
    talk.receive(talk.make("INVITE", 2))
    talk.session.agree(SDP, talk.now)
    talk.settle()
    talk.took(200)
    talk.receive(talk.make("INVITE", 3, body=SDP))
    assert statuses(talk) == [491]


def test_an_update_is_answered_without_an_ack(talk: Talk) -> None:
    """RFC 3311 §5.2."""
    talk.receive(talk.make("UPDATE", 2, body=SDP))
    talk.session.agree(SDP, talk.now)
    talk.advance(2.0)
    talk.took(200)


def test_an_update_without_sdp_only_refreshes_the_target(talk: Talk) -> None:
    talk.receive(talk.make("UPDATE", 2))
    talk.took(200)
    assert talk.took_events() == []


def test_an_older_cseq_is_refused(talk: Talk) -> None:
    """§12.2.2."""
    talk.receive(talk.make("INFO", 9))
    talk.receive(talk.make("INFO", 8))
    assert statuses(talk) == [200, 500]


def test_info_reaches_the_owner(talk: Talk) -> None:
    info = talk.make("INFO", 2, headers=(("Content-Type", "application/dtmf-relay"),))
    talk.receive(Request(info.method, info.uri, info.headers, b"Signal=5"))
    assert talk.took_events() == [Info("application/dtmf-relay", b"Signal=5")]
    assert statuses(talk) == [200]


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("NOTIFY", 405), ("SUBSCRIBE", 489)])
def test_other_requests(talk: Talk, method: str, status: int) -> None:
    talk.receive(talk.make(method, 2))
    assert statuses(talk) == [status]


def test_after_the_end_only_a_bye_is_understood(talk: Talk) -> None:
    talk.session.bye(talk.now)
    talk.settle()
    talk.take()
    talk.receive(talk.make("INFO", 2))
    assert statuses(talk) == [481]


def test_a_bye_during_a_reoffer_ends_both(talk: Talk) -> None:
    talk.receive(talk.make("INVITE", 2, body=SDP))
    talk.took_events()
    talk.receive(talk.make("BYE", 3))
    assert sorted(statuses(talk)) == [200, 487]
    talk.session.agree(SDP, talk.now)
    talk.settle()
    talk.took()
