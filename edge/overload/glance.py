"""A request at a glance: as much of its bytes as it takes to turn it away, without parsing it.

For overload, where a refusal must cost a fraction of what was asked for. What cannot be read this way is left
to the parser, which says what is wrong with it.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from edge.sip.flow import Flow, Transport
from edge.sip.grammar import Malformed, split_list
from edge.sip.transaction.matching import DEFAULT_PORT, branch_identity, reply_flow
from edge.sip.via import Via

_TAG: Final = re.compile(rb";[ \t]*tag[ \t]*=", re.IGNORECASE)
_LONGEST: Final = 16_384  # bytes of headers that are looked at
_VIA: Final = (b"\nvia:", b"\nv:")
_FROM: Final = (b"\nfrom:", b"\nf:")
_TO: Final = (b"\nto:", b"\nt:")
_CALL_ID: Final = (b"\ncall-id:", b"\ni:")
_CSEQ: Final = (b"\ncseq:",)
_USER_AGENT: Final = (b"\nuser-agent:",)
_PLAIN: Final = re.compile(  # the Via that nearly everybody writes; any other takes the long way
    rb"SIP/2\.0/[A-Z]{2,3} ([\w.\-]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?((?:;[\w\-]+(?:=[\w.\-!%*+`'~@]+)?)*)"
)


@dataclass(slots=True)
class Glance:
    method: str
    identity: str
    "Of the transaction, as far as its branch is unique."
    call_id: bytes
    _head: bytes
    _names: bytes
    "The same in lower case."
    _to: bytes
    _top: bytes
    "The topmost Via, and `received` and `rport` in it."
    _way: Flow

    @property
    def inside(self) -> bool:
        """Of a dialog: To has a tag."""
        return _TAG.search(self._to) is not None

    @property
    def proven(self) -> bool:
        """It brings credentials, whatever they are worth."""
        return b"\nauthorization:" in self._names or b"\nproxy-authorization:" in self._names

    @property
    def agent(self) -> str:
        return (_value(self._head, self._names, _USER_AGENT) or b"").decode("latin-1")

    def answer(self, status: bytes, headers: bytes, tag: bytes) -> tuple[bytes, Flow] | None:
        """A final response without a body, and the way that it takes; None: not out of what is seen.

        Args:
            status: code and phrase.
            headers: whole lines.
            tag: for To, which has none.
        """
        head, names = self._head, self._names
        from_, cseq = _value(head, names, _FROM), _value(head, names, _CSEQ)
        if from_ is None or cseq is None:
            return None
        return b"SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=%s\r\nCall-ID: %s\r\nCSeq: %s\r\n%s" % (
            status,
            self._top,
            from_,
            self._to,
            tag,
            self.call_id,
            cseq,
            headers,
        ) + b"Content-Length: 0\r\n\r\n", self._way


def glance(data: bytes, flow: Flow) -> Glance | None:
    """None: no request that can be answered out of what is seen. Args: flow: by which it came."""
    end = data.find(b"\r\n\r\n", 0, _LONGEST)
    if end < 0 or data.startswith(b"SIP/"):
        return None
    head = data[:end]
    if b"\n " in head or b"\n\t" in head:
        return None  # folded
    names = head.lower()
    to, call_id = _value(head, names, _TO), _value(head, names, _CALL_ID)
    if to is None or call_id is None:
        return None
    vias = _values(head, names, _VIA)
    if not vias:
        return None
    seen = _plain(vias[0], flow) or _via(vias[0], flow)
    if seen is None:
        return None
    branch, host, port, top, way = seen
    identity = branch_identity(branch, host, port, call_id.decode("utf-8", "surrogateescape"))
    if len(vias) > 1:
        top = b"\r\nVia: ".join((top, *vias[1:]))
    return Glance(head[: head.find(b" ")].decode("latin-1"), identity, call_id, head, names, to, top, way)


def call_id_of(data: bytes) -> str:
    """Of any message; empty where it is not seen at a glance."""
    head = data[: data.find(b"\r\n\r\n", 0, _LONGEST)]
    return (_value(head, head.lower(), _CALL_ID) or b"").decode("utf-8", "surrogateescape")


_Seen = tuple[str, str, int | None, bytes, Flow]
"Branch, host and port of sent-by, the Vias of the answer, and its way."


def _plain(text: bytes, flow: Flow) -> _Seen | None:
    """What `_via` says, for a Via that shows what it is without being taken apart."""
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    host, port, params = match.groups()
    names = params.lower() + b";"
    at = names.find(b";branch=") + 8
    if at < 8 or b";received" in names or b";rport=" in names or b";keep;" in names:
        return None
    address, source = flow.remote
    number = None if port is None else int(port)
    branch = params[at : names.find(b";", at)].decode()
    asked = names.find(b";rport;")
    if asked >= 0:
        params = b"%s%s;received=%s;rport=%d" % (
            params[:asked],
            params[asked + 6 :],
            address.encode(),
            source,
        )
        return branch, host.decode(), number, text[: match.start(3)] + params, flow
    if host.strip(b"[]") != address.encode():
        text = b"%s;received=%s" % (text, address.encode())
    if flow.transport is Transport.UDP and (number or DEFAULT_PORT) != source:
        flow = replace(flow, remote=(address, number or DEFAULT_PORT))
    return branch, host.decode(), number, text, flow


def _via(text: bytes, flow: Flow) -> _Seen | None:
    """Of a first value that may be a list."""
    try:
        first, *others = split_list(text.decode("utf-8", "surrogateescape"))
        via = Via.parse(first)
    except (Malformed, ValueError):
        return None
    vias = "\r\nVia: ".join((str(via.seen_from(*flow.remote)), *others))
    way = reply_flow(via, flow)
    return via.branch, via.host, via.port, vias.encode("utf-8", "surrogateescape"), way


def _value(head: bytes, names: bytes, spellings: tuple[bytes, ...]) -> bytes | None:
    """The first value of a field. Args: names: `head` in lower case."""
    for spelling in spellings:
        at = names.find(spelling)
        if at >= 0:
            at += len(spelling)
            end = head.find(b"\r\n", at)
            return head[at : end if end >= 0 else None].strip(b" \t")
    return None


def _values(head: bytes, names: bytes, spellings: tuple[bytes, ...]) -> list[bytes]:
    found: list[bytes] = []
    for spelling in spellings:
        at = names.find(spelling)
        while at >= 0:
            at += len(spelling)
            end = head.find(b"\r\n", at)
            found.append(head[at : end if end >= 0 else None].strip(b" \t"))
            at = names.find(spelling, at)
    return found
