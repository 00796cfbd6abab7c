import pytest

from edge.call.ground import contact_address
from edge.sip.flow import Flow, Transport
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
