"""Bytes → `Request`, `Response` or `ParseError` (RFC 3261 §7, §8.2, §16.3, §18.3; RFC 4475).

Checked here is what every element needs: start line, Via, From, To, Call-ID, CSeq, Max-Forwards,
Content-Length. All other fields are read when asked for. Lenient where the meaning is plain (extra
spaces, folded lines, odd hosts); strict where leniency would let two readers see two messages
(bare CR or LF, repeated single fields).
"""

import re
from typing import Final

from config.schema import SipLimits
from config.value import dataclass
from edge.sip.address import Address
from edge.sip.grammar import Malformed, is_token, number, split_list
from edge.sip.headers import SPELLING, Headers, canonical
from edge.sip.message import Request, Response
from edge.sip.uri import Uri, opaque
from edge.sip.via import Via

DEFAULTS: Final = SipLimits()
_SINGLE: Final = frozenset(
    {"Call-ID", "Content-Length", "Content-Type", "CSeq", "From", "Max-Forwards", "To"}  # RFC 4475 §3.3.8
)
_METHODS: Final = frozenset(
    {"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "REFER"}
    | {"SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH"}
)
_BY_TAGS: Final = frozenset(("BYE", "ACK"))
_FOLD = re.compile(r"\r\n[ \t]++")
_FOLDED = re.compile(r"\n[ \t]")  # half the time of two substring searches
_NO_END: Final = "no empty line after the headers"
_LINE_END = re.compile(r"\r\n|\r|\n")
_STATUS_LINE = re.compile(r"[Ss][Ii][Pp]/2\.0[ \t]++([1-6][0-9]{2})(?:[ \t](.*+))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ParseError:
    """The peer is wrong."""

    where: str
    "Header field, `start line`, `URI`, `body` or `message`."
    why: str
    status: int
    "What a request deserves: 400, 505 or 513; 0 for an empty datagram, which is a keep-alive and no fault."
    request: Request | None = None
    "Enough of the request to answer it with `response_to`; its `via` can be read. None: stay silent."


def parse_message(data: bytes | memoryview, limits: SipLimits = DEFAULTS) -> Request | Response | ParseError:
    """One datagram, WebSocket message or what `Framer` cut out of a stream. Never raises; linear time.

    A body longer than Content-Length is cut; without Content-Length it reaches to the end (§18.3).
    """
    raw = data if type(data) is bytes else bytes(data)
    if raw[:1] in (b"\r", b"\n"):
        raw = raw.lstrip(b"\r\n")  # §7.5
    if not raw or raw.isspace():
        return ParseError("message", "empty", 0)
    fault: Malformed | None = None
    unended = False
    end = raw.find(b"\r\n\r\n")
    if end < 0 or end > limits.header_bytes or len(raw) > limits.message_bytes:
        if end < 0:
            unended = raw.endswith(b"\r\n")
            end = len(raw) - 2 if unended else len(raw)
            fault = None if unended else Malformed("message", _NO_END)
        if end > limits.header_bytes or len(raw) > limits.message_bytes:
            fault = Malformed("message", "too long", 513)
            end = min(end, limits.header_bytes)
    text = raw[:end].decode("utf-8", "surrogateescape")
    if _FOLDED.search(text) is not None:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n")
    breaks = len(lines) - 1
    if text.count("\n") != breaks or text.count("\r") != breaks:
        fault = fault or Malformed("message", "bare CR or LF")
        lines = _LINE_END.split(text)
    if len(lines) > limits.header_lines + 1:
        fault = fault or Malformed("message", "too many header lines", 513)
        del lines[limits.header_lines + 1 :]
    start = lines[0]
    del lines[0]
    headers, bad_field = _fields(lines)
    # Some leave the empty line out where no body follows: then nothing was cut off.
    if unended and headers.get("Content-Length") != "0":
        fault = fault or Malformed("message", _NO_END)
    body = raw[end + 4 :]
    room = limits.message_bytes - end - 4
    if start[:4] == "SIP/" or start[:4].upper() == "SIP/":
        return _response(start, headers, body, fault or bad_field, room)
    return _request(start, headers, body, fault or bad_field, room)


def _fields(lines: list[str]) -> tuple[Headers, Malformed | None]:
    """Every field that can be read, and the first fault."""
    items: list[tuple[str, str]] = []
    first: dict[str, str] = {}
    fault: Malformed | None = None
    for line in lines:
        name, colon, value = line.partition(":")
        key = SPELLING.get(name)
        if key is None:
            try:
                key = canonical(name)
            except Malformed as bad:
                fault = fault or bad
                continue
        if not colon:
            fault = fault or Malformed("header", "line without a colon")
            continue
        value = value.strip(" \t")
        items.append((key, value))
        if key not in first:
            first[key] = value
        elif key in _SINGLE:
            fault = fault or Malformed(key, "more than one")
    return Headers.adopt(items, first), fault


def _request(
    start: str, headers: Headers, body: bytes, fault: Malformed | None, room: int
) -> Request | ParseError:
    """Args: room: the longest body that may be announced [bytes]."""
    parts = start.split(" ")
    if len(parts) != 3:
        # RFC 4475 §3.1.2.9 and §3.1.2.10: the meaning of extra spaces around the URI is plain.
        parts = start.split()
    method = parts[0] if parts else ""
    if method not in _METHODS and not is_token(method):
        return ParseError("start line", "bad method", 400)
    request = Request(method, _NO_URI, headers, body)
    try:
        if len(parts) < 3 or parts[-1][:4].upper() != "SIP/":
            raise Malformed("start line", "not a method, a URI and a version")
        request.uri = opaque(" ".join(parts[1:-1]))
        if parts[-1].upper() != "SIP/2.0":
            raise Malformed("start line", "version is not 2.0", 505)
        if fault is not None:
            raise fault
        if len(parts) > 3:
            raise Malformed("URI", "white space in the Request-URI")
        request.uri = Uri.parse(parts[1])
        _check(request, room)
        if request.cseq.method != method:
            raise Malformed("CSeq", "method is not that of the request")
        return request
    except Malformed as bad:
        return ParseError(bad.where, bad.why, bad.status, request if _answerable(request) else None)


def _response(
    start: str, headers: Headers, body: bytes, fault: Malformed | None, room: int
) -> Response | ParseError:
    """No request in the error: a bad response is dropped (§18.1.2)."""
    match = _STATUS_LINE.fullmatch(start)
    try:
        if match is None:
            raise Malformed("start line", "not a status line of SIP/2.0")
        if fault is not None:
            raise fault
        response = Response(int(match[1]), match[2] or "", headers, body)
        _check(response, room)
        return response
    except Malformed as bad:
        return ParseError(bad.where, bad.why, bad.status)


def _check(message: Request | Response, room: int) -> None:
    """Raises `Malformed` for the first bad one of the fields that every element needs; types them all."""
    try:
        _ = message.via, message.from_, message.to, message.cseq, message.call_id, message.max_forwards
    except Malformed:
        if not _salvaged(message):
            raise
        _ = message.via, message.cseq, message.call_id, message.max_forwards
    text = message.headers.get("Content-Length")
    if text is None:
        return
    length, held = number(text, 2**31 - 1), len(message.body)
    if length is None:
        raise Malformed("Content-Length", "not a number" if text else "missing")
    if length > held:
        if length > room:
            raise Malformed("message", "too long", 513)
        raise Malformed("body", "shorter than Content-Length")
    if length < held:
        message.body = message.body[:length]


def _salvaged(message: Request | Response) -> bool:
    """Whether From and To could be typed by their tags alone, in what ends a dialog or confirms one.

    Tags say which dialog that is (§12.2.2); who cannot write the URIs must be able to hang up all the same.
    """
    headers = message.headers
    if (headers.get("CSeq") or "").rpartition(" ")[2] not in _BY_TAGS:
        return False
    for name in ("From", "To"):
        text = headers.get(name) or ""
        try:
            Address.parse(text)
        except Malformed:
            headers.derived[name.lower()] = address = Address.salvage(text)
            if not address.tag:
                return False
    return True


_NO_URI: Final = opaque("")


def _answerable(request: Request) -> bool:
    """Whether a response can find its way (§18.2.2) and its transaction (§17.1.3). Nobody answers an ACK.

    From, To and Call-ID are copied as far as they are there (RFC 4475 §3.3.1).
    """
    headers = request.headers
    if request.method == "ACK" or not headers.get("CSeq"):
        return False
    try:
        _ = request.via
    except Malformed:
        try:
            headers.derived["via"] = Via.salvage(split_list(headers.get("Via") or "-")[0])
        except (Malformed, IndexError):
            return False
    return True
