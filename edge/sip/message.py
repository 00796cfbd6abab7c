"""Requests and responses (RFC 3261 §7): raw header fields, typed when asked for, and bytes for the wire.

Text is UTF-8 with `surrogateescape`: what came in as Latin-1 leaves as the same bytes.
"""

import functools
import re
from abc import abstractmethod
from typing import Final, NamedTuple

from edge.sip.address import STAR, Address
from edge.sip.grammar import TOKEN, Malformed, delta_seconds, number, split_list
from edge.sip.headers import Headers
from edge.sip.uri import Uri
from edge.sip.via import Via

CSEQ_MAX: Final = 2**31 - 1
_USUAL: Final = 32  # characters of a CSeq
_BREAKS = re.compile(r"[\r\n]++")
_CSEQ = re.compile(rf"([0-9]{{1,64}})[ \t]++({TOKEN})")


class CSeq(NamedTuple):
    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def _cseq(text: str) -> CSeq:
    match = _CSEQ.fullmatch(text)
    if match is None:
        raise Malformed("CSeq", "not a number and a method")
    if (value := int(match[1])) > CSEQ_MAX:
        raise Malformed("CSeq", "number above 2**31-1")
    return CSeq(value, match[2])


# `1 INVITE`, `2 BYE`: nearly every message has one that another one had before.
_remembered = functools.lru_cache(1_024)(_cseq)


class Message:
    """What requests and responses share; abstract for the type checker alone: `isinstance` of an ABC is slow.

    Parsed messages have passed the checks of `parse.py`, so their `via`, `from_`, `to`, `cseq`,
    `call_id` and `max_forwards` never raise. Others, and the partial request of a `ParseError`, raise
    `Malformed` there when the field is missing or bad.
    """

    __slots__ = ("body", "headers")

    def __init__(self, headers: Headers, body: bytes) -> None:
        self.headers = headers
        self.body = body

    @property
    def via(self) -> Via:
        """The topmost Via (§20.42)."""
        derived = self.headers.derived
        via: Via | None = derived.get("via")
        if via is None:
            text = self._required("Via")
            if "," in text:
                text = (split_list(text) or [""])[0]
            via = derived["via"] = Via.parse(text)
        return via

    @property
    def branch(self) -> str:
        """Of the topmost Via; empty when it has none."""
        return self.via.branch

    @property
    def from_(self) -> Address:
        derived = self.headers.derived
        address: Address | None = derived.get("from")
        if address is None:
            address = derived["from"] = Address.parse(self._required("From"), "From")
        return address

    @property
    def to(self) -> Address:
        derived = self.headers.derived
        address: Address | None = derived.get("to")
        if address is None:
            address = derived["to"] = Address.parse(self._required("To"), "To")
        return address

    @property
    def cseq(self) -> CSeq:
        derived = self.headers.derived
        cseq: CSeq | None = derived.get("cseq")
        if cseq is None:
            text = self._required("CSeq")
            cseq = derived["cseq"] = _remembered(text) if len(text) <= _USUAL else _cseq(text)
        return cseq

    @property
    def call_id(self) -> str:
        return self.headers.get("Call-ID") or self._required("Call-ID")

    @property
    def max_forwards(self) -> int | None:
        """None when absent: RFC 2543 peers do not send it."""
        text = self.headers.get("Max-Forwards")
        if text is None:
            return None
        if (value := number(text, 255)) is None:
            raise Malformed("Max-Forwards", "not a number from 0 to 255")
        return value

    @property
    def contacts(self) -> tuple[Address, ...]:
        """All Contacts; exactly `(STAR,)` for `Contact: *`.

        Raises:
            Malformed: one is no address, or `*` stands beside others.
        """
        derived = self.headers.derived
        contacts: tuple[Address, ...] | None = derived.get("contacts")
        if contacts is None:
            elements = self.headers.elements("Contact")
            contacts = (STAR,) if elements == ["*"] else Address.parse_many(elements, "Contact")
            derived["contacts"] = contacts
        return contacts

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Any list of addresses, topmost first: Route, Record-Route, Path, P-Asserted-Identity, Refer-To…

        Raises:
            Malformed: one of them is no address.
        """
        return Address.parse_many(self.headers.elements(name), name)

    @property
    def expires(self) -> int | None:
        """The Expires field [s]; None when absent or not a number: both mean the default (§10.2.1.1)."""
        text = self.headers.get("Expires")
        return None if text is None else delta_seconds(text)

    @property
    def retry_after(self) -> float | None:
        """Of a refusal: when to try again, without comment and parameters (§20.33) [s]."""
        text = (self.headers.get("Retry-After") or "").partition(";")[0].partition("(")[0]
        seconds = delta_seconds(text.strip())
        return None if seconds is None else float(seconds)

    @property
    def content_type(self) -> str:
        """Media type in lower case without parameters; empty when absent."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip(" \t").lower()

    def accepts(self, kind: str) -> bool:
        """Whether Accept, if there is one, takes the media type `kind` (§20.1)."""
        ranges = (kind, f"{kind.partition('/')[0]}/*", "*/*")
        accepted = [text.partition(";")[0].strip(" \t").lower() for text in self.headers.elements("Accept")]
        return not accepted or any(text in ranges for text in accepted)

    @abstractmethod
    def start_line(self) -> str:
        """The first line, without its line break."""

    def wire(self) -> bytes:
        """The message as it is sent, with the right Content-Length. Kept until the headers are edited."""
        derived = self.headers.derived
        wire: bytes | None = derived.get("wire")
        if wire is None:
            lines = [f"{name}: {value}\r\n" for name, value in self.headers if name != "Content-Length"]
            head = f"{self.start_line()}\r\n{''.join(lines)}Content-Length: {len(self.body)}\r\n\r\n"
            if head.count("\n") != len(lines) + 3 or head.count("\r") != len(lines) + 3:
                head = self._one_line_each()
            wire = derived["wire"] = head.encode("utf-8", "surrogateescape") + self.body
        return wire

    def _one_line_each(self) -> str:
        # A value with a line break was put there by a caller; it must not become a header of its own.
        # Other control characters stay: a branch that a peer sent with one in it must go back as it came.
        lines = [self.start_line()]
        lines += [f"{name}: {value}" for name, value in self.headers if name != "Content-Length"]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join([_BREAKS.sub(" ", line) for line in lines])

    def _required(self, name: str) -> str:
        value = self.headers.get(name)
        if not value:
            raise Malformed(name, "missing")
        return value


class Request(Message):
    __slots__ = ("method", "uri")

    def __init__(self, method: str, uri: Uri, headers: Headers, body: bytes = b"") -> None:
        self.method = method
        self.uri = uri
        self.headers = headers
        self.body = body

    def start_line(self) -> str:
        return f"{self.method} {self.uri} SIP/2.0"

    def under(self, via: str) -> "Request":
        """A copy with this Via on top; where this one has been written already, so has the copy."""
        headers = self.headers.copy()
        headers.prepend("Via", via)
        wire: bytes | None = self.headers.derived.get("wire")
        if wire is not None:
            line, _, rest = wire.partition(b"\r\n")
            headers.derived["wire"] = b"%b\r\nVia: %b\r\n%b" % (line, via.encode(), rest)
        return Request(self.method, self.uri, headers, self.body)

    def __repr__(self) -> str:
        return f"<{self.method} {self.headers.get('CSeq')} {self.headers.get('Call-ID')}>"


class Response(Message):
    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str, headers: Headers, body: bytes = b"") -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body

    def start_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"

    def __repr__(self) -> str:
        return f"<{self.status} {self.headers.get('CSeq')} {self.headers.get('Call-ID')}>"
