"""Sessions that are kept alive, and those whose other end has gone (RFC 4028 §7.4, §10)."""

import pytest

from edge.sip.message import Request, Response
from edge.sip.session_event import Answered, By, Ended, Reanswered
from tests.support.session import Talk

ALLOWED = (("Allow", "INVITE, UPDATE"),)
TIMER = (("Supported", "timer"), ("Session-Expires", "600;refresher=uas"))
SDP = b"v=0\r\n"


@pytest.fixture
def talk() -> Talk:
    return Talk()


def answered_by_us(talk: Talk, *headers: tuple[str, str]) -> Response:
    """A caller's INVITE, our 200, its ACK; returns the 200."""
    talk.called(headers).accept(SDP, talk.now)
    talk.settle()
    talk.receive(talk.make("ACK", 1))
    (success,) = talk.took(200)
    talk.took_events()
    assert isinstance(success, Response)
    return success


def only(talk: Talk, method: str) -> Request:
    (message,) = talk.took(method)
    assert isinstance(message, Request)
    return message


def test_we_refresh_at_half_time_by_update_where_the_peer_allows_it(talk: Talk) -> None:
    success = answered_by_us(talk, *TIMER, *ALLOWED)
    assert success.headers.get("Session-Expires") == "600;refresher=uas"
    talk.advance(299.9)
    talk.took()
    talk.advance(0.2)
    update = only(talk, "UPDATE")
    assert update.headers.get("Session-Expires") == "600;refresher=uac" and not update.body
    talk.answer(update, 200, headers=(("Session-Expires", "600;refresher=uac"),))
    talk.advance(300.0)
    only(talk, "UPDATE")


def test_a_peer_without_update_is_refreshed_by_a_reinvite_with_the_same_sdp(talk: Talk) -> None:
    answered_by_us(talk, *TIMER)
    talk.advance(300.1)
    invite = only(talk, "INVITE")
    assert invite.body == SDP and invite.to.tag == "theirs"
    talk.answer(invite, 200, body=b"v=0\r\ns=-\r\n", headers=(("Session-Expires", "600;refresher=uac"),))
    only(talk, "ACK")
    assert talk.took_events() == [Reanswered(b"v=0\r\ns=-\r\n")]


def test_every_copy_of_the_2xx_to_our_reinvite_gets_the_same_ack(talk: Talk) -> None:
    """RFC 3261 §13.2.2.4: else the peer, whose 2xx it is, hangs up after 64·T1."""
    answered_by_us(talk, *TIMER)
    talk.advance(300.1)
    invite = only(talk, "INVITE")
    talk.answer(invite, 200, body=SDP, headers=(("Session-Expires", "600;refresher=uac"),))
    ack = only(talk, "ACK")
    talk.took_events()
    talk.answer(invite, 200, body=SDP, headers=(("Session-Expires", "600;refresher=uac"),))
    assert only(talk, "ACK").wire() == ack.wire()
    assert not talk.took_events()


@pytest.mark.parametrize("status", [405, 501, 500])
def test_an_update_that_is_not_understood_becomes_a_reinvite(talk: Talk, status: int) -> None:
    answered_by_us(talk, *TIMER, *ALLOWED)
    talk.advance(300.1)
    talk.answer(only(talk, "UPDATE"), status)
    only(talk, "INVITE")


@pytest.mark.parametrize(("status", "after"), [(500, 7), (503, 7), (491, 1)])
def test_a_refresh_that_comes_at_a_bad_time_is_tried_again_when_the_peer_says(
    talk: Talk, status: int, after: int
) -> None:
    """RFC 3261 §14.2, RFC 3311 §5.2: 500 with Retry-After while a request of its own is open."""
    for allowed, method in ((ALLOWED, "UPDATE"), ((), "INVITE")):
        talk = Talk()
        answered_by_us(talk, *TIMER, *allowed)
        talk.advance(300.1)
        talk.answer(only(talk, method), status, headers=(("Retry-After", "7 (busy);duration=3"),))
        talk.take()
        talk.advance(after - 0.1)
        talk.took()
        talk.advance(0.2)
        only(talk, method)


@pytest.mark.parametrize("status", [403, 488, 500, 503, 606])
def test_a_refused_refresh_leaves_the_call_as_it_is_and_is_tried_until_its_time_is_up(
    talk: Talk, status: int
) -> None:
    """RFC 3261 §14.1; RFC 4028 §10."""
    answered_by_us(talk, *TIMER)
    talk.advance(300.1)
    tries = 0
    while talk.session.confirmed:
        for message in talk.take():
            if isinstance(message, Request) and message.method == "INVITE":
                talk.answer(message, status)
                tries += 1
        talk.advance(1.0)
    assert talk.now == pytest.approx(568.1, abs=1.1) and 5 < tries < 12
    assert talk.took_events() == [Ended(By.NETWORK, "session_expired")]


def test_a_refresh_that_is_accepted_at_last_counts(talk: Talk) -> None:
    answered_by_us(talk, *TIMER)
    talk.advance(300.1)
    talk.answer(only(talk, "INVITE"), 503, headers=(("Retry-After", "3600"),))
    only(talk, "ACK")
    talk.advance(134.0)  # half of what is left, as 3600 s would be too late
    talk.answer(only(talk, "INVITE"), 200, body=SDP, headers=(("Session-Expires", "600;refresher=uac"),))
    only(talk, "ACK")
    talk.advance(299.0)
    assert talk.session.confirmed


def test_a_refresh_asks_for_a_longer_interval_on_422(talk: Talk) -> None:
    answered_by_us(talk, *TIMER)
    talk.advance(300.1)
    talk.answer(only(talk, "INVITE"), 422, headers=(("Min-SE", "900"),))
    _, again = talk.took("ACK", "INVITE")
    assert again.headers.get("Session-Expires") == "900;refresher=uac"
    assert again.headers.get("Min-SE") == "900"


@pytest.mark.parametrize("status", [481, 408])
def test_a_peer_that_has_lost_the_call_ends_it(talk: Talk, status: int) -> None:
    answered_by_us(talk, *TIMER, *ALLOWED)
    talk.advance(300.1)
    talk.answer(only(talk, "UPDATE"), status)
    only(talk, "BYE")
    assert talk.took_events() == [Ended(By.NETWORK, "session_expired")]


def test_a_peer_that_does_not_answer_a_refresh_ends_the_call(talk: Talk) -> None:
    answered_by_us(talk, *TIMER, *ALLOWED)
    talk.advance(300.1 + 32.0)
    assert talk.took_events() == [Ended(By.NETWORK, "session_expired")]


def test_a_peer_that_should_refresh_and_does_not_is_given_up_in_time(talk: Talk) -> None:
    """§10: at the interval less the smaller of 32 s and a third."""
    answered_by_us(talk, ("Supported", "timer"), ("Session-Expires", "600;refresher=uac"))
    talk.advance(567.9)
    assert talk.took_events() == []
    talk.advance(0.2)
    assert talk.took_events() == [Ended(By.NETWORK, "session_expired")]


def test_each_refresh_of_the_peer_starts_the_time_anew(talk: Talk) -> None:
    answered_by_us(talk, ("Supported", "timer"), ("Session-Expires", "600;refresher=uac"))
    for cseq in range(2, 14):
        talk.advance(300.0)
        talk.receive(
            talk.make(
                "UPDATE", cseq, headers=(("Supported", "timer"), ("Session-Expires", "600;refresher=uac"))
            )
        )
        (answer,) = talk.took(200)
        assert answer.headers.get("Session-Expires") == "600;refresher=uac"
    assert talk.now == 3_600.0 and talk.session.confirmed


def test_an_hour_without_a_timer_needs_no_refresh(talk: Talk) -> None:
    answered_by_us(talk)
    talk.advance(3_600.0)
    talk.took()
    assert talk.session.confirmed


def test_less_than_the_minimum_is_422_in_a_refresh_too(talk: Talk) -> None:
    answered_by_us(talk)
    talk.receive(talk.make("UPDATE", 2, headers=(("Supported", "timer"), ("Session-Expires", "30"))))
    (refused,) = talk.took(422)
    assert refused.headers.get("Min-SE") == "90"


def test_our_invite_asks_for_a_timer_and_repeats_itself_on_422(talk: Talk) -> None:
    """§7.3."""
    talk.calling()
    invite = only(talk, "INVITE")
    assert invite.headers.get("Session-Expires") == "1800"
    assert invite.headers.elements("Supported") == ["100rel", "norefersub", "replaces", "timer"]
    talk.answer(invite, 422, headers=(("Min-SE", "3600"),))
    _, again = talk.took("ACK", "INVITE")
    assert again.headers.get("Session-Expires") == "3600" and again.headers.get("Min-SE") == "3600"
    assert again.cseq.number == 2 and isinstance(again, Request)
    talk.answer(again, 200, body=SDP, headers=(("Session-Expires", "3600;refresher=uac"), *ALLOWED))
    only(talk, "ACK")
    assert talk.took_events() == [Answered(SDP)]
    talk.advance(1_800.1)
    only(talk, "UPDATE")


def test_two_refreshes_that_cross_are_refused_and_tried_again(talk: Talk) -> None:
    """RFC 3261 §14.1, §14.2: 491."""
    answered_by_us(talk, *TIMER)
    talk.advance(300.1)
    ours = only(talk, "INVITE")
    talk.receive(talk.make("INVITE", 2, body=SDP))
    talk.took(491)
    talk.answer(ours, 491)
    only(talk, "ACK")
    talk.advance(1.1)  # the Call-ID is the peer's: up to 2 s
    again = [message for message in talk.take() if isinstance(message, Request)]
    assert [message.method for message in again] == ["INVITE"]


def test_who_made_the_call_id_waits_longer_after_a_491(talk: Talk) -> None:
    """RFC 3261 §14.1: between 2.1 and 4 s."""
    talk.calling()
    (invite,) = talk.took("INVITE")
    assert isinstance(invite, Request)
    talk.answer(invite, 200, body=SDP, headers=(("Session-Expires", "600;refresher=uac"), *ALLOWED))
    talk.took("ACK")
    talk.advance(300.1)
    talk.answer(only(talk, "UPDATE"), 491)
    talk.advance(2.1)
    talk.took()
    talk.advance(1.0)
    only(talk, "UPDATE")


def test_nothing_is_refreshed_after_the_end(talk: Talk) -> None:
    answered_by_us(talk, *TIMER, *ALLOWED)
    talk.receive(talk.make("BYE", 2))
    talk.take()
    talk.advance(3_600.0)
    talk.took()
    assert len(talk.agenda) == 0 and talk.session.done
