"""RFC 3680."""

from xml.etree import ElementTree

from edge.directory import AccountId
from edge.event.reg import document
from edge.journal import Binding

NS = "{urn:ietf:params:xml:ns:reginfo}"


def test_every_binding_is_a_contact() -> None:
    binding = Binding(
        AccountId("a"), "1001", "sip:1001@192.0.2.1;x=<&>", 1.0, 0, "c", 1, (), "udp:192.0.2.1:5060/0/0", ""
    )
    root = ElementTree.fromstring(document("1001", "demo.local", 0, [binding]))
    (registration,) = root.findall(f"{NS}registration")
    assert registration.get("state") == "active"
    assert registration.findtext(f"{NS}contact/{NS}uri") == binding.contact
    empty = ElementTree.fromstring(document("1001", "demo.local", 1, []))
    assert empty[0].get("state") == "init" and len(empty[0]) == 0
