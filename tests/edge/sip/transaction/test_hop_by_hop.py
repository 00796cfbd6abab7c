"""ACK of a failure and CANCEL (RFC 3261 §17.1.1.3, §9.1)."""

from edge.sip.build import response_to
from edge.sip.transaction.hop_by_hop import ack_of_failure, cancel_of
from tests.support.transaction import parsed_request, request

INVITE = request("INVITE", cseq=7, more=("Route: <sip:p1.example;lr>", "Route: <sip:p2.example;lr>"))


def test_the_ack_has_the_to_of_the_response_and_the_rest_of_the_invite() -> None:
    ack = parsed_request(ack_of_failure(INVITE, response_to(INVITE, 486, to_tag="b")).wire())
    assert ack.uri == INVITE.uri and ack.headers.all("Via") == INVITE.headers.all("Via")
    assert (ack.to.tag, str(ack.cseq), ack.call_id) == ("b", "7 ACK", INVITE.call_id)
    assert ack.headers.all("Route") == INVITE.headers.all("Route")
    assert ack.from_ == INVITE.from_ and ack.max_forwards == 70 and ack.body == b""


def test_the_cancel_has_everything_of_the_invite_but_the_method() -> None:
    """§9.1: Request-URI, Call-ID, To, CSeq number and From are identical, tags included."""
    cancel = parsed_request(cancel_of(INVITE, (("Reason", "SIP;cause=200"),)).wire())
    assert cancel.uri == INVITE.uri and cancel.to == INVITE.to and cancel.from_ == INVITE.from_
    assert (str(cancel.cseq), cancel.call_id) == ("7 CANCEL", INVITE.call_id)
    assert cancel.headers.all("Via") == INVITE.headers.all("Via")
    assert cancel.headers.all("Route") == INVITE.headers.all("Route")
    assert cancel.headers.get("Reason") == "SIP;cause=200"
