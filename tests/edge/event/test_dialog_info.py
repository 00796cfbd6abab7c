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
    assert target is not None and target.get("uri") == 'sip:"<evil>&@demo.local'
