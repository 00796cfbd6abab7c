"""Typed access and the wire form of messages (RFC 3261 §7, §20)."""

import pytest

from edge.sip.address import STAR
from edge.sip.grammar import Malformed
from edge.sip.headers import Headers
from edge.sip.message import CSeq, Request, Response
from edge.sip.uri import Uri

FIELDS = [
    ("Via", "SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds, SIP/2.0/TCP b"),
    ("Max-Forwards", "70"),
    ("To", "Bob <sip:bob@biloxi.com>"),
    ("From", "Alice <sip:alice@atlanta.com>;tag=1928301774"),
    ("Call-ID", "a84b4c76e66710@pc33.atlanta.com"),
    ("CSeq", "314159 INVITE"),
    ("Contact", "<sip:alice@pc33.atlanta.com>"),
]


def invite(*more: tuple[str, str], body: bytes = b"") -> Request:
    return Request("INVITE", Uri.parse("sip:bob@biloxi.com"), Headers([*FIELDS, *more]), body)


def test_fields_are_typed_when_asked_for() -> None:
    """The INVITE of §7.1 and §24.2."""
    request = invite(("Expires", "600"), ("Content-Type", "Application/SDP; charset=utf-8"))
    assert (request.via.transport, request.branch) == ("UDP", "z9hG4bK776asdhds")
    assert (request.from_.tag, request.from_.display, request.to.tag) == ("1928301774", "Alice", "")
    assert request.cseq == CSeq(314159, "INVITE") and str(request.cseq) == "314159 INVITE"
    assert (request.call_id, request.max_forwards) == ("a84b4c76e66710@pc33.atlanta.com", 70)
    assert [str(contact) for contact in request.contacts] == ["<sip:alice@pc33.atlanta.com>"]
    assert (request.expires, request.content_type) == (600, "application/sdp")
    assert request.via is request.via and request.contacts is request.contacts


def test_an_edit_is_seen_by_the_typed_fields_and_the_wire() -> None:
    request = invite()
    assert request.branch == "z9hG4bK776asdhds" and request.wire() is request.wire()
    request.headers.prepend("Via", "SIP/2.0/TLS edge;branch=z9hG4bKnew")
    assert request.branch == "z9hG4bKnew" and b"SIP/2.0/TLS edge" in request.wire()


@pytest.mark.parametrize("written", [False, True])
def test_a_copy_under_a_via_is_written_as_if_it_were_made_so(written: bool) -> None:
    """§18.1.1: who has asked for the size of a request has written it."""
    headers = [("Max-Forwards", "70"), ("Subject", "caf\u00e9"), ("Call-ID", "a@b")]
    request = Request("INVITE", Uri.parse("sip:bob@example.com"), Headers(headers), b"v=0")
    if written:
        assert b"Via" not in request.wire()
    copy = request.under("SIP/2.0/UDP edge:5060;branch=z9hG4bKa")
    made = Headers([("Via", "SIP/2.0/UDP edge:5060;branch=z9hG4bKa"), *headers])
    assert copy.wire() == Request("INVITE", request.uri, made, b"v=0").wire()
    assert copy.branch == "z9hG4bKa" and "Via" not in request.headers


def test_content_length_on_the_wire_is_always_right() -> None:
    """§20.14."""
    request = invite(("Content-Length", "999"), ("l", "3"), body="ä".encode())
    assert request.wire().startswith(b"INVITE sip:bob@biloxi.com SIP/2.0\r\nVia: SIP/2.0/UDP pc33")
    assert request.wire().endswith(b"\r\nContent-Length: 2\r\n\r\n\xc3\xa4")
    assert request.wire().count(b"Content-Length") == 1


def test_latin_1_leaves_as_it_came() -> None:
    response = Response(200, "S\udce9", Headers([("Subject", "caf\udce9")]))
    assert response.wire() == b"SIP/2.0 200 S\xe9\r\nSubject: caf\xe9\r\nContent-Length: 0\r\n\r\n"


def test_a_value_with_a_line_break_cannot_start_a_header() -> None:
    response = Response(200, "OK\r\nEvil: 1", Headers([("Subject", "a\r\nEvil: 2\r\n\r\nbody\nx\ry")]))
    assert (
        response.wire()
        == b"SIP/2.0 200 OK Evil: 1\r\nSubject: a Evil: 2 body x y\r\nContent-Length: 0\r\n\r\n"
    )


def test_other_control_characters_go_back_as_they_came() -> None:
    """A branch must be that of the request even where another line had to be mended."""
    response = Response(200, "OK\r\n", Headers([("Via", "SIP/2.0/UDP h;branch=z9\x08\t x")]))
    assert b";branch=z9\x08\t x\r\n" in response.wire()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CSeq", "x INVITE"),
        ("CSeq", "1"),
        ("CSeq", "2147483648 INVITE"),
        ("CSeq", "9" * 100 + " INVITE"),
        ("Max-Forwards", "256"),
        ("Max-Forwards", "-1"),
        ("Contact", "*, <sip:a@h>"),
        ("Contact", "<sip:a@h"),
        ("Via", "?"),
        ("From", "?"),
        ("To", ""),
        ("Call-ID", ""),
    ],
)
def test_a_bad_field_is_malformed_when_asked_for(name: str, value: str) -> None:
    request = invite()
    request.headers.set(name, value)
    accessor = {"CSeq": "cseq", "Contact": "contacts", "From": "from_", "Max-Forwards": "max_forwards"}
    with pytest.raises(Malformed) as fault:
        getattr(request, accessor.get(name, name.lower().replace("-", "_")))
    assert fault.value.where == name


def test_absent_and_odd_optional_fields() -> None:
    request = invite(("Contact", "*"), ("Route", "<sip:p1;lr>, <sip:p2;lr>"), ("Expires", "soon"))
    request.headers.remove("Max-Forwards")
    assert request.max_forwards is None and request.expires is None and request.content_type == ""
    assert [hop.uri.host for hop in request.addresses("Route")] == ["p1", "p2"]
    request.headers.set("Contact", " * ".strip())
    assert request.contacts[0] is STAR and len(request.contacts) == 1
    request.headers.remove("Contact")
    assert request.contacts == ()


def test_a_message_names_itself_without_telling_who_called() -> None:
    assert repr(invite()) == "<INVITE 314159 INVITE a84b4c76e66710@pc33.atlanta.com>"
    assert repr(Response(200, "OK", Headers(FIELDS))) == "<200 314159 INVITE a84b4c76e66710@pc33.atlanta.com>"


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("120 (I'm busy)", 120.0), ("3;duration=60", 3.0), ("soon", None)]
)
def test_when_to_try_again_is_read_without_comment_and_parameters(text: str, seconds: float | None) -> None:
    """§20.33."""
    assert Response(503, "", Headers([("Retry-After", text)])).retry_after == seconds
    assert Response(503, "", Headers()).retry_after is None


def test_a_cseq_that_is_too_long_to_remember_is_read_all_the_same() -> None:
    request = invite()
    for text, number in (
        ("7 INVITE", 7),
        ("7 INVITE", 7),
        ("0" * 40 + "7 INVITE", 7),
        ("7" + " " * 40 + "INVITE", 7),
    ):
        request.headers.set("CSeq", text)
        assert request.cseq == CSeq(number, "INVITE")
    for text in ("x INVITE", f"{2**31} INVITE"):
        request.headers.set("CSeq", text)
        for _ in range(2):
            with pytest.raises(Malformed):
                _ = request.cseq
