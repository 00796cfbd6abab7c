"""REFER and its reports (RFC 3515, 4488), and Replaces (RFC 3891)."""

import pytest

from edge.sip.message import Request
from edge.sip.refer import PATIENCE, Refer, Replaces, read
from edge.sip.session_event import Referred
from tests.support.session import Talk


@pytest.fixture
def talk() -> Talk:
    """A session that is up; the peer was called."""
    talk = Talk()
    talk.calling()
    (invite,) = talk.took("INVITE")
    assert isinstance(invite, Request)
    talk.answer(invite, 200)
    talk.took("ACK")
    talk.took_events()
    return talk


def refer(talk: Talk, cseq: int = 1, to: str = "<sip:1003@demo.local>", *headers: tuple[str, str]) -> None:
    given = (("Refer-To", to), *headers) if to else headers
    talk.receive(talk.make("REFER", cseq, headers=given))


def test_it_is_accepted_and_every_step_reported_until_the_last(talk: Talk) -> None:
    refer(talk)
    (event,) = talk.took_events()
    assert isinstance(event, Referred) and str(event.refer.target) == "sip:1003@demo.local"
    referral = talk.session.referral
    assert referral.pending
    referral.accept(talk.now)
    talk.settle()
    accepted, trying = talk.took(202, "NOTIFY")
    assert accepted.headers.get("Contact")
    assert trying.headers.get("Event") == "refer;id=1" and trying.body == b"SIP/2.0 100 Trying\r\n"
    assert (trying.headers.get("Subscription-State") or "").startswith("active")
    assert (trying.headers.get("Content-Type") or "").startswith("message/sipfrag")
    assert isinstance(trying, Request)
    talk.answer(trying, 200)
    referral.tell(486, talk.now)
    referral.tell(200, talk.now)
    talk.settle()
    (last,) = talk.took("NOTIFY")
    assert last.body == b"SIP/2.0 486 Busy Here\r\n"
    assert last.headers.get("Subscription-State") == "terminated;reason=noresource"


@pytest.mark.parametrize("status", [200, 500])
def test_a_report_waits_for_the_answer_to_the_one_before_and_is_then_the_latest(
    talk: Talk, status: int
) -> None:
    refer(talk)
    talk.session.referral.accept(talk.now)
    talk.settle()
    _, trying = talk.took(202, "NOTIFY")
    talk.session.referral.tell(180, talk.now)
    talk.session.referral.tell(200, talk.now)
    talk.settle()
    assert talk.take() == []
    assert isinstance(trying, Request)
    talk.answer(trying, status)
    (last,) = talk.took("NOTIFY")
    assert last.body == b"SIP/2.0 200 OK\r\n"


def test_a_peer_that_knows_no_such_subscription_is_told_no_more(talk: Talk) -> None:
    """RFC 6665 §4.2.2."""
    refer(talk)
    talk.session.referral.accept(talk.now)
    talk.settle()
    _, trying = talk.took(202, "NOTIFY")
    talk.session.referral.tell(200, talk.now)
    assert isinstance(trying, Request)
    talk.answer(trying, 481)
    assert talk.take() == []


def ended(talk: Talk) -> Request:
    """We end it as soon as the transfer has succeeded; the first report."""
    refer(talk)
    talk.session.referral.accept(talk.now)
    talk.session.referral.tell(200, talk.now)
    talk.session.bye(talk.now)
    talk.settle()
    _, trying = talk.took(202, "NOTIFY")
    assert isinstance(trying, Request)
    return trying


def test_our_bye_waits_until_the_last_report_is_answered(talk: Talk) -> None:
    """Over a stream all three would lie in one read of the peer, over UDP one overtakes another."""
    talk.answer(ended(talk), 200)
    (last,) = talk.took("NOTIFY")
    assert isinstance(last, Request) and last.body == b"SIP/2.0 200 OK\r\n"
    assert not talk.session.done
    talk.answer(last, 200)
    (bye,) = talk.took("BYE")
    assert isinstance(bye, Request)
    talk.answer(bye, 200)
    assert talk.session.done


def test_a_peer_that_answers_no_report_is_told_the_outcome_and_hung_up_on(talk: Talk) -> None:
    ended(talk)
    talk.advance(PATIENCE)
    last, _ = [m for m in talk.take() if isinstance(m, Request) and b"100" not in m.body]
    assert last.body == b"SIP/2.0 200 OK\r\n"


def test_a_peer_that_hangs_up_meanwhile_is_told_no_more(talk: Talk) -> None:
    trying = ended(talk)
    talk.receive(talk.make("BYE", 2))
    talk.took(200)
    talk.answer(trying, 200)
    talk.advance(PATIENCE)
    assert talk.take() == [] and talk.session.done


def test_a_second_one_waits_for_the_end_of_the_first(talk: Talk) -> None:
    refer(talk)
    refer(talk, 2)
    talk.took(491)
    talk.session.referral.refuse(603, talk.now)
    talk.settle()
    talk.took(603)
    refer(talk, 3)
    assert talk.session.referral.pending


def test_who_does_not_want_reports_gets_none(talk: Talk) -> None:
    """RFC 4488 §4."""
    refer(talk, 1, "<sip:1003@demo.local>", ("Refer-Sub", "false"))
    talk.session.referral.accept(talk.now)
    talk.session.referral.tell(200, talk.now)
    talk.settle()
    (accepted,) = talk.took(202)
    assert accepted.headers.get("Refer-Sub") == "false"


def test_nothing_is_reported_to_a_peer_that_has_gone(talk: Talk) -> None:
    refer(talk)
    talk.session.referral.accept(talk.now)
    talk.settle()
    talk.take()
    talk.receive(talk.make("BYE", 2))
    talk.take()
    talk.session.referral.tell(200, talk.now)
    talk.settle()
    assert talk.take() == []


@pytest.mark.parametrize(
    ("to", "status", "code"),
    [
        ("", 400, "bad_refer_to"),
        ("<sip:a@b>, <sip:c@d>", 400, "bad_refer_to"),
        ("<<", 400, "bad_refer_to"),
        ("sip:a@[?Replaces=c", 400, "bad_refer_to"),
        ("<mailto:a@b>", 416, "unsupported_uri_scheme"),
        ("<sip:a@b;method=BYE>", 403, "refer_method"),
        ("<sip:a@b?Replaces=nonsense>", 400, "bad_replaces"),
    ],
)
def test_what_cannot_be_done_is_refused_and_told_why(talk: Talk, to: str, status: int, code: str) -> None:
    refer(talk, 1, to)
    (refused,) = talk.took(status)
    assert f'"{code}: ' in (refused.headers.get("Warning") or "")
    assert talk.took_events() == []


@pytest.mark.parametrize("angles", ["<%s>", "%s"])
def test_refer_to_may_name_a_dialog(talk: Talk, angles: str) -> None:
    """RFC 3891 §3; without the angles that RFC 3261 §20 asks for around a `?`, too."""
    to = angles % "sip:1003@b?Replaces=call%40host%3Bto-tag%3Dours%3Bfrom-tag%3Dtheirs"
    made = talk.make("REFER", 1, headers=(("Refer-To", to), ("Referred-By", "<sip:1001@b>")))
    found = read(made)
    assert isinstance(found, Refer)
    assert found.replaces == Replaces("call@host", "ours", "theirs") and found.referred_by == "<sip:1001@b>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("c;to-tag=a;from-tag=b", Replaces("c", "a", "b")),
        ("c ; FROM-TAG=b;x; to-tag=a;early-only", Replaces("c", "a", "b", True)),
        ("c;to-tag=a", None),
        (";to-tag=a;from-tag=b", None),
        ("", None),
        ("c" + ";" * 60_000, None),
    ],
)
def test_replaces_names_call_and_both_tags(text: str, found: Replaces | None) -> None:
    assert Replaces.parse(text) == found
