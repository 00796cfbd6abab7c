"""RFC 4475 §3.1.2: messages that are wrong: which are answered and how, which are forgiven.

Each message was written for this file from what its section tests; it tests the same thing, and is not
the RFC's text. The name of the RFC's own message stands beside the section.
"""

import pytest

from edge.sip.build import response_to
from edge.sip.grammar import SECONDS_MAX, Malformed, delta_seconds
from edge.sip.parse import ParseError
from tests.support.torture import answers, fault, request, wire

LINES = {
    "Via": "SIP/2.0/UDP 192.0.2.105;branch=z9hG4bKkdjuw",
    "From": "<sip:caller@example.net>;tag=242etr",
    "To": "<sip:user@demo.local>",
    "Call-ID": "0ha0isndaksdj@192.0.2.105",
    "CSeq": "8 INVITE",
    "Max-Forwards": "70",
    "Contact": "<sip:caller@192.0.2.105>",
    "Content-Length": "0",
}


def invite(start: str = "INVITE sip:user@demo.local SIP/2.0", body: bytes = b"", **changed: str) -> bytes:
    """A plain INVITE with other values for some lines; `_` stands for `-`, "" leaves a line out."""
    lines = LINES | {name.replace("_", "-"): value for name, value in changed.items()}
    return wire("\n".join([start, *(f"{name}: {value}" for name, value in lines.items() if value)]), body)


def refused(data: bytes, where: str, status: int) -> ParseError:
    """Found at `where`, and answered by `status` in full form."""
    found = fault(data)
    assert (found.where, found.status) == (where, status), found
    assert found.request is not None and found.request.via.host
    assert response_to(found.request, status, to_tag="t").wire()
    assert answers(data) == [status]
    return found


def test_the_plain_message_of_these_tests_is_fine() -> None:
    assert answers(invite()) == [401]


def test_separators_without_values() -> None:
    """§3.1.2.1 (badinv01)."""
    data = invite(
        To='"Joe" <sip:user@demo.local>;;;;',
        From='"caller" <sip:caller@example.net>;;tag=242etr',
        Via="SIP/2.0/UDP 192.0.2.15;;,;,,",
        Contact='"" <> ;,"Joe" <sip:joe@example.org>;;,,;;',
    )
    found = refused(data, "Via", 400)
    assert found.request is not None and found.request.via.host == "192.0.2.15"


def test_a_content_length_larger_than_the_datagram() -> None:
    """§3.1.2.2 (clerr)."""
    refused(invite(Content_Length="9999", Content_Type="application/sdp", body=b"v=0\r\n"), "body", 400)


def test_a_negative_content_length() -> None:
    """§3.1.2.3 (ncl)."""
    refused(invite(Content_Length="-999"), "Content-Length", 400)


def test_overlarge_numbers_in_a_request() -> None:
    """§3.1.2.4 (scalar02): CSeq and Max-Forwards are faults, Expires means as long as can be."""
    start = "REGISTER sip:demo.local SIP/2.0"
    large = "1" + "0" * 40
    refused(invite(start, CSeq="36893488147419103232 REGISTER", Max_Forwards="300"), "CSeq", 400)
    refused(invite(start, CSeq="8 REGISTER", Max_Forwards="300"), "Max-Forwards", 400)
    assert delta_seconds(large) == SECONDS_MAX
    far = invite(start, CSeq="8 REGISTER", Expires=large, Contact=f"<sip:caller@192.0.2.105>;expires={large}")
    assert request(far).expires == SECONDS_MAX
    assert answers(far) == [401]


def test_an_overlarge_cseq_in_a_response_drops_it() -> None:
    """§3.1.2.5 (scalarlg)."""
    data = invite(
        "SIP/2.0 503 Service Unavailable", CSeq="9292394834772304023312 OPTIONS", Retry_After="9" * 60
    )
    found = fault(data)
    assert (found.where, found.request) == ("CSeq", None)
    assert answers(data) == []


def test_an_unterminated_quote_in_a_name() -> None:
    """§3.1.2.6 (quotbal)."""
    refused(invite(To='"Mr. J. User <sip:j.user@demo.local>'), "To", 400)


def test_a_request_uri_in_angles() -> None:
    """§3.1.2.7 (ltgtruri)."""
    refused(invite("INVITE <sip:user@demo.local> SIP/2.0"), "URI", 400)


def test_white_space_within_the_request_uri() -> None:
    """§3.1.2.8 (lwsruri)."""
    refused(invite("INVITE sip:user@demo.local; lr SIP/2.0"), "URI", 400)


def test_more_than_one_space_in_the_start_line_is_forgiven() -> None:
    """§3.1.2.9 (lwsstart): the meaning is plain."""
    data = invite("INVITE  sip:user@demo.local  SIP/2.0")
    assert request(data).wire().startswith(b"INVITE sip:user@demo.local SIP/2.0\r\n")
    assert answers(data) == [401]


def test_spaces_after_the_start_line_are_forgiven() -> None:
    """§3.1.2.10 (trws): the meaning is plain."""
    data = invite("OPTIONS sip:user@demo.local SIP/2.0\x20\x20", CSeq="8 OPTIONS")
    assert request(data).uri.host == "demo.local"
    assert answers(data) == [200]


def test_header_fields_in_the_request_uri_are_not_obeyed() -> None:
    """§3.1.2.11 (escruri)."""
    data = invite("INVITE sip:user@demo.local?Route=%3Csip:elsewhere.example.com%3E SIP/2.0")
    got = request(data)
    assert got.uri.header("Route") == "<sip:elsewhere.example.com>" and got.headers.get("Route") is None
    assert answers(data) == [401]


def test_a_date_outside_of_gmt_is_not_looked_at() -> None:
    """§3.1.2.12 (baddate)."""
    data = invite(Date="Fri, 01 Jan 2010 16:00:00 EST")
    assert request(data).headers.get("Date") == "Fri, 01 Jan 2010 16:00:00 EST"
    assert answers(data) == [401]


def test_a_contact_with_header_fields_must_stand_in_angles() -> None:
    """§3.1.2.13 (regbadct): whose are they? The registrar answers 400, once it knows who asks."""
    start = "REGISTER sip:demo.local SIP/2.0"
    data = invite(start, CSeq="8 REGISTER", Contact="sip:user@example.com?Route=%3Csip:sip.example.com%3E")
    with pytest.raises(Malformed, match="Contact"):
        _ = request(data).contacts
    assert answers(data) == [401]


def test_spaces_within_angles_are_forgiven() -> None:
    """§3.1.2.14 (badaspec)."""
    data = invite(
        "OPTIONS sip:user@demo.local SIP/2.0",
        To='"Watson, Thomas" < sip:t.watson@demo.local >',
        CSeq="8 OPTIONS",
    )
    got = request(data)
    assert got.to.uri.user == "t.watson" and got.to.display == "Watson, Thomas"
    assert answers(data) == [200]


def test_a_name_of_more_than_tokens_is_forgiven() -> None:
    """§3.1.2.15 (baddn): the angle says where it ends."""
    data = invite(
        "OPTIONS sip:user@demo.local SIP/2.0",
        From="Bell, Alexander <sip:a@example.com>;tag=43",
        CSeq="8 OPTIONS",
    )
    assert (request(data).from_.display, request(data).from_.tag) == ("Bell, Alexander", "43")
    assert answers(data) == [200]


@pytest.mark.parametrize("version", ["SIP/7.0", "SIP/2", "SIP/2.00", "SIP/1.0"])
def test_another_version_is_answered_505(version: str) -> None:
    """§3.1.2.16 (badvers)."""
    start = f"OPTIONS sip:user@demo.local {version}"
    refused(invite(start, Via=f"{version}/UDP c.example.com;branch=z9hG4bKkd"), "start line", 505)


def test_the_methods_of_start_line_and_cseq_must_be_one() -> None:
    """§3.1.2.17 (mismatch01)."""
    refused(invite("OPTIONS sip:user@demo.local SIP/2.0", CSeq="8 INVITE"), "CSeq", 400)


def test_an_unknown_method_must_be_that_of_cseq_too() -> None:
    """§3.1.2.18 (mismatch02)."""
    refused(invite("NEWMETHOD sip:user@demo.local SIP/2.0", CSeq="8 INVITE"), "CSeq", 400)


@pytest.mark.parametrize(
    "status", ["4294967301", "099", "700", "20", "-200", "+20", "2x0", "\u0662\u0660\u0660"]
)
def test_a_status_that_is_none_drops_the_response(status: str) -> None:
    """§3.1.2.19 (bigcode)."""
    data = invite(f"SIP/2.0 {status} better not break the receiver")
    assert fault(data).request is None
    assert answers(data) == []
