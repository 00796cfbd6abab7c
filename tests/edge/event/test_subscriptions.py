"""BLF, presence, MWI and reg over the whole switch (RFC 6665, 4235, 3856, 3842, 3680)."""

import pytest

from config.schema import SipLimits
from config.security import Security
from edge.directory import Target
from edge.event.message_summary import Mailbox
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request, Response
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    for number in ("1001", "1002", "1003"):
        directory.add_user(number)
    return Bench(directory, SipLimits(subscriptions_per_user=2))


def subscribe(phone: Phone, number: str, event: str, expires: int = 600) -> Response:
    """The final answer; a NOTIFY stays with the bench."""
    uri = f"sip:{number}@demo.local"
    head = f"Event: {event}\r\nExpires: {expires}\r\n"
    phone.say("SUBSCRIBE", uri, headers=head)
    (challenge,) = phone.got()
    assert isinstance(challenge, Response)
    if challenge.status != 401:
        return challenge
    phone.say("SUBSCRIBE", uri, headers=head + phone.authorization(challenge, "SUBSCRIBE", uri))
    messages = phone.bench.sent
    (response,) = [m for m, f in messages if isinstance(m, Response) and f.remote == phone.source]
    messages[:] = [item for item in messages if item[0] is not response]
    if response.contacts:
        phone.to, phone.remote = response.headers.get("To") or "", str(response.contacts[0].uri)
    return response


def told(phone: Phone) -> list[Request]:
    """Every NOTIFY, answered."""
    found = [m for m in phone.got() if isinstance(m, Request) and m.method == "NOTIFY"]
    for notify in found:
        phone.reply(notify, 200)
    return found


def test_of_many_watchers_a_few_are_told_at_a_time() -> None:
    """A switchboard that a whole company has a lamp of: audio does not wait for hundreds of NOTIFYs."""
    directory = FakeDirectory()
    for number in ("1001", "1002", "1003"):
        directory.add_user(number)
    bench = Bench(directory, security=Security(allow=("127.0.0.4/32",)))
    bob = Phone(bench, "1002", 3)
    bob.register()
    lamps: list[Phone] = []
    for n in range(100):
        lamp = Phone(bench, "1003", 4)
        lamp.source, lamp.call_id = ("127.0.0.4", 6_000 + n), f"lamp{n}"
        assert subscribe(lamp, "1002", "dialog").status == 200
        assert len(told(lamp)) == 1
        lamps.append(lamp)
    Phone(bench, "1001").dial("1002")
    at_once = [len(told(lamp)) for lamp in lamps]
    assert sum(at_once) == 32
    bench.advance(0.005)
    assert sum(len(told(lamp)) for lamp in lamps) == 32
    bench.advance(0.01)
    assert sum(len(told(lamp)) for lamp in lamps) == 36, "each once"


def test_a_busy_lamp_follows_the_calls_of_its_user(bench: Bench) -> None:
    lamp, bob = Phone(bench, "1003", 4), Phone(bench, "1002", 3)
    bob.register()
    accepted = subscribe(lamp, "1002", "dialog")
    assert accepted.status == 200 and accepted.headers.get("Expires") == "600"
    (first,) = told(lamp)
    assert b"<state>terminated</state>" in first.body and first.headers.get("Event") == "dialog"
    alice = Phone(bench, "1001")
    alice.dial("1002")
    (early,) = told(lamp)
    assert b"<state>early</state>" in early.body and b"recipient" in early.body and b"1001" in early.body
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 200, bob.sdp())
    (up,) = told(lamp)
    assert b"<state>confirmed</state>" in up.body and b'version="2"' in up.body
    answer = final(alice.got())
    alice.ack(answer)
    alice.to, alice.remote = answer.headers.get("To") or "", str(answer.contacts[0].uri)
    alice.bye()
    (dark,) = told(lamp)
    assert dark.body.count(b"<dialog ") == 1 and b"<state>terminated</state>" in dark.body


def test_a_connection_by_which_lamps_are_told_is_needed_although_it_is_idle(bench: Bench) -> None:
    """Consoles subscribe without being registered; nobody can dial them (RFC 5626 §3.1)."""
    console = Phone(bench, "1003", 4, transport=Transport.TCP)
    console.connection = 7
    flow = Flow(Transport.TCP, console.source, 0, 7)
    assert not bench.switch.needs(flow)
    assert subscribe(console, "1002", "dialog").status == 200
    told(console)
    assert bench.switch.needs(flow)
    bench.advance(601.0)
    told(console)
    assert not bench.switch.needs(flow)


def test_presence_is_open_with_a_phone_and_closed_without(bench: Bench) -> None:
    watcher, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    subscribe(watcher, "1002", "presence")
    assert b"<basic>closed" in told(watcher)[0].body
    bob.register(60)
    assert b"<basic>open" in told(watcher)[0].body
    bench.advance(61.0)
    assert b"<basic>closed" in told(watcher)[0].body


def test_a_waiting_message_lights_the_lamp_of_its_user_alone(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    assert subscribe(alice, "1002", "message-summary").status == 403
    alice.call_id = "own"
    assert subscribe(alice, "1001", "message-summary").status == 200
    assert b"Messages-Waiting: no" in told(alice)[0].body
    bench.switch.mailbox(bench.directory.users["1001"], Mailbox(1, 0), bench.now)
    bench.drain()
    assert b"Messages-Waiting: yes" in told(alice)[0].body


@pytest.mark.parametrize("number", ["*97", "6000"])
def test_messages_may_be_asked_for_at_the_number_that_they_are_listened_to_by(
    bench: Bench, number: str
) -> None:
    """RFC 3842: phones subscribe to the voicemail number that they are set up with; each has its own box."""
    bench.directory.extensions["6000"] = Target("mailbox", "1001")
    alice, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    assert subscribe(alice, number, "message-summary").status == 200
    told(alice)
    bench.switch.mailbox(bench.directory.users["1001"], Mailbox(1, 0), bench.now)
    bench.drain()
    (report,) = told(alice)
    assert b"Messages-Waiting: yes" in report.body and b"Message-Account: sip:1001@" in report.body
    if number == "*97":
        assert subscribe(bob, number, "message-summary").status == 200
        assert b"Messages-Waiting: no" in told(bob)[0].body
    else:
        assert subscribe(bob, number, "message-summary").status == 403, "of somebody else"
    assert subscribe(Phone(bench, "1003", 4), "*97", "dialog").status == 404


def test_reg_tells_a_user_where_it_is_registered(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    subscribe(alice, "1001", "reg")
    assert b'state="init"' in told(alice)[0].body
    desk = Phone(bench, "1001", 5)
    desk.register()
    assert b"127.0.0.5" in told(alice)[0].body
    bench.advance(30.0)
    bench.switch.mailbox(bench.directory.users["1001"], Mailbox(1, 0), bench.now)
    bench.drain()
    assert not told(alice), "less time is left, which is no news"
    desk.register()
    assert b'expires="600"' in told(alice)[0].body
    desk.register(0)
    assert b'state="terminated"' in told(alice)[0].body


def test_it_is_refreshed_looked_at_and_ends_in_time(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    subscribe(alice, "1002", "dialog", 100)
    told(alice)
    bench.advance(90.0)
    alice.say("SUBSCRIBE", alice.remote, to=alice.to, headers="Event: dialog\r\nExpires: 100\r\n")
    assert len(told(alice)) == 1
    bench.advance(90.0)
    assert len(bench.switch.subscriptions) == 1
    bench.advance(10.2)
    (last,) = told(alice)
    assert last.headers.get("Subscription-State") == "terminated;reason=timeout"
    assert len(bench.switch.subscriptions) == 0
    alice.say("SUBSCRIBE", alice.remote, to=alice.to, headers="Event: dialog\r\n")
    assert alice.statuses() == [481]


@pytest.mark.parametrize(
    ("number", "event", "expires", "status"),
    [("1002", "cats", 600, 489), ("1002", "dialog", 5, 423), ("nobody", "dialog", 600, 404)],
)
def test_what_cannot_be_watched_is_refused(
    bench: Bench, number: str, event: str, expires: int, status: int
) -> None:
    assert subscribe(Phone(bench, "1001"), number, event, expires).status == status


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/pidf+xml", 406),
        ("application/sdp, application/pidf+xml;q=0.5", 406),
        ("application/dialog-info+xml", 200),
        ("text/plain, Application/Dialog-Info+XML;version=1", 200),
        ("application/*", 200),
        ("*/*", 200),
    ],
)
def test_a_watcher_that_could_read_no_report_is_told_so(bench: Bench, accept: str, status: int) -> None:
    """RFC 6665 §3.1.3, RFC 3261 §20.1."""
    answer = subscribe(Phone(bench, "1001"), "1002", f"dialog\r\nAccept: {accept}")
    assert answer.status == status
    if status == 406:
        assert answer.headers.get("Accept") == "application/dialog-info+xml"


def test_a_dialog_is_for_one_event(bench: Bench) -> None:
    """RFC 6665 §4.5.2; the id is part of it, and a refresh may leave all of it out."""
    alice = Phone(bench, "1001")
    subscribe(alice, "1002", "dialog;id=7")
    (first,) = told(alice)
    assert first.headers.get("Event") == "dialog;id=7"
    for event, status in (
        ("Event: dialog;id=8\r\n", 403),
        ("Event: dialog\r\n", 403),
        ("Event: presence;id=7\r\n", 403),
        ("Event: Dialog ;x=1; id=7\r\n", 200),
        ("", 200),
    ):
        alice.say("SUBSCRIBE", alice.remote, to=alice.to, headers=f"{event}Expires: 100\r\n")
        messages = alice.got()
        assert final(messages).status == status, event
        for notify in messages:
            if isinstance(notify, Request):
                alice.reply(notify, 200)
    assert len(bench.switch.subscriptions) == 1


def test_a_user_that_is_removed_is_watched_no_more(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    subscribe(alice, "1002", "dialog")
    told(alice)
    bench.switch.subscriptions.prune(bench.now)
    assert told(alice) == []
    del bench.directory.users["1002"]
    bench.switch.subscriptions.prune(bench.now)
    bench.switch.handle_timer(bench.now)
    bench.drain()
    (last,) = told(alice)
    assert last.headers.get("Subscription-State") == "terminated;reason=noresource"
    assert len(bench.switch.subscriptions) == 0


def test_a_watcher_that_asks_for_a_moment_is_told_again(bench: Bench) -> None:
    """RFC 6665 §4.2.2."""
    alice = Phone(bench, "1001")
    subscribe(alice, "1002", "dialog")
    (notify,) = [m for m in alice.got() if isinstance(m, Request)]
    alice.reply(notify, 503, headers="Retry-After: 5\r\n")
    bench.advance(4.9)
    assert told(alice) == []
    bench.advance(0.2)
    assert len(told(alice)) == 1


def test_a_stranger_is_asked_who_it_is(bench: Bench) -> None:
    eve = Phone(bench, "eve", 9, password="guess")
    assert subscribe(eve, "1002", "dialog").status == 401


def test_watchers_are_bounded(bench: Bench) -> None:
    statuses = []
    for n in range(3):
        phone = Phone(bench, "1001", 10 + n)
        statuses.append(subscribe(phone, "1002", "dialog").status)
        told(phone)
    assert statuses == [200, 200, 503]


def test_a_watcher_that_is_gone_is_forgotten(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    subscribe(alice, "1002", "dialog")
    bench.advance(33.0)
    assert len(bench.switch.subscriptions) == 0


def test_a_subscription_goes_on_after_a_restart(bench: Bench) -> None:
    lamp = Phone(bench, "1003", 4)
    assert subscribe(lamp, "1002", "dialog").status == 200
    (before,) = told(lamp)
    again = Bench(bench.directory, bench.limits)
    again.now = bench.now
    again.journal.kept = bench.journal.kept
    again.switch.load([], again.now, list(bench.journal.kept.values()))
    lamp.bench = again
    again.advance(2.1)
    (after,) = told(lamp)
    assert after.call_id == before.call_id and after.cseq.number > before.cseq.number
    assert (after.from_.tag, after.to.tag) == (before.from_.tag, before.to.tag)
    lamp.say("SUBSCRIBE", lamp.remote, to=lamp.to, headers="Event: dialog\r\nExpires: 0\r\n")
    assert lamp.got()[0].wire().startswith(b"SIP/2.0 200")


def test_a_subscription_that_ends_is_not_kept(bench: Bench) -> None:
    lamp = Phone(bench, "1003", 4)
    subscribe(lamp, "1002", "dialog")
    told(lamp)
    assert len(bench.journal.kept) == 1
    bench.advance(601.0)
    told(lamp)
    assert not bench.journal.kept


def test_a_subscription_that_cannot_be_kept_is_not_granted(bench: Bench) -> None:
    bench.journal.broken = True
    assert subscribe(Phone(bench, "1003", 4), "1002", "dialog").status == 503
    assert len(bench.switch.subscriptions) == 0
