"""Messages of our own making: requests (RFC 3261 §8.1.1) and responses (§8.2.6)."""

import functools
import re
from collections.abc import Iterable
from typing import Final

from edge.sip.address import Address
from edge.sip.grammar import Malformed, quote
from edge.sip.headers import Headers, canonical
from edge.sip.message import Request, Response
from edge.sip.uri import Uri

# fmt: off
PHRASES: Final = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    199: "Early Dialog Terminated",                                                     # RFC 6228
    200: "OK", 202: "Accepted", 204: "No Notification",
    300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy",
    380: "Alternative Service",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required",
    408: "Request Timeout", 410: "Gone", 412: "Conditional Request Failed", 413: "Request Entity Too Large",
    414: "Request-URI Too Long", 415: "Unsupported Media Type", 416: "Unsupported URI Scheme",
    417: "Unknown Resource-Priority", 420: "Bad Extension", 421: "Extension Required",
    422: "Session Interval Too Small", 423: "Interval Too Brief", 424: "Bad Location Information",
    428: "Use Identity Header", 429: "Provide Referrer Identity", 430: "Flow Failed",
    433: "Anonymity Disallowed", 436: "Bad Identity Info", 437: "Unsupported Credential",
    438: "Invalid Identity Header", 439: "First Hop Lacks Outbound Support", 440: "Max-Breadth Exceeded",
    469: "Bad Info Package", 470: "Consent Needed", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops",
    484: "Address Incomplete", 485: "Ambiguous", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending", 493: "Undecipherable",
    494: "Security Agreement Required",
    500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large",
    555: "Push Notification Service Not Supported", 580: "Precondition Failure",
    600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
    607: "Unwanted", 608: "Rejected",
}
# fmt: on
_EMPTY_TAG: Final = re.compile(r";[ \t]*tag[ \t]*=?[ \t]*(?=;|$)", re.IGNORECASE)
_WHY: Final = ("Warning", "Reason")
_CLASSES: Final = {
    1: "Progress",
    2: "OK",
    3: "Redirection",
    4: "Client Error",
    5: "Server Error",
    6: "Global Failure",
}


def phrase(status: int) -> str:
    return PHRASES.get(status) or _CLASSES[status // 100]


@functools.lru_cache(maxsize=256)
def _warning(reason: str) -> str:
    code = re.sub(r"[^a-z0-9]+", "_", reason.lower()).strip("_")
    return f"399 tandem {quote(f'{code}: {reason}')}"


def response_to(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str = "",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str = "",
) -> Response:
    """The response to `request`, or to the partial request of a `ParseError`.

    Via, From, To, Call-ID and CSeq are copied as they came, if they came; Record-Route too from 101 to
    299 (§12.1.1), Timestamp in 100 (§8.2.6.1). `to_tag` is added when To has none. A refusal without
    Warning or Reason is given a Warning with its reason phrase.
    """
    copied: list[tuple[str, str]] = []
    record_route = 100 < status < 300
    for item in request.headers:
        name = item[0]
        if (
            name == "Via"
            or (name == "Record-Route" and record_route)
            or (name == "Timestamp" and status == 100)
        ):
            copied.append(item)
    get = request.headers.get
    to = get("To") or ""
    if to and to_tag and not _has_tag(request, to):
        # One `;` at the end is forgiven when it comes, but two in a row would not be when they go; so is a
        # tag without a value, which ours replaces.
        to = f"{_EMPTY_TAG.sub('', to).removesuffix(';')};tag={to_tag}"
    fields = (("From", get("From")), ("To", to), ("Call-ID", get("Call-ID")), ("CSeq", get("CSeq")))
    copied += [(name, value) for name, value in fields if value]
    given = [(canonical(name), value) for name, value in headers]
    copied += given
    if reason is None:
        reason = phrase(status)
    if status >= 400 and not any(name in _WHY for name, _ in given):
        copied.append(("Warning", _warning(reason)))
    if content_type:
        copied.append(("Content-Type", content_type))
    return Response(status, reason, Headers.adopt(copied), body)


def request(
    method: str,
    uri: Uri,
    *,
    from_: Address,
    to: Address,
    call_id: str,
    cseq: int,
    contact: Address | None = None,
    route: Iterable[Address] = (),
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str = "",
    max_forwards: int = 70,
) -> Request:
    """A request without Via, which the transaction layer prepends. `route` is topmost first."""
    items = [
        ("Max-Forwards", str(max_forwards)),
        ("From", str(from_)),
        ("To", str(to)),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} {method}"),
    ]
    if contact is not None:
        items.append(("Contact", str(contact)))
    items += [("Route", str(hop)) for hop in route]
    items += [(canonical(name), value) for name, value in headers]
    if content_type:
        items.append(("Content-Type", content_type))
    return Request(method, uri, Headers.adopt(items), body)


def _has_tag(request: Request, to: str) -> bool:
    try:
        return bool(request.to.tag)
    except Malformed:
        return ";tag=" in to.lower()
