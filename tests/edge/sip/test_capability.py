"""What peers are told that we can do, and requests that change nothing of their dialog."""

import pytest

from edge.event.subscription import Package
from edge.sip.address import Address
from edge.sip.build import request as build
from edge.sip.capability import ALLOW, CAPABILITIES, EVENTS, aside
from edge.sip.message import Request
from edge.sip.uri import Uri


def inside(method: str, *headers: tuple[str, str]) -> Request:
    alice, bob = (Address.parse(f"<sip:{name}@demo.local>;tag={name}") for name in ("alice", "bob"))
    return build(
        method, Uri("sip", "bob", "demo.local"), from_=alice, to=bob, call_id="x", cseq=2, headers=headers
    )


def test_the_event_packages_that_are_named_are_those_that_are_served() -> None:
    assert EVENTS.split(", ") == [package.value for package in Package]


def test_options_in_a_call_tells_all_that_it_tells_outside() -> None:
    """RFC 3261 §11.2."""
    status, headers = aside(inside("OPTIONS"))
    assert status == 200 and set(headers) == {("Allow", ALLOW), *CAPABILITIES}


@pytest.mark.parametrize(
    ("event", "status", "header"),
    [
        ("kpml", 489, "Allow-Events"),  # RFC 6665 §4.2.1.2
        ("", 489, "Allow-Events"),
        ("dialog;id=7", 403, "Warning"),  # RFC 5057 §7
        ("Presence", 403, "Warning"),
    ],
)
def test_a_subscription_in_a_call_is_refused_as_what_it_is(event: str, status: int, header: str) -> None:
    answer, headers = aside(inside("SUBSCRIBE", ("Event", event)))
    assert answer == status and header in dict(headers)


@pytest.mark.parametrize(
    ("package", "kind", "status"),
    [
        ("foo", "text/plain", 469),
        ("foo", "application/dtmf-relay", 200),
        ("", "application/media_control+xml", 200),
    ],
)
def test_an_info_of_a_package_that_nobody_knows_is_469_and_says_that_there_are_none(
    package: str, kind: str, status: int
) -> None:
    """RFC 6086 §4.2.2; key presses and legacy INFO go through."""
    named = (("Info-Package", package),) if package else ()
    answer, headers = aside(inside("INFO", *named, ("Content-Type", kind)))
    assert answer == status and ("Recv-Info" in dict(headers)) is (status == 469)


def test_what_nobody_serves_is_405_with_what_is_served() -> None:
    """RFC 3261 §8.2.1."""
    assert aside(inside("PUBLISH")) == (405, (("Allow", ALLOW),))
