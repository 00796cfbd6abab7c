"""Requests and responses of our own (RFC 3261 §8.1.1, §8.2.6)."""

from edge.sip.address import Address
from edge.sip.build import PHRASES, phrase, request, response_to
from edge.sip.headers import Headers
from edge.sip.message import Request, Response
from edge.sip.parse import parse_message
from edge.sip.uri import Uri

INVITE = Request(
    "INVITE",
    Uri.parse("sip:bob@h"),
    Headers(
        [
            ("Via", "SIP/2.0/UDP a;branch=z9hG4bK1"),
            ("Via", "SIP/2.0/UDP b;branch=z9hG4bK2"),
            ("Record-Route", "<sip:p2;lr>"),
            ("Record-Route", "<sip:p1;lr>"),
            ("Max-Forwards", "70"),
            ("From", "Weird   spacing <sip:a@h> ; tag = 1"),
            ("To", "Bob <sip:bob@h>"),
            ("Call-ID", "x@y"),
            ("CSeq", "1 INVITE"),
            ("Timestamp", "54.1"),
        ]
    ),
)


def test_a_response_copies_what_the_rfc_lists_as_it_came() -> None:
    """§8.2.6.2."""
    response = response_to(INVITE, 486, to_tag="t1")
    assert response.wire() == (
        b"SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
        b"Via: SIP/2.0/UDP b;branch=z9hG4bK2\r\n"
        b"From: Weird   spacing <sip:a@h> ; tag = 1\r\nTo: Bob <sip:bob@h>;tag=t1\r\nCall-ID: x@y\r\n"
        b'CSeq: 1 INVITE\r\nWarning: 399 tandem "busy_here: Busy Here"\r\nContent-Length: 0\r\n\r\n'
    )


def test_a_refusal_says_why_once() -> None:
    """§20.43; RFC 3326."""
    reason = ("Reason", 'Q.850;cause=17;text="busy"')
    assert "Warning" not in response_to(INVITE, 486, headers=(reason,)).headers
    assert response_to(INVITE, 404, headers=(("warning", "399 x y"),)).headers.all("Warning") == ["399 x y"]
    told = response_to(INVITE, 400, 'Contact * Needs "Expires" 0').headers.get("Warning")
    assert told == r'399 tandem "contact_needs_expires_0: Contact * Needs \"Expires\" 0"'
    assert "unauthorized" in str(response_to(INVITE, 401).headers.get("Warning"))
    assert "Warning" not in response_to(INVITE, 302).headers


def test_record_route_is_copied_where_a_dialog_may_form() -> None:
    """§12.1.1."""
    copied = {
        status: response_to(INVITE, status).headers.all("Record-Route")
        for status in (100, 180, 200, 302, 486)
    }
    assert copied == {
        100: [],
        180: ["<sip:p2;lr>", "<sip:p1;lr>"],
        200: ["<sip:p2;lr>", "<sip:p1;lr>"],
        302: [],
        486: [],
    }


def test_timestamp_is_copied_into_100_alone() -> None:
    """§8.2.6.1."""
    assert response_to(INVITE, 100).headers.get("Timestamp") == "54.1"
    assert response_to(INVITE, 180).headers.get("Timestamp") is None


def test_a_tag_that_is_there_stays() -> None:
    inside = Request("BYE", INVITE.uri, INVITE.headers.copy())
    inside.headers.set("To", "<sip:bob@h>;TAG=old")
    assert response_to(inside, 200, to_tag="new").to.tag == "old"
    inside.headers.set("To", "no address ;tag=old")
    assert response_to(inside, 400, to_tag="new").headers.get("To") == "no address ;tag=old"
    inside.headers.set("To", "no address")
    assert response_to(inside, 400, to_tag="new").headers.get("To") == "no address;tag=new"


def test_a_tag_follows_a_trailing_semicolon_without_doubling_it() -> None:
    asked = parse_message(INVITE.wire().replace(b"\r\nCall-ID", b";\r\nCall-ID", 1))
    assert isinstance(asked, Request) and (asked.headers.get("To") or "").endswith(">;")
    answered = parse_message(response_to(asked, 486, to_tag="t1").wire())
    assert isinstance(answered, Response) and answered.to.tag == "t1"


def test_a_response_carries_headers_and_a_body() -> None:
    response = response_to(
        INVITE,
        200,
        "Fine",
        headers=[("contact", "<sip:me@h>")],
        body=b"v=0\r\n",
        content_type="application/sdp",
    )
    read = parse_message(response.wire())
    assert read.wire() == response.wire() and read.body == b"v=0\r\n"
    assert (response.reason, response.content_type, str(response.contacts[0])) == (
        "Fine",
        "application/sdp",
        "<sip:me@h>",
    )


def test_a_request_lacks_only_the_via() -> None:
    """§8.1.1."""
    alice = Address("Alice", Uri.parse("sip:alice@atlanta.com")).with_tag("88sja8x")
    built = request(
        "INVITE",
        Uri.parse("sip:bob@biloxi.com"),
        from_=alice,
        to=Address("", Uri.parse("sip:bob@biloxi.com")),
        call_id="987asjd97y7atg",
        cseq=986759,
        contact=Address("", Uri.parse("sip:alice@192.0.2.1")),
        route=[Address.parse("<sip:p1;lr>"), Address.parse("<sip:p2;lr>")],
        headers=[("user-agent", "x")],
        body=b"v=0\r\n",
        content_type="application/sdp",
    )
    assert "Via" not in built.headers
    built.headers.prepend("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
    read = parse_message(built.wire())
    assert isinstance(read, Request)
    assert (read.from_, read.cseq, read.max_forwards, read.body) == (
        alice,
        (986759, "INVITE"),
        70,
        b"v=0\r\n",
    )
    assert [str(hop) for hop in read.addresses("Route")] == ["<sip:p1;lr>", "<sip:p2;lr>"]
    assert read.headers.get("User-Agent") == "x" and read.contacts[0].uri.user == "alice"


def test_every_status_has_a_phrase() -> None:
    assert phrase(486) == "Busy Here" and phrase(499) == "Client Error" and phrase(699) == "Global Failure"
    assert all(100 <= status <= 699 and text for status, text in PHRASES.items())


def test_a_tag_without_a_value_is_replaced_by_ours() -> None:
    for to in ("<sip:bob@h>;tag=", "<sip:bob@h>; tag =;x=y", "<sip:bob@h>;tag"):
        headers = INVITE.headers.copy()
        headers.set("To", to)
        response = parse_message(response_to(Request("INVITE", INVITE.uri, headers), 180, to_tag="t1").wire())
        assert isinstance(response, Response) and response.to.tag == "t1"
        assert (response.headers.get("To") or "").count("tag") == 1
