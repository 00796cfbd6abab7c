"""What phones dial and ask for, odd and allowed, each by one user who is registered here."""

import pytest

from edge.sip.message import Request, Response
from tests.edge.event.test_subscriptions import subscribe, told
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final
from tests.support.party import Trunked

CARRIER = ("127.0.0.9", 5060)


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002")
    directory.add_trunk("main", "sip:127.0.0.9:5060", ip=CARRIER[0], default=True)
    return Bench(directory)


def dial(phone: Phone, uri: str) -> list[Request | Response]:
    phone.say("INVITE", uri, body=phone.sdp())
    challenge = phone.got()[-1]
    assert isinstance(challenge, Response) and challenge.status == 401, challenge
    phone.ack(challenge, uri)
    phone.say("INVITE", uri, body=phone.sdp(), headers=phone.authorization(challenge, "INVITE", uri))
    return phone.got()


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("tel:1002", "1002"),
        ("tel:1002;phone-context=demo.local", "1002"),
        ("tel:+1-415-555-0100", "+14155550100"),
        ("sip:+1%20(415)%20555-0100@demo.local", "+14155550100"),
        ("sip:14155550100;ext=12@demo.local;user=phone", "14155550100"),
        ("sip:1002:pw@DEMO.local:5060;transport=tcp?Subject=hi", "1002"),
        ("sip:%31002@demo.local;gr=urn:uuid:x", "1002"),
        ("sips:1002@127.0.0.1", "1002"),
        ("sip:1002@demo.local.", "1002"),
    ],
)
def test_a_user_may_dial_so(bench: Bench, uri: str, number: str) -> None:
    """RFC 3966, RFC 3261 §19.1: a tel URI, which has no host, is a number of the caller's account."""
    bob = Phone(bench, "1002", 3)
    bob.register()
    assert all(isinstance(m, Response) and m.status < 200 for m in dial(Phone(bench, "1001"), uri))
    ((invite, flow),) = bench.take()
    assert isinstance(invite, Request) and invite.uri.user == number
    assert flow.remote == (bob.source if number == "1002" else CARRIER)


@pytest.mark.parametrize("uri", ["sip:1002@elsewhere.example", "sip:1002@127.0.0.3:5060", "sip:1002@[::1]"])
def test_nobody_is_dialled_past_us(bench: Bench, uri: str) -> None:
    refused = final(dial(Phone(bench, "1001"), uri))
    assert refused.status == 403 and "foreign_domain" in (refused.headers.get("Warning") or "")


@pytest.mark.parametrize("more", ["", "Require: norefersub\r\n", "Supported: norefersub\r\n"])
def test_a_transfer_without_reports_may_be_required(more: str) -> None:
    """RFC 4488 §4."""
    site = Trunked()
    site.bench.directory.add_user("1002")
    alice, carrier = site.out()
    headers = f"Refer-To: <sip:+14155550101@demo.local>\r\nRefer-Sub: false\r\n{more}"
    (accepted,) = alice.say("REFER", headers=headers)
    assert isinstance(accepted, Response) and accepted.status == 202, "and no NOTIFY"
    carrier.asked("INVITE")


def test_a_busy_lamp_does_not_tell_who_wants_to_be_private() -> None:
    """RFC 3323, RFC 3325 §7; nor does the call itself."""
    site = Trunked()
    site.bench.directory.add_user("1003")
    lamp = Phone(site.bench, "1003", 4)
    assert subscribe(lamp, "1001", "dialog").status == 200
    told(lamp)
    _alice, invite = site.incoming(headers="P-Asserted-Identity: <sip:+15559999@c>\r\nPrivacy: id\r\n")
    (report,) = told(lamp)
    assert b"anonymous.invalid" in report.body and b"5559999" not in report.body + invite.wire()


def test_a_caller_without_tags_and_empty_lines_is_answered_and_hangs_up(bench: Bench) -> None:
    """RFC 3261 §12.1.1, §17.2.3: as voip-utils, which smart homes call with, speaks by RFC 2543."""
    bench.directory.add_did("12025550123", "echo")
    told: list[str] = []

    def say(method: str, to: str, body: str = "", end: str = "\r\n", n: int = 7) -> list[int]:
        text = (
            f"{method} sip:12025550123@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.{n}:5062\r\n"
            f"From: sip:ha@127.0.0.7:5062\r\nTo: {to}\r\nCall-ID: 27711137910672\r\n"
            f"CSeq: {51 if method == 'BYE' else 50} {method}\r\nContact: <sip:ha@127.0.0.7:5062>\r\n"
            + ("Content-Type: application/sdp\r\n" if body else "")
            + f"Content-Length: {len(body)}\r\n{end}{body}"
        )
        bench.receive(text.encode(), (f"127.0.0.{n}", 5062))
        bench.advance(1.0)
        answers = [m for m, _ in bench.take() if isinstance(m, Response) and m.status >= 200]
        told.extend(m.headers.get("To") or "" for m in answers)
        return [m.status for m in answers]

    plain = "sip:12025550123@127.0.0.1"
    sdp = Phone(bench, "ha", 7).sdp()
    assert set(say("INVITE", plain, sdp)) == {200}
    assert say("ACK", told[-1], end="") == [] and say("OPTIONS", plain) == [200]
    assert say("BYE", plain, n=8) == [481] and len(bench.switch.calls) == 1, "another's"
    assert say("BYE", plain) == [200] and not bench.switch.calls
    bench.advance(60.0)
    assert bench.switch.sessions == 0


def test_a_phone_of_a_mobile_network_says_who_it_is_first_and_is_not_banned(bench: Bench) -> None:
    """3GPP TS 24.229 §5.1.1.2: credentials without a nonce, at every registration, are no wrong password."""
    uri, source = "sip:demo.local", ("192.0.2.9", 5060)
    phone = Phone(bench, "1001")
    phone.source = source
    said = f'Authorization: Digest username="1001",realm="demo.local",nonce="",uri="{uri}",response=""\r\n'
    for _ in range(30):
        phone.say("REGISTER", uri, to="<sip:1001@demo.local>", headers=said)
        (challenge,) = phone.got()
        assert isinstance(challenge, Response) and challenge.status == 401
    assert not bench.shield.refuses(source[0], bench.now)
