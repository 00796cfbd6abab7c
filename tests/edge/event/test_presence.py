"""PIDF (RFC 3863)."""

from xml.etree import ElementTree

import pytest

from edge.event.presence import document

NS = "{urn:ietf:params:xml:ns:pidf}"


@pytest.mark.parametrize(
    ("reachable", "busy", "basic", "note"),
    [
        (True, False, "open", "Available"),
        (True, True, "open", "On the phone"),
        (False, False, "closed", "Away"),
    ],
)
def test_a_user_is_there_busy_or_away(reachable: bool, busy: bool, basic: str, note: str) -> None:
    root = ElementTree.fromstring(document("1001", "demo.local", reachable=reachable, busy=busy))
    assert root.get("entity") == "sip:1001@demo.local"
    assert root.findtext(f"{NS}tuple/{NS}status/{NS}basic") == basic
    assert root.findtext(f"{NS}tuple/{NS}note") == note
    assert ("on-the-phone" in ElementTree.tostring(root, "unicode")) is busy


def test_a_number_that_is_no_user_part_is_escaped() -> None:
    """RFC 3261 §25.1."""
    root = ElementTree.fromstring(document('a "b"', "demo.local", reachable=True, busy=False))
    assert root.get("entity") == "sip:a%20%22b%22@demo.local"
