"""RFC 3680."""

from xml.etree import ElementTree

import pytest

from edge.directory import AccountId
from edge.event.reg import document
from edge.journal import Binding

NS = "{urn:ietf:params:xml:ns:reginfo}"


def test_every_binding_is_a_contact_with_the_time_that_is_left() -> None:
    binding = Binding(
        AccountId("a"),
        "1001",
        "sip:1001@192.0.2.1;x=<&>",
        1.0,
        61_500,
        "c",
        1,
        (),
        "udp:192.0.2.1:5060/0/0",
        "",
    )
    root = ElementTree.fromstring(document("1001", "demo.local", 0, [binding], 1_000))
    (registration,) = root.findall(f"{NS}registration")
    assert registration.get("state") == "active"
    (contact,) = registration.findall(f"{NS}contact")
    assert contact.findtext(f"{NS}uri") == binding.contact and contact.get("expires") == "60"


@pytest.mark.parametrize(("version", "state"), [(0, "init"), (1, "terminated")])
def test_a_registration_that_has_not_begun_is_none_that_has_ended(version: int, state: str) -> None:
    """§4.1."""
    (registration,) = ElementTree.fromstring(document("a b", "demo.local", version, [], 0))
    assert registration.get("state") == state and len(registration) == 0
    assert registration.get("aor") == "sip:a%20b@demo.local"
