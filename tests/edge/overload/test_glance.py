"""What is seen of a request without parsing it, and the answer made of that."""

import pytest

from edge.overload.glance import answer, call_id_of, glance
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request, Response
from edge.sip.parse import parse_message

INVITE = (
    b"INVITE sip:1000@demo.local SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa;rport, SIP/2.0/TCP one.example;branch=z9hG4bKb\r\n"
    b"v:SIP/2.0/UDP two.example;branch=z9hG4bKc\r\n"
    b"f: Alice <sip:1001@demo.local>;tag=1\r\nTo: <sip:1000@demo.local>\r\nCALL-ID:abc\r\n"
    b"CSeq: 7 INVITE\r\nUser-Agent: phone\r\nAuthorization: Digest x\r\nContent-Length: 0\r\n\r\n"
)
FLOW = Flow(Transport.UDP, ("203.0.113.9", 4_000))


def test_compact_and_odd_spellings_are_read() -> None:
    seen = glance(INVITE)
    assert seen is not None
    assert (seen.method, seen.inside, seen.proven, seen.agent) == ("INVITE", False, True, "phone")
    assert seen.via.branch == "z9hG4bKa"
    assert seen.copied == (
        b"Alice <sip:1001@demo.local>;tag=1",
        b"<sip:1000@demo.local>",
        b"abc",
        b"7 INVITE",
    )


def test_the_answer_is_the_one_that_parsing_would_have_led_to() -> None:  # RFC 3261 §8.2.6.2
    seen = glance(INVITE)
    assert seen is not None
    data, way = answer(seen, b"503 Service Unavailable", b"Retry-After: 3\r\n", b"t", FLOW)
    response = parse_message(data)
    assert isinstance(response, Response) and response.status == 503 and way == FLOW
    assert response.headers.all("Via") == [
        "SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa;received=203.0.113.9;rport=4000",
        "SIP/2.0/TCP one.example;branch=z9hG4bKb",
        "SIP/2.0/UDP two.example;branch=z9hG4bKc",
    ]
    request = parse_message(INVITE)
    assert isinstance(request, Request)
    assert response.from_ == request.from_ and response.call_id == request.call_id
    assert response.cseq == request.cseq and response.to.tag == "t"


def test_without_rport_the_answer_goes_to_the_port_of_sent_by() -> None:  # RFC 3261 §18.2.2
    seen = glance(INVITE.replace(b";rport", b""))
    assert seen is not None
    assert answer(seen, b"503 X", b"", b"t", FLOW)[1].remote == ("203.0.113.9", 5_062)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n",
        INVITE.replace(b"CSeq", b"C"),
        INVITE.replace(b"Via: SIP/2.0/UDP", b"Via: nonsense"),
        INVITE.replace(b"<sip:1000@demo.local>\r\n", b"\r\n <sip:1000@demo.local>\r\n"),
        INVITE[:-4],
    ],
)
def test_what_cannot_be_seen_at_a_glance_is_left_to_the_parser(data: bytes) -> None:
    assert glance(data) is None


def test_a_request_inside_a_dialog_shows_by_the_tag_of_to() -> None:
    seen = glance(INVITE.replace(b"To: <sip:1000@demo.local>", b"To: <sip:1000@demo.local> ; TAG=x"))
    assert seen is not None and seen.inside


def test_the_call_id_of_any_message_is_found_in_any_spelling() -> None:
    assert call_id_of(INVITE) == "abc"
    assert call_id_of(b"SIP/2.0 200 OK\r\ni: x@y\r\n\r\n") == "x@y" and call_id_of(b"garbage") == ""
