import pytest

from edge.call.ground import contact_address
from edge.sip.flow import Flow, Transport
from edge.sip.uri import Uri
from tests.support.edge import FakeReach


@pytest.mark.parametrize(
    ("transport", "contact"),
    [
        (Transport.UDP, "<sip:1001@127.0.0.1:5060>"),
        (Transport.TCP, "<sip:1001@127.0.0.1:5060;transport=tcp>"),
    ],
)
def test_our_contact_says_where_and_how_we_are_reached(transport: Transport, contact: str) -> None:
    assert str(contact_address(FakeReach(), Flow(transport, ("192.0.2.7", 5060)), "1001")) == contact


def test_a_contact_without_a_user_is_the_host_alone() -> None:
    flow = Flow(Transport.UDP, ("192.0.2.7", 5060))
    assert str(contact_address(FakeReach(), flow, "")) == "<sip:127.0.0.1:5060>"


@pytest.mark.parametrize(
    ("transport", "towards", "contact"),
    [
        (Transport.TLS, "sips:a@b", "<sips:1001@127.0.0.1:5060>"),
        (Transport.WSS, "sips:a@b", "<sips:1001@127.0.0.1:5060;transport=ws>"),
        (Transport.TLS, "sip:a@b", "<sip:1001@127.0.0.1:5060;transport=tls>"),
        (Transport.TCP, "sips:a@b", "<sip:1001@127.0.0.1:5060;transport=tcp>"),
    ],
)
def test_a_sips_uri_is_answered_by_one(transport: Transport, towards: str, contact: str) -> None:
    """RFC 3261 §12.1.1: PJSIP leaves a secure dialog whose Contact is none."""
    flow = Flow(transport, ("192.0.2.7", 5060))
    assert str(contact_address(FakeReach(), flow, "1001", Uri.parse(towards))) == contact
