"""REGISTER from challenge to promise (RFC 3261 §10.3)."""

import pytest

from edge.sip.message import Response
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1002", "bob")
    return Bench(directory)


def registered(bench: Bench, phone: Phone, aor: str, host: str = "demo.local") -> Response:
    uri, to = f"sip:{host}", f"<sip:{aor}@{host}>"
    phone.say("REGISTER", uri, to=to)
    (challenge,) = phone.got()
    assert isinstance(challenge, Response) and challenge.status == 401
    phone.say("REGISTER", uri, to=to, headers=phone.authorization(challenge, "REGISTER", uri))
    (response,) = phone.got()
    assert isinstance(response, Response)
    return response


@pytest.mark.parametrize("aor", ["bob", "1002"])
def test_a_device_registers_its_username_or_its_users_number(bench: Bench, aor: str) -> None:
    assert registered(bench, Phone(bench, "bob"), aor).status == 200
    assert [b.aor for b in bench.switch.registrar.lookup(ACC, "bob", bench.now)] == ["bob"]


@pytest.mark.parametrize("host", ["demo.local", "127.0.0.1", "nobody.example"])
def test_any_host_leads_to_the_only_account(bench: Bench, host: str) -> None:
    """`design.md` §6: an own address means the only account."""
    assert registered(bench, Phone(bench, "bob"), "bob", host).status == 200


def test_nobody_registers_for_another_user(bench: Bench) -> None:
    bench.directory.add_user("1001")
    response = registered(bench, Phone(bench, "bob"), "1001")
    assert response.status == 403 and "foreign_aor" in (response.headers.get("Warning") or "")


def test_a_trunk_has_no_address_of_record(bench: Bench) -> None:
    bench.directory.add_trunk("pbx", username="pbx1", password="secret")
    assert registered(bench, Phone(bench, "pbx1"), "pbx1").status == 403


def test_asking_for_the_bindings_promises_nothing(bench: Bench) -> None:
    phone = Phone(bench, "bob")
    phone.register()
    bench.journal.bound.clear()
    uri, to = "sip:demo.local", "<sip:bob@demo.local>"
    phone.say("REGISTER", uri, to=to)
    (challenge,) = phone.got()
    assert isinstance(challenge, Response)
    proof = phone.authorization(challenge, "REGISTER", uri)
    text = (
        f"REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKfetch\r\n"
        f"From: {to};tag=1\r\nTo: {to}\r\nCall-ID: fetch\r\nCSeq: 9 REGISTER\r\n"
        f"{proof}Content-Length: 0\r\n\r\n"
    )
    bench.receive(text.encode(), phone.source)
    (response,) = phone.got()
    assert isinstance(response, Response) and response.status == 200
    assert len(response.contacts) == 1 and not bench.journal.bound


def test_a_failed_commit_leaves_what_was_before(bench: Bench) -> None:
    phone = Phone(bench, "bob")
    bench.journal.broken = True
    assert phone.register().status == 503
    assert not bench.switch.registrar.lookup(ACC, "bob", bench.now)


def test_bindings_end_by_themselves(bench: Bench) -> None:
    Phone(bench, "bob").register(expires=60)
    bench.advance(62.0)
    assert not bench.switch.registrar.lookup(ACC, "bob", bench.now)
    assert bench.journal.bound[-1].binding is None
