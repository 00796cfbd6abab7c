"""Flows of phones, and whose they are (RFC 5626 §6)."""

import pytest

from edge.registration.outbound import lacks_first_hop, read
from edge.sip.address import Address
from tests.edge.registration.test_registrar import A, Edge, contacts, register

OUTBOUND = ';+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>";reg-id=1'
HOP = "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKphone"


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ("", ("", 0)),
        (";reg-id=1", ("", 0)),
        (';+sip.instance="<urn:uuid:1>"', ("<urn:uuid:1>", 0)),
        (';+sip.instance="<urn:uuid:1>";reg-id=7', ("<urn:uuid:1>", 7)),
        (';+sip.instance="<urn:uuid:1>";reg-id=2147483648', ("<urn:uuid:1>", 0)),
        (';+sip.instance="<urn:uuid:1>";reg-id=-1', ("<urn:uuid:1>", 0)),
    ],
)
def test_a_reg_id_needs_an_instance_and_a_range(params: str, found: tuple[str, int]) -> None:
    assert read(Address.parse(f"<sip:a@192.0.2.7>{params}")) == found


@pytest.mark.parametrize(
    ("lines", "lacks"),
    [
        pytest.param(("Supported: outbound",), False, id="nobody stands between"),
        pytest.param((HOP, "Supported: outbound"), True, id="a proxy without Path"),
        pytest.param((HOP, "Supported: outbound", "Path: <sip:edge;lr>"), True, id="it keeps no flow"),
        pytest.param((HOP, "Supported: outbound", "Path: <sip:edge;lr;ob>"), False, id="it does"),
        pytest.param(
            (HOP, "Supported: outbound", "Path: <sip:core;lr>, <sip:edge;lr;ob>"), False, id="the last"
        ),
        pytest.param(
            (HOP, "Supported: outbound", "Path: <sip:core;lr;ob>, <sip:edge;lr>"), True, id="not the last"
        ),
        pytest.param((HOP, "Supported: path"), False, id="the phone asks for no outbound"),
    ],
)
def test_the_proxy_next_to_a_phone_must_keep_the_flow(lines: tuple[str, ...], lacks: bool) -> None:
    """§6; 439 is §11.6."""
    edge, request = Edge(), register(*lines, f"Contact: {A}{OUTBOUND}")
    assert lacks_first_hop(request) is lacks
    if not lacks:
        edge.granted(request)
        return
    refused = edge.refused(request)
    assert refused.status == 439 and "no_flow" in (refused.headers.get("Warning") or "")
    # A phone that is told so leaves the reg-id out (§4.2.1), and is registered.
    again = edge.granted(register(*lines, f"Contact: {A}", cseq=2))
    assert len(contacts(again)) == 1 and again.response.headers.get("Require") is None
