"""The called side of a session (RFC 3261 §13.3, §9.2, §15)."""

import pytest

from edge.sip.message import Response
from edge.sip.session import State
from edge.sip.session_event import Acked, By, Ended
from tests.support.session import Talk


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_progress_makes_an_early_dialog_with_our_tag_and_contact(talk: Talk) -> None:
    """§13.3.1.1."""
    talk.called().progress(180, b"", talk.now)
    talk.settle()
    (ringing,) = talk.took(180)
    assert ringing.to.tag == "ours" and ringing.headers.get("Contact")


def test_what_was_said_is_not_said_twice_at_once(talk: Talk) -> None:
    """As when the second phone of a fork rings."""
    session = talk.called()
    for status in (180, 180, 183, 183, 180):
        session.progress(status, b"", talk.now)
    talk.settle()
    talk.took(180, 183, 180)


def test_who_rings_for_long_says_so_every_minute(talk: Talk) -> None:
    """§13.3.1.1: or a proxy gives the INVITE up."""
    session = talk.called()
    session.progress(183, b"v=0\r\n", talk.now)
    talk.settle()
    talk.took(183)
    for _ in range(3):
        talk.advance(59.0)
        talk.took()
        talk.advance(1.0)
        (again,) = talk.took(183)
        assert again.body == b"v=0\r\n"
    session.reject(480, talk.now)
    talk.settle()
    talk.took(480)
    talk.receive(talk.make("ACK", 1, to=talk.invite.to, branch=talk.invite.branch))
    talk.advance(120.0)
    assert talk.take() == [] and len(talk.agenda) == 0


def test_who_acknowledges_1xx_is_told_the_description_once(talk: Talk) -> None:
    """RFC 3262 §5: it has arrived, for the PRACK came."""
    session = talk.called((("Supported", "100rel"),), b"v=0\r\n")
    session.progress(183, b"v=0\r\n", talk.now)
    talk.settle()
    (first,) = talk.took(183)
    talk.receive(talk.make("PRACK", 2, headers=(("RAck", f"{first.headers.get('RSeq')} 1 INVITE"),)))
    talk.took(200)
    talk.advance(60.0)
    (again,) = talk.took(183)
    assert not again.body and not again.headers.get("RSeq")


def test_a_2xx_is_repeated_at_doubling_intervals_until_the_ack(talk: Talk) -> None:
    """§13.3.1.4: T1, 2·T1, 4·T1 … T2."""
    talk.called().accept(b"v=0\r\n", talk.now)
    talk.settle()
    talk.took(200)
    talk.advance(0.5)
    talk.took(200)
    talk.advance(1.0)
    talk.took(200)
    talk.receive(talk.make("ACK", 1))
    assert talk.took_events() == [Acked(b"")] and talk.session.state is State.CONFIRMED
    talk.advance(64.0)
    talk.took()


def test_without_an_ack_the_session_ends_by_a_bye_after_64_t1(talk: Talk) -> None:
    """§13.3.1.4."""
    talk.called().accept(b"v=0\r\n", talk.now)
    talk.advance(32.0)
    (*copies, bye) = talk.take()
    assert {m.status for m in copies if isinstance(m, Response)} == {200} and bye.cseq.method == "BYE"
    assert talk.took_events() == [Ended(By.NETWORK, "no_ack")]


def test_a_copy_of_the_ack_says_nothing_new(talk: Talk) -> None:
    talk.called().accept(b"v=0\r\n", talk.now)
    talk.settle()
    for _ in range(2):
        talk.receive(talk.make("ACK", 1))
    assert talk.took_events() == [Acked(b"")]


def test_a_cancel_before_the_answer_gets_487(talk: Talk) -> None:
    """§9.2."""
    talk.called()
    talk.receive(
        talk.make(
            "CANCEL", 1, to=talk.invite.to, branch=talk.invite.branch, headers=(("Reason", "SIP;cause=200"),)
        )
    )
    assert {m.status for m in talk.take() if isinstance(m, Response)} == {200, 487}
    assert talk.took_events() == [Ended(By.REMOTE, "cancelled", "SIP;cause=200")]


def test_a_cancel_after_our_200_changes_nothing(talk: Talk) -> None:
    session = talk.called()
    session.accept(b"v=0\r\n", talk.now)
    session.cancelled(talk.now)
    assert session.state is State.ANSWERED and talk.took_events() == []


def test_our_bye_waits_for_the_ack(talk: Talk) -> None:
    """§15: the callee's UA must not send BYE before the ACK or the time-out."""
    session = talk.called()
    session.accept(b"v=0\r\n", talk.now)
    session.bye(talk.now)
    talk.settle()
    talk.took(200)
    assert not session.done
    talk.receive(talk.make("ACK", 1))
    (bye,) = talk.took("BYE")
    talk.answer(bye, 200)  # type: ignore[arg-type]
    assert session.done and talk.took_events() == []


def test_a_bye_in_an_early_dialog_ends_the_invite_with_487(talk: Talk) -> None:
    """§15.1.2."""
    talk.called().progress(180, b"", talk.now)
    talk.settle()
    talk.take()
    talk.receive(talk.make("BYE", 2))
    assert sorted(m.status for m in talk.take() if isinstance(m, Response)) == [200, 487]
    assert talk.took_events() == [Ended(By.REMOTE, "cancelled")]


def test_after_a_rejection_every_verb_is_void(talk: Talk) -> None:
    session = talk.called()
    session.reject(486, talk.now)
    session.progress(180, b"", talk.now)
    session.accept(b"v=0\r\n", talk.now)
    session.bye(talk.now)
    talk.settle()
    talk.took(486)
    assert session.done
