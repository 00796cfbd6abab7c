"""MESSAGE between users (RFC 3428)."""

import pytest

from config.schema import SipLimits
from edge.sip.message import Request, Response
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    for number in ("1001", "1002"):
        directory.add_user(number)
    return Bench(directory, SipLimits(messages_per_user=3, message_text_bytes=100))


def write(phone: Phone, number: str, text: str, headers: str = "") -> list[int]:
    """Statuses after the challenge."""
    uri = f"sip:{number}@demo.local"
    phone.say("MESSAGE", uri, headers=headers, body=text)
    (challenge,) = phone.got()
    assert isinstance(challenge, Response)
    if challenge.status != 401:
        return [challenge.status]
    phone.say("MESSAGE", uri, body=text, headers=headers + phone.authorization(challenge, "MESSAGE", uri))
    return phone.statuses()


def texts(phone: Phone, status: int = 200) -> list[str]:
    """What came, answered; what comes then, too."""
    found: list[str] = []
    while came := [m for m in phone.got() if isinstance(m, Request) and m.method == "MESSAGE"]:
        for message in came:
            found.append(message.body.decode())
            phone.reply(message, status)
    return found


def test_a_text_reaches_every_phone_and_its_answer_the_sender(bench: Bench) -> None:
    alice, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    bob.register()
    assert write(alice, "1002", "hello") == []
    (message,) = bob.got()
    assert isinstance(message, Request) and message.body == b"hello"
    assert str(message.from_.uri) == "sip:1001@demo.local" and message.max_forwards == 69
    bob.reply(message, 200)
    assert alice.statuses() == [200]


def test_a_text_waits_for_a_callee_who_is_away_and_comes_in_order(bench: Bench) -> None:
    alice, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    assert [write(alice, "1002", text) for text in "abc"] == [[202], [202], [202]]
    assert write(alice, "1002", "d") == [480] and len(bench.switch.messages) == 3
    uri = "sip:demo.local"
    bob.call_id = "reg"
    bob.say("REGISTER", uri, to="<sip:1002@demo.local>")
    (challenge,) = bob.got()
    assert isinstance(challenge, Response)
    proof = bob.authorization(challenge, "REGISTER", uri)
    bob.say("REGISTER", uri, to="<sip:1002@demo.local>", headers=f"Expires: 600\r\n{proof}")
    assert texts(bob) == ["a", "b", "c"] and len(bench.switch.messages) == 0


def test_a_phone_that_does_not_take_it_leaves_it_waiting(bench: Bench) -> None:
    alice, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    bob.register()
    write(alice, "1002", "hello")
    assert texts(bob, 480) == ["hello"]
    assert alice.statuses() == [202] and len(bench.switch.messages) == 1


def test_a_text_that_is_too_old_is_not_delivered(bench: Bench) -> None:
    alice, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    assert write(alice, "1002", "old", "Expires: 60\r\n") == [202]
    bench.advance(61.0)
    bob.number = "1002"
    uri = "sip:demo.local"
    bob.say("REGISTER", uri, to="<sip:1002@demo.local>")
    (challenge,) = bob.got()
    assert isinstance(challenge, Response)
    bob.say(
        "REGISTER",
        uri,
        to="<sip:1002@demo.local>",
        headers="Expires: 600\r\n" + bob.authorization(challenge, "REGISTER", uri),
    )
    assert texts(bob) == []


def test_a_text_that_may_not_wait_is_refused(bench: Bench) -> None:
    """RFC 3428 §8: and told why, whatever room there is."""
    alice, uri = Phone(bench, "1001"), "sip:1002@demo.local"
    alice.say("MESSAGE", uri)
    (challenge,) = alice.got()
    assert isinstance(challenge, Response)
    proof = alice.authorization(challenge, "MESSAGE", uri)
    alice.say("MESSAGE", uri, body="now", headers=f"Expires: 0\r\n{proof}")
    (refused,) = alice.got()
    assert isinstance(refused, Response) and refused.status == 480
    assert "text_expired" in (refused.headers.get("Warning") or "")


@pytest.mark.parametrize(("number", "text", "status"), [("nobody", "x", 404), ("1002", "x" * 101, 413)])
def test_what_cannot_be_sent_is_refused(bench: Bench, number: str, text: str, status: int) -> None:
    assert write(Phone(bench, "1001"), number, text) == [status]


def test_a_stranger_writes_nothing(bench: Bench) -> None:
    assert write(Phone(bench, "eve", 9, password="guess"), "1002", "spam") == [401]


def restarted(bench: Bench) -> Bench:
    """Another run, with what the former one left on disk."""
    again = Bench(bench.directory, bench.limits)
    again.now = bench.now
    again.switch.load(bench.journal.bound and [], again.now, list(bench.journal.kept.values()))
    return again


def test_a_text_that_waits_survives_the_daemon_and_is_forgotten_once_delivered(bench: Bench) -> None:
    assert write(Phone(bench, "1001"), "1002", "later") == [202] and len(bench.journal.kept) == 1
    again = restarted(bench)
    again.journal.kept = bench.journal.kept
    bob = Phone(again, "1002", 3)
    bob.call_id = "reg"
    uri = "sip:demo.local"
    bob.say("REGISTER", uri, to="<sip:1002@demo.local>")
    (challenge,) = bob.got()
    assert isinstance(challenge, Response)
    bob.say(
        "REGISTER", uri, to="<sip:1002@demo.local>", headers=bob.authorization(challenge, "REGISTER", uri)
    )
    assert texts(bob) == ["later"] and not again.journal.kept


def test_a_text_that_cannot_be_kept_is_not_promised(bench: Bench) -> None:
    bench.journal.broken = True
    assert write(Phone(bench, "1001"), "1002", "later") == [503]
    assert len(bench.switch.messages) == 0


def test_a_text_of_the_public_network_waits_like_any_other(bench: Bench) -> None:
    account, user = bench.directory.accounts()[0], bench.directory.users["1002"]
    told: list[object] = []
    long, messages = b"x" * 101, bench.switch.messages
    messages.bring(user, account, "14155551234", "grüß dich".encode(), told.append, bench.now)
    messages.bring(user, account, "14155551234", long, told.append, bench.now)
    bench.drain()
    assert told[0].code == "text_too_long" and told[1] is None and len(messages) == 1  # type: ignore[attr-defined]
    bob = Phone(bench, "1002", 3)
    uri = "sip:demo.local"
    bob.say("REGISTER", uri, to="<sip:1002@demo.local>")
    (challenge,) = bob.got()
    assert isinstance(challenge, Response)
    proof = bob.authorization(challenge, "REGISTER", uri)
    bob.say("REGISTER", uri, to="<sip:1002@demo.local>", headers=f"Expires: 600\r\n{proof}")
    (message,) = [m for m in bob.got() if isinstance(m, Request)]
    assert str(message.from_.uri) == "sip:14155551234@demo.local" and message.body.decode() == "grüß dich"


def test_a_text_in_a_call_reaches_the_user_at_its_other_end(bench: Bench) -> None:
    """RFC 3428 §8: like one outside, for both sides, without a challenge."""
    alice, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    alice.register()
    bob.register()
    alice.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 200, bob.sdp())
    (answer,) = (m for m in alice.got() if isinstance(m, Response) and m.status == 200)
    alice.to, alice.remote = answer.headers.get("To") or "", str(answer.contacts[0].uri)
    alice.ack(answer)
    bob.got()
    alice.say("MESSAGE", alice.remote, to=alice.to, body="hello", content_type="text/plain")
    assert texts(bob) == ["hello"] and alice.statuses() == [200]
    back = f"<sip:1001@demo.local>;tag={invite.from_.tag}"
    bob.call_id, bob.cseq = invite.call_id, 100
    bob.say("MESSAGE", str(invite.contacts[0].uri), to=back, body="bye", content_type="text/plain")
    assert texts(alice) == ["bye"] and bob.statuses() == [200]
    alice.say("MESSAGE", alice.remote, to=alice.to, body="x" * 101, content_type="text/plain")
    assert alice.statuses() == [413]
    alice.say("MESSAGE", alice.remote, to=alice.to, body="late", cseq=1, content_type="text/plain")
    assert alice.statuses() == [500]
    assert len(bench.switch.calls) == 1


def test_a_text_to_what_is_no_user_in_a_call_is_refused_with_the_reason(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    alice.say("MESSAGE", alice.remote, to=alice.to, body="hello", content_type="text/plain")
    (response,) = alice.got()
    assert isinstance(response, Response) and response.status == 403
    assert "nobody_reads" in (response.headers.get("Warning") or "")
