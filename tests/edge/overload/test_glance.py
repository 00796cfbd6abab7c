"""What is seen of a request without parsing it, and the answer made of that."""

import pytest

from edge.overload.glance import call_id_of, glance
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request, Response
from edge.sip.parse import parse_message
from edge.sip.transaction.matching import branch_identity, reply_flow
from edge.sip.via import Via

INVITE = (
    b"INVITE sip:1000@demo.local SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa;rport, SIP/2.0/TCP one.example;branch=z9hG4bKb\r\n"
    b"v:SIP/2.0/UDP two.example;branch=z9hG4bKc\r\n"
    b"f: Alice <sip:1001@demo.local>;tag=1\r\nTo: <sip:1000@demo.local>\r\nCALL-ID:abc\r\n"
    b"CSeq: 7 INVITE\r\nUser-Agent: phone\r\nAuthorization: Digest x\r\nContent-Length: 0\r\n\r\n"
)
FLOW = Flow(Transport.UDP, ("203.0.113.9", 4_000))


def answered(data: bytes, flow: Flow = FLOW) -> tuple[Response, Flow]:
    seen = glance(data, flow)
    assert seen is not None
    answer = seen.answer(b"503 Service Unavailable", b"Retry-After: 3\r\n", b"t")
    assert answer is not None
    response = parse_message(answer[0])
    assert isinstance(response, Response) and response.status == 503
    return response, answer[1]


def test_compact_and_odd_spellings_are_read() -> None:
    seen = glance(INVITE, FLOW)
    assert seen is not None
    assert (seen.method, seen.inside, seen.proven, seen.agent) == ("INVITE", False, True, "phone")
    assert seen.identity == "z9hG4bKa 10.0.0.1:5062 abc" and seen.call_id == b"abc"


def test_the_answer_is_the_one_that_parsing_would_have_led_to() -> None:  # RFC 3261 §8.2.6.2
    response, way = answered(INVITE)
    assert way == FLOW
    assert response.headers.all("Via") == [
        "SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa;received=203.0.113.9;rport=4000",
        "SIP/2.0/TCP one.example;branch=z9hG4bKb",
        "SIP/2.0/UDP two.example;branch=z9hG4bKc",
    ]
    request = parse_message(INVITE)
    assert isinstance(request, Request)
    assert response.from_ == request.from_ and response.call_id == request.call_id
    assert response.cseq == request.cseq and response.to.tag == "t"


@pytest.mark.parametrize("source", [("203.0.113.9", 4_000), ("10.0.0.1", 5_062), ("2001:db8::1", 5_060)])
@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
@pytest.mark.parametrize(
    "via",
    [
        "SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa;rport",
        "SIP/2.0/UDP 10.0.0.1:5062;rport;branch=z9hG4bKa;keep",
        "SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa",
        "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa;rportal=1",
        "SIP/2.0/UDP 10.0.0.1;BRANCH=z9hG4bKa;RPORT",
        "SIP/2.0/UDP phone.example:5062;branch=z9hG4bKa;received=1.2.3.4;rport=9",
        "SIP / 2.0 / UDP 10.0.0.1 : 5062 ; branch=z9hG4bKa ; rport",
        "SIP/2.0/UDP [2001:db8::1]:5062;branch=z9hG4bKa",
        'SIP/2.0/UDP [2001:db8::1];branch=z9hG4bKa;x="a;rport"',
        "SIP/2.0/UDP 10.0.0.1:5062;alias",
    ],
)
def test_every_via_is_noted_and_the_way_taken_as_by_the_parser(
    via: str, source: tuple[str, int], transport: Transport
) -> None:  # RFC 3261 §18.2.1, RFC 3581 §4
    first = b"Via: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa;rport, SIP/2.0/TCP one.example;branch=z9hG4bKb"
    data = INVITE.replace(first, b"Via: " + via.encode())
    flow = Flow(transport, source)
    seen = glance(data, flow)
    assert seen is not None
    response, way = answered(data, flow)
    parsed = Via.parse(via)
    assert Via.parse(response.headers.all("Via")[0]) == parsed.seen_from(*source)
    assert way == reply_flow(parsed, flow)
    assert seen.identity == branch_identity(parsed.branch, parsed.host, parsed.port, seen.call_id.decode())


def test_without_rport_the_answer_goes_to_the_port_of_sent_by() -> None:  # RFC 3261 §18.2.2
    assert answered(INVITE.replace(b";rport", b""))[1].remote == ("203.0.113.9", 5_062)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n",
        INVITE.replace(b"Via: SIP/2.0/UDP", b"Via: nonsense"),
        INVITE.replace(b"<sip:1000@demo.local>\r\n", b"\r\n <sip:1000@demo.local>\r\n"),
        INVITE[:-4],
    ],
)
def test_what_cannot_be_seen_at_a_glance_is_left_to_the_parser(data: bytes) -> None:
    assert glance(data, FLOW) is None


def test_a_request_inside_a_dialog_shows_by_the_tag_of_to() -> None:
    seen = glance(INVITE.replace(b"To: <sip:1000@demo.local>", b"To: <sip:1000@demo.local> ; TAG=x"), FLOW)
    assert seen is not None and seen.inside


def test_without_cseq_there_is_nothing_to_answer_with() -> None:
    seen = glance(INVITE.replace(b"CSeq", b"C"), FLOW)
    assert seen is not None and seen.answer(b"503 X", b"", b"t") is None


def test_the_call_id_of_any_message_is_found_in_any_spelling() -> None:
    assert call_id_of(INVITE) == "abc"
    assert call_id_of(b"SIP/2.0 200 OK\r\ni: x@y\r\n\r\n") == "x@y" and call_id_of(b"garbage") == ""
