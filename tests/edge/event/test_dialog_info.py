"""RFC 4235."""

from xml.etree import ElementTree

from edge.event.dialog_info import document
from edge.event.line import Line, Stage
from edge.journal import CallId

NS = "{urn:ietf:params:xml:ns:dialog-info}"


def test_every_call_of_the_user_is_a_dialog_in_its_state() -> None:
    lines = [
        Line(CallId("a"), True, Stage.CONFIRMED, "1002"),
        Line(CallId("b"), False, Stage.EARLY, '"<evil>&'),
    ]
    root = ElementTree.fromstring(document("1001", "demo.local", 3, lines))
    assert root.get("version") == "3" and root.get("entity") == "sip:1001@demo.local"
    first, second = root.findall(f"{NS}dialog")
    assert (first.get("direction"), first.findtext(f"{NS}state")) == ("initiator", "confirmed")
    assert (second.get("direction"), second.findtext(f"{NS}state")) == ("recipient", "early")
    target = second.find(f"{NS}remote/{NS}target")
    assert target is not None and target.get("uri") == "sip:%22%3Cevil%3E&@demo.local"


def test_a_call_that_rings_can_be_picked_up_and_no_other_is_named() -> None:
    """§4.1.1: `call-id` and both tags, as RFC 3891 wants them."""
    lines = [
        Line(CallId("a"), False, Stage.EARLY, "1002", waits=True),
        Line(CallId("b"), False, Stage.EARLY, ""),
    ]
    rings, other = ElementTree.fromstring(document("1001", "demo.local", 0, lines))
    assert [rings.get(name) for name in ("call-id", "local-tag", "remote-tag")] == ["a", "ring", "ring"]
    assert other.get("call-id") is None
    assert other.findtext(f"{NS}remote/{NS}identity") == "sip:anonymous@anonymous.invalid"
    assert rings.findtext(f"{NS}remote/{NS}identity") == "sip:1002@demo.local"


def test_a_phone_without_a_call_has_one_that_has_ended() -> None:
    """Linksys and Snom put a lamp out for a dialog that is `terminated`, not for none (RFC 4235 §3.7.1)."""
    root = ElementTree.fromstring(document("1001", "demo.local", 0, []))
    assert [dialog.findtext(f"{NS}state") for dialog in root.findall(f"{NS}dialog")] == ["terminated"]
