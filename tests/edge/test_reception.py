"""Requests that belong to no dialog: each finds who serves it, or hears why not."""

import pytest

from edge.overload.turnstile import CHALLENGED
from edge.sip.message import Response
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    return Bench(directory)


def test_options_tells_what_we_support(bench: Bench) -> None:  # RFC 3261 §11.2
    phone = Phone(bench, "1001")
    phone.say("OPTIONS", "sip:demo.local")
    (response,) = phone.got()
    assert isinstance(response, Response) and response.status == 200
    assert "path" in (response.headers.get("Supported") or "")
    assert "REFER" in (response.headers.get("Allow") or "")


def test_a_dialog_that_is_not_here_gets_481_and_the_reason(bench: Bench) -> None:  # RFC 3261 §12.2.2
    phone = Phone(bench, "1001")
    phone.say("BYE", "sip:1001@demo.local", to="<sip:1002@demo.local>;tag=gone")
    (response,) = phone.got()
    assert isinstance(response, Response) and response.status == 481
    assert "no_such_dialog" in (response.headers.get("Warning") or "")


def test_a_method_that_nobody_serves_gets_405_with_those_that_are(bench: Bench) -> None:
    phone = Phone(bench, "1001")
    phone.say("PUBLISH", "sip:1001@demo.local")
    (response,) = phone.got()
    assert isinstance(response, Response) and response.status == 405 and response.headers.get("Allow")


@pytest.mark.parametrize(
    ("method", "status"), [("NOTIFY", 405), ("PUBLISH", 405), ("SING", 501), ("invite", 501)]
)
def test_a_method_that_no_rfc_knows_is_501_and_one_that_is_not_taken_405(
    bench: Bench, method: str, status: int
) -> None:
    """RFC 3261 §8.2.1, §21.5.2; names of methods are compared by case, §7.1. In a dialog it is the same."""
    phone = Phone(bench, "1001")
    phone.say(method, "sip:1001@demo.local")
    (outside,) = phone.got()
    phone.ack(final(phone.dial("*43")))
    phone.say(method, "sip:*43@127.0.0.1", to=phone.to)
    (inside,) = phone.got()
    for response in (outside, inside):
        assert isinstance(response, Response) and response.status == status
        assert "INVITE" in (response.headers.get("Allow") or "")


@pytest.mark.parametrize(
    "route",
    ["<sip:*43@demo.local>", "<sip:127.0.0.1>, <sip:*43@demo.local>", "<sip:away.example;lr>, <tel:*43>"],
)
def test_who_takes_us_for_a_strict_router_reaches_whom_it_wants(bench: Bench, route: str) -> None:
    """RFC 3261 §16.4: we are in the Request-URI, and who is called is last in Route."""
    phone = Phone(bench, "1001")
    assert final(phone.dial("", headers=f"Route: {route}\r\n")).status == 200
    (call,) = bench.switch.calls.values()
    assert call.callee == "*43"


@pytest.mark.parametrize(
    "route", ["<sip:demo.local;lr>", "<sip:demo.local>, <http://demo.local>", "rubbish <"]
)
def test_a_route_that_names_nobody_is_none_of_a_strict_router(bench: Bench, route: str) -> None:
    phone = Phone(bench, "1001")
    assert final(phone.dial("", headers=f"Route: {route}\r\n")).status in (400, 404)


@pytest.mark.parametrize("method", ["BYE", "INFO", "PRACK", "UPDATE"])
def test_what_belongs_into_a_dialog_is_481_without_one(bench: Bench, method: str) -> None:
    """RFC 3261 §15.1.2, RFC 3262 §3, RFC 3311 §5.2, RFC 6086 §4.2.2: no 405, whose Allow would name it."""
    phone = Phone(bench, "1001")
    phone.say(method, "sip:1001@demo.local")
    assert phone.statuses() == [481]


def test_a_refer_outside_of_a_call_is_refused_and_told_where_it_belongs(bench: Bench) -> None:
    phone = Phone(bench, "1001")
    phone.say("REFER", "sip:1001@demo.local", headers="Refer-To: <sip:*43@demo.local>\r\n")
    (response,) = phone.got()
    assert isinstance(response, Response) and response.status == 403
    assert "no_call" in (response.headers.get("Warning") or "")


def test_a_phone_that_keeps_the_tag_of_its_last_registration_stays_registered(bench: Bench) -> None:
    """RFC 3261 §10.2: REGISTER knows no dialogs, so a tag in To means nothing."""
    phone = Phone(bench, "1001")
    phone.say("REGISTER", "sip:demo.local", to="<sip:1001@demo.local>;tag=of-yesterday")
    (challenge,) = phone.got()
    assert isinstance(challenge, Response) and challenge.status == 401
    proof = phone.authorization(challenge, "REGISTER", "sip:demo.local")
    phone.say("REGISTER", "sip:demo.local", to="<sip:1001@demo.local>;tag=of-yesterday", headers=proof)
    assert phone.statuses() == [200]


def test_options_names_the_event_packages_too(bench: Bench) -> None:
    """RFC 6665 §8.2.2."""
    phone = Phone(bench, "1001")
    phone.say("OPTIONS", "sip:demo.local")
    (response,) = phone.got()
    assert "message-summary" in (response.headers.get("Allow-Events") or "")


def test_a_call_is_charged_in_full_and_a_challenge_in_part(bench: Bench) -> None:
    turnstile = bench.switch.turnstile
    Phone(bench, "1001").say("INVITE", "sip:*43@demo.local")
    assert turnstile.admitted == CHALLENGED
    assert final(Phone(bench, "1001", 4).dial("*43")).status == 200
    assert turnstile.admitted == pytest.approx(2 * CHALLENGED + 1.0)
