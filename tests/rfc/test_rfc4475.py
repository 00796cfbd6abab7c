"""The torture messages of RFC 4475 and the IPv6 ones of RFC 5118, each with its verdict and reason.

The files hold the messages of the RFCs byte for byte.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.sip.address import STAR
from edge.sip.build import response_to
from edge.sip.grammar import SECONDS_MAX, Malformed, delta_seconds
from edge.sip.message import Message, Request, Response
from edge.sip.parse import ParseError, parse_message
from edge.sip.via import Via

HERE = Path(__file__).parent


def read(name: str) -> Request | Response | ParseError:
    folder = "rfc5118" if (HERE / "rfc5118" / f"{name}.dat").exists() else "rfc4475"
    return parse_message((HERE / folder / f"{name}.dat").read_bytes())


def message(name: str) -> Message:
    got = read(name)
    assert not isinstance(got, ParseError), got
    return got


def request(name: str) -> Request:
    got = read(name)
    assert isinstance(got, Request), got
    return got


# fmt: off
BAD: list[tuple[str, str, int, str]] = [
    ("badinv01",   "Via",            400, "§3.1.2.1: commas and semicolons without values"),
    ("clerr",      "body",           400, "§3.1.2.2: Content-Length larger than the message"),
    ("ncl",        "Content-Length", 400, "§3.1.2.3: negative Content-Length"),
    ("scalar02",   "CSeq",           400, "§3.1.2.4: CSeq above 2**31-1"),
    ("quotbal",    "To",             400, "§3.1.2.6: unterminated quoted string"),
    ("ltgtruri",   "URI",            400, "§3.1.2.7: Request-URI in angles"),
    ("lwsruri",    "URI",            400, "§3.1.2.8: white space in the Request-URI"),
    ("badvers",    "start line",     505, "§3.1.2.16: version 7.0"),
    ("mismatch01", "CSeq",           400, "§3.1.2.17: CSeq method is another"),
    ("mismatch02", "CSeq",           400, "§3.1.2.18: the same with an unknown method"),
    ("multi01",    "CSeq",           400, "§3.3.8: repeated single fields"),
    ("mcl01",      "Content-Length", 400, "§3.3.9: two Content-Lengths"),
    ("ipv6-bad",   "URI",            400, "RFC 5118 §4.2: IPv6 without brackets"),
]
GOOD: list[tuple[str, Callable[[Message], bool], str]] = [
    ("wsinv",      lambda m: m.to.tag == "1918181833n" and m.cseq == (9, "INVITE") and m.max_forwards == 68,
                   "§3.1.1.1: folding and white space everywhere"),
    ("wsinv",      lambda m: m.via.branch == "390skdjuw" and m.contacts[0].display == "Quoted string \"\"",
                   "§3.1.1.1: escaped quotes"),
    ("intmeth",
                   lambda m: m.cseq.method == "!interesting-Method0123456789_*+`.%indeed'~"
                   and "\0" in m.to.display,
                   "§3.1.1.2: every character that a token may hold"),
    ("esc01",      lambda m: m.to.uri.user == "user" and m.from_.uri.user == "I%20have%20spaces",
                   "§3.1.1.3: escapes in the user part"),
    ("escnull",    lambda m: [c.uri.user for c in m.contacts] == ["%00", "%00%00"],
                   "§3.1.1.4: escaped nulls"),
    ("esc02",      lambda m: m.cseq.method == "RE%47IST%45R" and m.to.display == "%Z%45",
                   "§3.1.1.5: % is no escape in a method or a name"),
    ("lwsdisp",    lambda m: m.from_.display == "caller", "§3.1.1.6: no white space before <"),
    ("longreq",    lambda m: len(m.headers.elements("Via")) == 34 and len(m.from_.tag) == 155,
                   "§3.1.1.7: long values"),
    ("dblreq",     lambda m: m.cseq == (8, "REGISTER") and m.body == b"",
                   "§3.1.1.8: bytes after the message"),
    ("semiuri",    lambda m: m.cseq.number == 8, "§3.1.1.9: semicolon-separated parameters in the user part"),
    ("transports", lambda m: len(Via.parse_many(m.headers.all("Via"))) == 5,
                   "§3.1.1.10: odd transports"),
    ("mpart01",    lambda m: m.content_type == "multipart/mixed" and b"\x30\x82" in m.body,
                   "§3.1.1.11: binary body"),
    ("unreason",   lambda m: isinstance(m, Response) and m.reason.startswith("= 2**3 * 5**2 но сто"),
                   "§3.1.1.12: UTF-8 reason"),
    ("noreason",   lambda m: isinstance(m, Response) and (m.status, m.reason) == (100, ""),
                   "§3.1.1.13: empty reason"),
    ("lwsstart",   lambda m: m.cseq.number == 1893884, "§3.1.2.9: more spaces in the start line, forgiven"),
    ("trws",       lambda m: m.cseq.number == 238923, "§3.1.2.10: spaces after the start line, forgiven"),
    ("escruri",    lambda m: isinstance(m, Request) and m.uri.header("Route") == "<sip:example.com>",
                   "§3.1.2.11: headers in the Request-URI, ignored"),
    ("baddate",    lambda m: m.headers.get("Date") is not None,
                   "§3.1.2.12: a Date out of time, not looked at"),
    ("badaspec",   lambda m: m.to.uri.user == "t.watson", "§3.1.2.14: spaces within <>, forgiven"),
    ("baddn",      lambda m: m.from_.display == "Bell, Alexander",
                   "§3.1.2.15: a name that is no token, forgiven"),
    ("badbranch",  lambda m: m.branch == "z9hG4bK", "§3.2.1: a branch that is the cookie alone"),
    ("unkscm",     lambda m: isinstance(m, Request) and m.uri.scheme == "nobodyknowsthisscheme",
                   "§3.3.2: unknown scheme; 416 is the user's answer"),
    ("novelsc",    lambda m: isinstance(m, Request) and str(m.uri) == "soap.beep://192.0.2.103:3002",
                   "§3.3.3: a known scheme that is not for SIP"),
    ("unksm2",     lambda m: m.to.uri.scheme == "isbn" and m.contacts[0].uri.scheme == "name",
                   "§3.3.4: unknown schemes in header fields"),
    ("bext01",     lambda m: m.headers.elements("Require") == ["nothingSupportsThis",
                   "nothingSupportsThisEither"],
                   "§3.3.5: unknown extensions; 420 is the user's answer"),
    ("invut",      lambda m: m.content_type == "application/unknownformat", "§3.3.6: unknown body"),
    ("regaut01",   lambda m: m.headers.all("Authorization")[0].startswith("NoOneKnowsThisScheme"),
                   "§3.3.7: unknown authorization scheme"),
    ("bcast",      lambda m: m.branch == "z9hG4bK1324923",
                   "§3.3.10: a response for somebody else; the user drops it"),
    ("zeromf",     lambda m: m.max_forwards == 0, "§3.3.11: Max-Forwards 0"),
    ("cparam01",   lambda m: m.contacts[0].param("unknownparam") == "", "§3.3.12: unknown Contact parameter"),
    ("cparam02",   lambda m: m.contacts[0].uri.param("unknownparam") == "", "§3.3.13: unknown URI parameter"),
    ("regescrt",   lambda m: m.contacts[0].uri.header("Route") == "<sip:sip.example.com>",
                   "§3.3.14: a Contact with an escaped header"),
    ("sdp01",      lambda m: m.headers.get("Accept") == "text/nobodyKnowsThis",
                   "§3.3.15: an Accept that fits nothing"),
    ("inv2543",    lambda m: m.branch == "" and m.max_forwards is None, "§3.4.1: an RFC 2543 INVITE"),
    ("ipv6-good",  lambda m: isinstance(m, Request) and m.uri.address == "2001:db8::10", "RFC 5118 §4.1"),
    ("port-ambiguous", lambda m: isinstance(m, Request) and m.uri.port is None, "RFC 5118 §4.3"),
    ("port-unambiguous", lambda m: isinstance(m, Request) and m.uri.port == 5070, "RFC 5118 §4.4"),
    ("via-received-param-with-delim", lambda m: m.via.received == "2001:db8::9:255", "RFC 5118 §4.5"),
    ("via-received-param-no-delim", lambda m: m.via.received == "2001:db8::9:255", "RFC 5118 §4.5"),
    ("ipv6-in-sdp", lambda m: b"IN IP6" in m.body, "RFC 5118 §4.6"),
    ("mult-ip-in-header", lambda m: len(m.headers.elements("Via")) == 3, "RFC 5118 §4.7"),
    ("mult-ip-in-sdp", lambda m: b"IN IP4" in m.body, "RFC 5118 §4.8"),
    ("ipv4-mapped-ipv6", lambda m: "::ffff:" in m.contacts[0].uri.address, "RFC 5118 §4.9"),
    ("ipv6-correct-abnf-2-colons", lambda m: m.to.uri.address == "2001:db8::192.0.2.1", "RFC 5118 §4.10"),
    ("ipv6-bug-abnf-3-colons", lambda m: m.to.uri.address == "2001:db8:::192.0.2.1",
                   "RFC 5118 §4.10: forgiven"),
]
# fmt: on


@pytest.mark.parametrize(("name", "where", "status", "reason"), BAD, ids=[row[0] for row in BAD])
def test_bad_requests_are_answered(name: str, where: str, status: int, reason: str) -> None:
    fault = read(name)
    assert isinstance(fault, ParseError) and (fault.where, fault.status) == (where, status), reason
    assert fault.request is not None and fault.request.via.host
    assert response_to(fault.request, fault.status, to_tag="t").wire()


@pytest.mark.parametrize(("name", "holds", "reason"), GOOD, ids=[row[0] for row in GOOD])
def test_good_messages_mean_what_the_rfc_says(
    name: str, holds: Callable[[Message], bool], reason: str
) -> None:
    got = message(name)
    assert holds(got), reason
    again = parse_message(got.wire())
    assert not isinstance(again, ParseError) and holds(again) and again.wire() == got.wire()


@pytest.mark.parametrize("name", ["bigcode", "scalarlg"])
def test_bad_responses_are_dropped(name: str) -> None:
    """§3.1.2.19, §3.1.2.5."""
    fault = read(name)
    assert isinstance(fault, ParseError) and fault.request is None


def test_a_request_without_what_an_answer_copies_is_met_with_silence() -> None:
    """§3.3.1 would like a 400, which could not be matched to anything without Call-ID, From and To."""
    fault = read("insuf")
    assert isinstance(fault, ParseError) and fault.request is None


def test_a_contact_with_headers_outside_angles_is_malformed_when_read() -> None:
    """§3.1.2.13: the registrar answers 400."""
    with pytest.raises(Malformed):
        _ = request("regbadct").contacts


def test_the_colons_and_at_signs_of_a_strange_user_are_told_apart() -> None:
    """§3.1.1.2, §3.1.1.3, §3.1.1.9."""
    uri = request("intmeth").uri
    assert uri.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    assert uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)" and uri.host == "example.com"
    assert request("esc01").uri.user == "sips:user@example.com"
    assert request("semiuri").uri.user == "user;par=u@example.net"


def test_overlarge_expires_are_the_largest() -> None:
    """§3.1.2.4."""
    assert delta_seconds("10" + "0" * 40) == SECONDS_MAX


def test_every_file_has_a_verdict() -> None:
    told = {row[0] for row in BAD} | {row[0] for row in GOOD} | {"bigcode", "scalarlg", "insuf", "regbadct"}
    assert told == {file.stem for file in HERE.glob("rfc*/*.dat")}
    assert STAR not in message("unksm2").contacts
