"""The calling side of a session (RFC 3261 §13.2, §9.1, §22)."""

import pytest

from edge.sip.keyring import Keyring
from edge.sip.message import Request
from edge.sip.session import State
from edge.sip.session_event import Answered, Progress, Refused
from tests.support.session import Talk


@pytest.fixture
def talk() -> Talk:
    return Talk()


def invite_of(talk: Talk) -> Request:
    (invite,) = talk.took("INVITE")
    assert isinstance(invite, Request)
    return invite


def test_an_answer_is_acknowledged_at_once_and_its_copies_again(talk: Talk) -> None:
    """§13.2.2.4."""
    session = talk.calling()
    invite = invite_of(talk)
    talk.answer(invite, 180)
    talk.answer(invite, 200, body=b"v=0\r\n")
    (first,) = talk.took("ACK")
    talk.answer(invite, 200, body=b"v=0\r\n")
    (second,) = talk.took("ACK")
    assert first.wire() == second.wire() and first.cseq.number == 1
    assert talk.took_events() == [Progress(180, b""), Answered(b"v=0\r\n")]
    assert session.state is State.CONFIRMED


def test_100_is_no_progress(talk: Talk) -> None:
    talk.calling()
    talk.answer(invite_of(talk), 100, tag="")
    assert talk.took_events() == []


def test_a_second_fork_that_answers_is_acknowledged_and_hung_up(talk: Talk) -> None:
    """§13.2.2.4: several 2xx of one INVITE are several dialogs."""
    talk.calling()
    invite = invite_of(talk)
    talk.answer(invite, 200, tag="one")
    talk.took("ACK")
    talk.answer(invite, 200, tag="two")
    _, bye = talk.took("ACK", "BYE")
    assert bye.to.tag == "two" and len(talk.took_events()) == 1


def test_a_refusal_is_passed_on_with_its_status(talk: Talk) -> None:
    session = talk.calling()
    talk.answer(invite_of(talk), 486)
    (refused,) = talk.took_events()
    assert isinstance(refused, Refused) and refused.status == 486 and session.done


@pytest.mark.parametrize("provisional", [False, True])
def test_an_invite_that_nobody_answers_times_out(talk: Talk, provisional: bool) -> None:
    session = talk.calling()
    invite = invite_of(talk)
    if provisional:
        talk.answer(invite, 180)
        session.cancel(talk.now)
        talk.advance(70.0)
        assert session.done and talk.took_events() == [Progress(180, b"")]
    else:
        talk.advance(32.0)
        assert [e.status for e in talk.took_events() if isinstance(e, Refused)] == [408]


def test_an_unreachable_peer_is_503(talk: Talk) -> None:
    session = talk.calling()
    talk.layer.unreachable(session.flow, talk.now)
    talk.settle()
    assert [e.status for e in talk.took_events() if isinstance(e, Refused)] == [503]


def test_a_2xx_that_overtakes_our_cancel_is_hung_up(talk: Talk) -> None:
    """§9.1, §15."""
    session = talk.calling()
    invite = invite_of(talk)
    talk.answer(invite, 180)
    talk.took_events()
    session.cancel(talk.now, "SIP;cause=200")
    talk.settle()
    (cancel,) = talk.took("CANCEL")
    assert cancel.headers.get("Reason") == "SIP;cause=200" and not session.done
    talk.answer(invite, 200)
    _, bye = talk.took("ACK", "BYE")
    assert isinstance(bye, Request)
    talk.answer(bye, 200)
    assert session.done and talk.took_events() == []


def test_a_cancelled_invite_is_done_with_its_487(talk: Talk) -> None:
    session = talk.calling()
    invite = invite_of(talk)
    talk.answer(invite, 180)
    session.cancel(talk.now)
    talk.settle()
    talk.answer(invite, 487)
    assert session.done


def asks(status: int, nonce: str = "n", more: str = "") -> tuple[tuple[str, str], ...]:
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    return ((name, f'Digest realm="realm {status}", nonce="{nonce}", qop="auth"{more}'),)


def tried_again(talk: Talk) -> Request:
    _ack, again = talk.took("ACK", "INVITE")
    assert isinstance(again, Request)
    return again


def test_a_challenge_is_answered_once_with_a_higher_cseq(talk: Talk) -> None:
    """§22.2."""
    talk.calling(Keyring("us", "secret", bytes))
    talk.answer(invite_of(talk), 401, headers=asks(401))
    again = tried_again(talk)
    assert again.cseq.number == 2 and again.headers.get("Authorization") and again.body
    assert len(again.headers.all("Via")) == 1
    talk.answer(again, 401, headers=asks(401, "other"))
    assert [e.status for e in talk.took_events() if isinstance(e, Refused)] == [401]


def test_a_proxy_and_then_the_callee_are_each_convinced(talk: Talk) -> None:
    """§22.3; the callee also finds its nonce too old."""
    talk.calling(Keyring("us", "secret", bytes))
    talk.answer(invite_of(talk), 407, headers=asks(407))
    talk.answer(tried_again(talk), 401, headers=asks(401, "1"))
    talk.answer(tried_again(talk), 401, headers=asks(401, "2", ", stale=true"))
    last = tried_again(talk)
    assert last.cseq.number == 4
    assert "nc=00000003" in str(last.headers.get("Proxy-Authorization"))
    assert 'nonce="2"' in str(last.headers.get("Authorization"))
    talk.answer(last, 200, body=b"v=0\r\n")
    talk.took("ACK")


def test_an_interval_that_is_too_small_for_somebody_is_proven_anew(talk: Talk) -> None:
    """RFC 4028 §7.3 after §22.2: no use count is spent twice."""
    talk.calling(Keyring("us", "secret", bytes))
    talk.answer(invite_of(talk), 407, headers=asks(407))
    talk.answer(tried_again(talk), 422, headers=(("Min-SE", "3600"),))
    last = tried_again(talk)
    assert last.headers.get("Session-Expires") == "3600"
    assert [v.count("nc=00000002") for v in last.headers.all("Proxy-Authorization")] == [1]


def test_who_is_never_content_is_given_up(talk: Talk) -> None:
    talk.calling(Keyring("us", "secret", bytes))
    talk.answer(invite_of(talk), 407, headers=asks(407))
    for n in range(3):
        talk.answer(tried_again(talk), 407, headers=asks(407, str(n), ", stale=true"))
    talk.answer(tried_again(talk), 407, headers=asks(407, "last", ", stale=true"))
    talk.took("ACK")
    assert [e.status for e in talk.took_events() if isinstance(e, Refused)] == [407]


@pytest.mark.parametrize(
    ("method", "status"), [("UPDATE", 200), ("INFO", 200), ("BYE", 481), ("INVITE", 491)]
)
def test_a_callee_that_rings_may_speak_in_the_dialog_that_its_180_made(
    talk: Talk, method: str, status: int
) -> None:
    """RFC 3261 §12.1, RFC 3311 §5.1: also when the 180 was not sent reliably."""
    session = talk.calling()
    invite = invite_of(talk)
    talk.answer(invite, 180, tag="one")
    dialog = session.dialog
    assert dialog is not None and dialog.remote_tag == "one"
    talk.receive(talk.make(method, 7))
    talk.took(status)
    talk.answer(invite, 200, tag="one", body=b"v=0\r\n")
    talk.took("ACK")
    assert session.state is State.CONFIRMED


def test_copies_of_a_2xx_that_came_after_our_cancel_are_acknowledged_and_ended_by_one_bye(talk: Talk) -> None:
    """§13.2.2.4."""
    session = talk.calling()
    invite = invite_of(talk)
    talk.answer(invite, 180)
    session.cancel(talk.now)
    talk.settle()
    talk.took("CANCEL")
    talk.answer(invite, 200, tag="one", body=b"v=0\r\n")
    first, bye = talk.took("ACK", "BYE")
    talk.answer(invite, 200, tag="one", body=b"v=0\r\n")
    (again,) = talk.took("ACK")
    assert again.wire() == first.wire()
    assert isinstance(bye, Request)
    talk.answer(bye, 200, tag="one")
    assert session.done
