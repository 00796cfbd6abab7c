"""One Contact of a REGISTER (RFC 3261 §10.3, RFC 3327, RFC 3581); whole requests are in test_registrar.py."""

import pytest

from edge.registration.contact import matching, path_of, repeated, way_back
from edge.sip.flow import Flow, Transport
from edge.sip.grammar import Malformed
from edge.sip.uri import Uri
from tests.edge.registration.test_registrar import PHONE, A, register


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("sip:a@192.0.2.7:5060", ("sip:a@192.0.2.7:5060",)),
        ("sip:a@pbx.example.com;x=1", ("sip:a@PBX.example.com",)),
        ("sip:a@pbx.example.com;transport=tcp", ()),
        ("sip:b@192.0.2.7:5060", ()),
    ],
)
def test_a_contact_replaces_the_one_that_is_equivalent(text: str, replaced: tuple[str, ...]) -> None:
    """§19.1.4; a stored one that cannot be read any more is equivalent to nothing."""
    known = ["sip:[", "sip:a@192.0.2.7:5060", "sip:a@PBX.example.com"]
    assert matching(known, Uri.parse(text), text) == replaced


@pytest.mark.parametrize(
    ("params", "kept"),
    [("", ""), (";expires=60", ""), (";q=0.5;EXPIRES=60;x=1", ";q=0.5;x=1"), (";q=1.5;x", ";x")],
)
def test_parameters_are_repeated_but_for_the_expiry_and_a_q_that_is_none(params: str, kept: str) -> None:
    """§10.3 step 8, §25.1."""
    (address,) = register(f"Contact: {A}{params}").contacts
    assert repeated(address) == kept


def test_a_path_is_a_list_of_sip_addresses() -> None:
    """RFC 3327 §5.3."""
    good = register(f"Contact: {A}", "Path: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>")
    assert path_of(good) == ("<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>")
    with pytest.raises(Malformed, match="no SIP address"):
        path_of(register(f"Contact: {A}", "Path: <tel:1>"))


@pytest.mark.parametrize(
    ("via", "contact", "flow", "kept"),
    [
        ("192.0.2.7:5060;rport", A, PHONE, "udp:192.0.2.7:40000/0/0"),
        ("10.0.0.5:5060;received=192.0.2.7", "<sip:a@10.0.0.5:5060>", PHONE, "udp:192.0.2.7:40000/0/0"),
        ("192.0.2.7:5060", A, PHONE, "udp:192.0.2.7:5060/0/0"),
        ("192.0.2.7:5060", "<sip:a@192.0.2.7>", PHONE, "udp:192.0.2.7:5060/0/0"),
        ("192.0.2.7:5060", "<sip:a@192.0.2.7:5070;transport=tcp>", PHONE, "udp:192.0.2.7:40000/0/0"),
        ("192.0.2.7:5060", "<sip:a@198.51.100.1:5060>", PHONE, "udp:192.0.2.7:40000/0/0"),
        ("192.0.2.7:5060", A, Flow(Transport.TCP, ("192.0.2.7", 40_001), 1, 9), "tcp:192.0.2.7:40001/1/9"),
    ],
)
def test_requests_go_back_where_the_registration_came_from(
    via: str, contact: str, flow: Flow, kept: str
) -> None:
    """RFC 3581: behind NAT only the source address works; a Contact never names a third party's."""
    request = register(f"Contact: {contact}", via=via)
    assert str(way_back(request, flow, request.contacts[0].uri)) == kept
