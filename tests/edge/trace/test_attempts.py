"""What is left of requests that nobody proved, and of what stood before those that were proven."""

import pytest

from config.schema import SipLimits
from edge.journal import CallId
from edge.sip.message import Response
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    return Bench(directory, SipLimits(challenges_traced=2))


def events(bench: Bench, call: str) -> list[tuple[str, str]]:
    return [(row.layer, row.event) for row in bench.journal.traces.get(CallId(call), [])]


def decision(bench: Bench, call: str) -> dict[str, object]:
    """Of the last row of `auth` in the trace of `call`, with its outcome."""
    row = [row for row in bench.journal.traces[CallId(call)] if row.layer == "auth"][-1]
    return {"outcome": row.outcome, **row.data}


def test_the_trace_of_a_call_begins_with_the_challenge(bench: Bench) -> None:
    """S004-62."""
    phone = Phone(bench, "1001")
    assert final(phone.dial("*43")).status == 200
    (call,) = bench.switch.calls
    bench.advance(1.5)
    before = [("sip", "INVITE"), ("auth", "challenged"), ("sip", "401"), ("sip", "INVITE")]
    assert events(bench, call)[:4] == before
    bench.advance(30.0)
    assert not events(bench, phone.call_id), "and no other trace is left of it"


def test_an_invite_that_is_challenged_and_never_proven_says_why_and_what_to_change(bench: Bench) -> None:
    phone = Phone(bench, "1001")
    phone.say("INVITE", "sip:*43@demo.local", body=phone.sdp())
    assert [row.event for row in bench.switch.live_trace(CallId(phone.call_id))] == [
        "INVITE",
        "challenged",
        "401",
    ], "it is seen at once"
    bench.advance(9.0)
    assert events(bench, phone.call_id) == [("sip", "INVITE"), ("auth", "challenged"), ("sip", "401")]
    why = decision(bench, phone.call_id)
    assert why["who"] == "1001@demo.local" and why["source"] == "127.0.0.2:5060"
    assert (why["outcome"], why["rule"], why["status"]) == ("no_credentials", "digest of demo.local", 401)
    assert "auth.ip" in str(why["fix"])
    assert bench.switch.live_trace(CallId(phone.call_id)) == ()


@pytest.mark.parametrize("method", ["INVITE", "REGISTER"])
def test_a_wrong_password_is_told_with_the_name_that_was_given(bench: Bench, method: str) -> None:
    phone = Phone(bench, "1001", password="wrong")
    uri = "sip:demo.local"
    phone.say(method, uri, body=phone.sdp() if method == "INVITE" else "")
    (challenge,) = phone.got()
    assert isinstance(challenge, Response)
    phone.say(method, uri, headers=phone.authorization(challenge, method, uri))
    bench.advance(9.0)
    why = decision(bench, phone.call_id)
    assert (why["outcome"], why["username"], why["method"]) == ("wrong_password", "1001", method)
    assert "devices" in str(why["fix"])
    (attempt,) = bench.switch.logbook.attempts.recent()
    assert (attempt.method, attempt.who, attempt.status) == (method, "1001@demo.local", 401)
    assert attempt.sip_call_id == phone.call_id and attempt.code == "wrong_password"
    assert 'response="***' in str(bench.journal.traces), "the proof is nobody's business"


def test_a_registration_that_is_proven_leaves_none(bench: Bench) -> None:
    assert Phone(bench, "1001").register().status == 200
    assert len(bench.switch.logbook.attempts) == 0
    bench.advance(9.0)
    assert not list(bench.switch.logbook.attempts.recent()) and not bench.journal.traces


@pytest.mark.parametrize(
    ("method", "status"), [("INVITE", 403), ("REGISTER", 404), ("MESSAGE", 403), ("SUBSCRIBE", 403)]
)
def test_who_names_no_domain_of_ours_is_told_so(
    bench: Bench, method: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.directory, "accounts", tuple)  # the only account serves every name
    phone = Phone(bench, "1001")
    phone.bench.receive(
        (
            f"{method} sip:1@elsewhere.invalid SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKx\r\n"
            "From: <sip:9@elsewhere.invalid>;tag=1\r\nTo: <sip:1@elsewhere.invalid>\r\nCall-ID: lost\r\n"
            f"CSeq: 1 {method}\r\nEvent: presence\r\nContact: <sip:9@127.0.0.2>\r\nContent-Length: 0\r\n\r\n"
        ).encode(),
        phone.source,
    )
    assert phone.statuses() == [status]
    bench.advance(9.0)
    why = decision(bench, "lost")
    assert (why["outcome"], why["status"]) == ("unknown_domain", status) and "domain" in str(why["fix"])
    assert events(bench, "lost")[1] == ("auth", "refused")


def test_only_so_many_are_remembered_and_the_displaced_are_counted(bench: Bench) -> None:
    for n in range(2, 8):
        Phone(bench, "1001", n).say("INVITE", "sip:*43@demo.local")
    attempts = bench.switch.logbook.attempts
    assert len(attempts) == 2 and attempts.displaced == 4
    bench.advance(9.0)
    assert len(bench.journal.traces) == 2 and len(attempts) == 0
    newest = [attempt.sip_call_id for attempt in attempts.recent()]
    assert newest == ["call-1001-7", "call-1001-6"]


def test_a_peer_that_goes_on_and_on_leaves_its_beginning_and_its_end(bench: Bench) -> None:
    phone = Phone(bench, "1001")
    for _ in range(9):
        phone.say("INVITE", "sip:*43@demo.local")
    bench.advance(9.0)
    rows = bench.journal.traces[CallId(phone.call_id)]
    assert len(rows) == 12, "four steps of three rows"
    assert b"CSeq: 9" in rows[-3].data["message"]  # type: ignore[operator]


def test_none_is_kept_where_the_limit_is_none() -> None:
    directory = FakeDirectory()
    directory.add_user("1001")
    bench = Bench(directory, SipLimits(challenges_traced=0))
    Phone(bench, "1001").say("INVITE", "sip:*43@demo.local")
    assert len(bench.switch.logbook.attempts) == 0 and bench.switch.logbook.next_timer_at() is None
