"""Bytes to messages (RFC 3261 §7, §8.2, §16.3, §18.3)."""

import contextlib
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import SipLimits
from edge.sip.build import response_to
from edge.sip.grammar import Malformed
from edge.sip.message import CSeq, Request, Response
from edge.sip.parse import ParseError, parse_message

INVITE = (
    b"INVITE sip:bob@biloxi.com SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds\r\n"
    b"Max-Forwards: 70\r\n"
    b"To: Bob <sip:bob@biloxi.com>\r\n"
    b"From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n"
    b"Call-ID: a84b4c76e66710@pc33.atlanta.com\r\n"
    b"CSeq: 314159 INVITE\r\n"
    b"Contact: <sip:alice@pc33.atlanta.com>\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"v=0\n"
)
OK = INVITE.replace(b"INVITE sip:bob@biloxi.com SIP/2.0", b"SIP/2.0 200 OK")


def request_of(data: bytes) -> Request:
    message = parse_message(data)
    assert isinstance(message, Request), message
    return message


def fault_of(data: bytes, limits: SipLimits | None = None) -> ParseError:
    message = parse_message(data, limits) if limits else parse_message(data)
    assert isinstance(message, ParseError), message
    return message


def test_the_invite_of_the_rfc() -> None:
    """§24.2, F1."""
    request = request_of(INVITE)
    assert (request.method, str(request.uri), request.body) == ("INVITE", "sip:bob@biloxi.com", b"v=0\n")
    assert (request.cseq, request.from_.tag, request.to.display) == (
        CSeq(314159, "INVITE"),
        "1928301774",
        "Bob",
    )
    assert (request.branch, request.max_forwards) == ("z9hG4bK776asdhds", 70)


def test_a_response_has_a_status_and_a_reason() -> None:
    response = parse_message(memoryview(OK))
    assert isinstance(response, Response)
    assert (response.status, response.reason, response.body) == (200, "OK", b"v=0\n")


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [(b"SIP/2.0 100 ", 100, ""), (b"SIP/2.0 486", 486, ""), (b"sip/2.0 603 No  thanks", 603, "No  thanks")],
)
def test_odd_status_lines(line: bytes, status: int, reason: str) -> None:
    response = parse_message(OK.replace(b"SIP/2.0 200 OK", line))
    assert isinstance(response, Response) and (response.status, response.reason) == (status, reason)


def test_what_is_written_is_read_again_to_the_same_bytes() -> None:
    for data in (INVITE, OK):
        message = parse_message(data)
        assert not isinstance(message, ParseError)
        again = parse_message(message.wire())
        assert not isinstance(again, ParseError) and again.wire() == message.wire()
        assert list(again.headers)[:-1] == [
            field for field in message.headers if field[0] != "Content-Length"
        ]


def test_a_body_beyond_content_length_is_cut_and_without_one_it_reaches_to_the_end() -> None:
    """§18.3."""
    assert request_of(INVITE + b"more").body == b"v=0\n"
    assert request_of(INVITE.replace(b"Content-Length: 4\r\n", b"") + b"more").body == b"v=0\nmore"


def test_a_body_that_is_too_short_is_400() -> None:
    """§18.3: on UDP a 400 for a request, and a response is dropped."""
    fault = fault_of(INVITE[:-1])
    assert (fault.where, fault.status) == ("body", 400) and fault.request is not None
    assert fault_of(OK[:-1]).request is None


def test_leading_line_ends_are_skipped_and_keep_alives_are_no_fault() -> None:
    """§7.5; RFC 5626 §3.5."""
    assert request_of(b"\r\n\r\n\r\n" + INVITE).method == "INVITE"
    for empty in (b"", b"\r\n\r\n", b"\r\n", b"\x00"[:0], b"  \r\n", b"\n"):
        assert fault_of(empty) == ParseError("message", "empty", 0)


# fmt: off
FIELD_ODDITIES: list[tuple[bytes, bytes, Callable[[Request], bool]]] = [
    (b"To: Bob <sip:bob@biloxi.com>", b"t:\r\n Bob\r\n\t<sip:bob@biloxi.com>",
     lambda r: r.to.display == "Bob"),
    (b"To: Bob", b'TO\t : "B\xf6b"', lambda r: r.to.display == "B\udcf6b"),
    (b"To: Bob", 'To: "Bøb, 北"'.encode(), lambda r: r.to.display == "Bøb, 北"),
    (b";tag=1928301774", b" ;TAG = 1928301774;x=\"a,b\"", lambda r: r.from_.tag == "1928301774"),
    (b"pc33.atlanta.com;branch", b"pc33:5070;rport;branch",
     lambda r: (r.via.host, r.via.port) == ("pc33", 5070)),
    (b"pc33.atlanta.com;branch", b"my_box;received=::1;branch", lambda r: r.via.received == "::1"),
    (b"sip:bob@biloxi.com SIP", b"sip:*72#@biloxi.com SIP", lambda r: r.uri.user == "*72#"),
    (b"sip:bob@biloxi.com SIP", b"tel:+12025550123 SIP", lambda r: r.uri.user == "+12025550123"),
    (b"sip:bob@biloxi.com SIP/2.0", b"  sip:bob@biloxi.com  SIP/2.0 ", lambda r: r.uri.user == "bob"),
    (b"sip:bob@biloxi.com SIP/2.0", b"urn:service:sos sip/2.0", lambda r: not r.uri.is_sip),
    (b"CSeq: 314159 INVITE", b"cseq:  0009\t INVITE  ", lambda r: r.cseq == (9, "INVITE")),
    (b"Max-Forwards: 70\r\n", b"", lambda r: r.max_forwards is None),
    (b"Max-Forwards: 70", b"Max-Forwards: 0", lambda r: r.max_forwards == 0),
    (b"Content-Length: 4", b"l : 0004", lambda r: r.body == b"v=0\n"),
    (b"Contact: <sip:alice@pc33.atlanta.com>", b"m: *", lambda r: str(r.contacts[0]) == "*"),
    (b"Contact: <sip:alice@pc33.atlanta.com>", b"Refer-To: <sip:b@h?Replaces=a%40b>",
     lambda r: r.contacts == ()),
    (b"Content-Type:", b"Unknown: ;;,,;;,;\r\nc:", lambda r: r.content_type == "application/sdp"),
    (b"Content-Type:", b"Supported:\r\nContent-Type:", lambda r: r.headers.elements("Supported") == []),
    (b"Call-ID: a84b4c76e66710@pc33", b'i: w%ZK-!.*_+\'@word`~)(><:\\/"][?}{', lambda r: r.call_id[0] == "w"),
]
# fmt: on


@pytest.mark.parametrize(("plain", "odd", "holds"), FIELD_ODDITIES)
def test_field_oddities_are_read(plain: bytes, odd: bytes, holds: Callable[[Request], bool]) -> None:
    assert plain in INVITE
    request = request_of(INVITE.replace(plain, odd, 1))
    assert holds(request)
    assert holds(request_of(request.wire()))


FAULTS = [
    (b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia", "start line", 505),
    (b"sip:bob@biloxi.com SIP", b"<sip:bob@biloxi.com> SIP", "URI", 400),
    (b"sip:bob@biloxi.com SIP", b"sip:bob@biloxi.com; lr SIP", "URI", 400),
    (b"sip:bob@biloxi.com SIP/2.0", b"sip:bob@biloxi.com", "start line", 400),
    (b"sip:bob@biloxi.com SIP", b"bob SIP", "URI", 400),
    (b"314159 INVITE", b"314159 BYE", "CSeq", 400),
    (b"314159 INVITE", b"2147483648 INVITE", "CSeq", 400),
    (b"314159 INVITE", b"INVITE", "CSeq", 400),
    (b"Max-Forwards: 70", b"Max-Forwards: 256", "Max-Forwards", 400),
    (b"Max-Forwards: 70", b"Max-Forwards: many", "Max-Forwards", 400),
    (b"Content-Length: 4", b"Content-Length: -4", "Content-Length", 400),
    (b"Content-Length: 4", b"Content-Length: 4\r\nl: 4", "Content-Length", 400),
    (b"Call-ID:", b"i: other\r\nCall-ID:", "Call-ID", 400),
    (b"To: Bob", b"To: Bob <sip:eve@h>, Bob", "To", 400),
    (b"From: Alice", b"f: <sip:eve@h>;tag=2\r\nFrom: Alice", "From", 400),
    (b"branch=z", b";branch=z", "Via", 400),
    (b"Contact:", b"no colon here\r\nContact:", "header", 400),
    (b"Contact:", b"Nocolon\r\nContact:", "header", 400),
    (b"Contact:", b": empty\r\nContact:", "header", 400),
    (b"Max-Forwards: 70\r\n", b"Max-Forwards: 70\nX: y\r\n", "message", 400),
    (b"Max-Forwards: 70\r\n", b"Max-Forwards: 70\rX: y\r\n", "message", 400),
]


@pytest.mark.parametrize(("plain", "bad", "where", "status"), FAULTS)
def test_a_bad_request_can_be_answered(plain: bytes, bad: bytes, where: str, status: int) -> None:
    assert plain in INVITE
    fault = fault_of(INVITE.replace(plain, bad, 1))
    assert (fault.where, fault.status) == (where, status)
    assert fault.request is not None
    assert fault.request.via.host == "pc33.atlanta.com" and fault.request.branch == "z9hG4bK776asdhds"
    answer = parse_message(response_to(fault.request, fault.status, to_tag="t").wire())
    if where not in ("Via", "To", "CSeq"):
        assert isinstance(answer, Response) and answer.status == status


@pytest.mark.parametrize("name", [b"From", b"To", b"Call-ID"])
def test_an_answer_copies_what_is_there(name: bytes) -> None:
    """RFC 4475 §3.3.1: ideally 400."""
    lines = [line for line in INVITE.split(b"\r\n") if not line.startswith(name + b":")]
    fault = fault_of(b"\r\n".join(lines))
    assert (fault.why, fault.status) == ("missing", 400) and fault.request is not None
    answer = response_to(fault.request, 400, to_tag="t").wire()
    assert name + b":" not in answer and b"CSeq: " in answer and b"\r\nVia: " in answer


@pytest.mark.parametrize("name", [b"Via", b"CSeq"])
def test_a_request_whose_answer_nobody_could_match_is_met_with_silence(name: bytes) -> None:
    lines = [line for line in INVITE.split(b"\r\n") if not line.startswith(name + b":")]
    fault = fault_of(b"\r\n".join(lines))
    assert (fault.why, fault.status, fault.request) == ("missing", 400, None)
    assert fault_of(INVITE.replace(name + b":", name + b":\r\nX:")).request is None


def test_nobody_answers_a_bad_ack_or_noise() -> None:
    """§17.1.1.3: there is no response to an ACK."""
    assert fault_of(INVITE.replace(b"INVITE", b"ACK")[:-1]).request is None
    for noise in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\x80" * 172, b"\x00" * 4):
        assert fault_of(noise).request is None


@pytest.mark.parametrize("via", [b"SMTP", b",", b" , ,, ", b"SIP/2.0/UDP"])
def test_an_unreadable_via_is_answered_nowhere(via: bytes) -> None:
    fault = fault_of(INVITE.replace(b"Via: SIP/2.0/UDP pc33", b"Via: " + via + b"\r\nX: SIP/2.0/UDP pc33"))
    assert fault.request is None and fault.where == "Via"


def test_limits_are_answered_with_513() -> None:
    limits = SipLimits(message_bytes=2_000, header_bytes=1_024, header_lines=16)
    assert isinstance(parse_message(INVITE, limits), Request)
    for big in (
        INVITE.replace(b"Contact:", b"X: " + b"y" * 1000 + b"\r\nContact:"),
        INVITE.replace(b"Contact:", b"X: y\r\n" * 10 + b"Contact:"),
        INVITE.replace(b"Content-Length: 4\r\n", b"") + b"y" * 2_000,
    ):
        fault = fault_of(big, limits)
        assert fault.status == 513 and fault.request is not None


def test_a_message_without_its_empty_line_is_400_unless_it_says_that_nothing_follows() -> None:
    """§7 asks for the line; voip-utils leaves it out of its ACK, where nothing can have been cut off."""
    cut = INVITE[: INVITE.index(b"\r\n\r\n") + 2]
    fault = fault_of(cut)
    assert (fault.where, fault.status) == ("message", 400) and fault.request is not None
    assert request_of(cut.replace(b"Content-Length: 4", b"l: 0")).body == b""
    for more in (b"X: y", b"X: y\r", b"\r"):
        assert fault_of(cut.replace(b"Content-Length: 4", b"l: 0") + more).status == 400
    assert fault_of(cut.replace(b"Content-Length: 4\r\n", b"")).status == 400
    assert fault_of(cut.replace(b"Content-Length: 4", b"X: y\nl: 0\r\nl: 0")).status == 400


def read_everything(data: bytes) -> None:
    """Whatever may be done with a parsed message: a value or the documented error."""
    message = parse_message(data)
    if isinstance(message, ParseError):
        if message.request is not None:
            _ = message.request.via
            parse_message(response_to(message.request, message.status, to_tag="t").wire())
        return
    _ = message.via, message.branch, message.from_, message.to, message.cseq, message.call_id
    _ = message.max_forwards, message.expires, message.content_type
    for read in (lambda: message.contacts, lambda: message.addresses("Route")):
        try:
            read()
        except Malformed:
            continue
    again = parse_message(message.wire())
    assert not isinstance(again, ParseError) and again.wire() == message.wire()


@given(st.binary())
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    read_everything(data)
    read_everything(INVITE + data)
    read_everything(b"OPTIONS sip:a SIP/2.0\r\n" + data)


@given(
    st.sampled_from([INVITE, OK]),
    st.lists(
        st.tuples(
            st.integers(0, len(INVITE)),
            st.integers(0, 12),
            st.binary(max_size=4)
            | st.sampled_from([b"\r\n", b"\r\n ", b'"', b"<", b">", b";", b",", b"%", b"\\", b":"]),
        ),
        max_size=4,
    ),
)
def test_a_damaged_message_is_a_message_or_an_error(data: bytes, cuts: list[tuple[int, int, bytes]]) -> None:
    for at, length, instead in cuts:
        data = data[:at] + instead + data[at + length :]
    read_everything(data)


PATTERNS = [
    b" ", b"\t", b";", b",", b'"', b"<", b">", b"\\", b"(", b"a", b"%", b"=", b":", b"@", b"\r",
    b"\n", b"\r\n", b"\r\n ",
    b"a:", b"a: b\r\n", b";a", b";a=", b'\\"', b'"\\', b"<>", b'",', b'";', b"a,", b" ,", b" ;",
    b"; ", b"[", b"1", b"a@",
    b"sip:", b"\xff", b"\x00", "é".encode(), b'a="', b", a=", b"=a ",
]  # fmt: skip
PLACES = [
    b"%s", b"INVITE %s", b"INVITE sip:%s SIP/2.0\r\n\r\n", b"SIP/2.0 200 %s\r\n\r\n",
    INVITE.replace(b"Bob", b"%s"), INVITE.replace(b"<sip:bob@biloxi.com>", b"%s"),
    INVITE.replace(b"tag=1928301774", b"%s"), INVITE.replace(b"branch=z9hG4bK776asdhds", b"%s"),
    INVITE.replace(b"SIP/2.0/UDP ", b"SIP%s"), INVITE.replace(b"314159", b"%s"),
    INVITE.replace(b"Contact: ", b"Contact: %s"), INVITE.replace(b"Contact", b"%s"),
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_64_kb_of_one_pattern_takes_linear_time(place: bytes) -> None:
    """The worst of all patterns stays far below what one quadratic step over 60,000 bytes would take."""
    limits = SipLimits(message_bytes=10**6, header_bytes=10**6, header_lines=10**5)
    for pattern in PATTERNS:
        data = place.replace(b"%s", pattern * (60_000 // len(pattern)))
        started = time.process_time()
        message = parse_message(data, limits)
        if not isinstance(message, ParseError):
            with contextlib.suppress(Malformed):
                _ = message.contacts
        assert time.process_time() - started < 1.0, (place[:40], pattern)
