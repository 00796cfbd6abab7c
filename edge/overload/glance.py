"""A request at a glance: as much of its bytes as it takes to turn it away, without parsing it.

For overload, where a refusal must cost a fraction of what was asked for. What cannot be read this way is left
to the parser, which says what is wrong with it.
"""

import re
from dataclasses import dataclass
from typing import Final

from edge.sip.flow import Flow
from edge.sip.grammar import Malformed, split_list
from edge.sip.transaction.matching import reply_flow
from edge.sip.via import Via

_TAG: Final = re.compile(rb";[ \t]*tag[ \t]*=", re.IGNORECASE)
_LONGEST: Final = 16_384  # bytes of headers that are looked at


@dataclass(frozen=True, slots=True)
class Glance:
    method: str
    inside: bool
    "Of a dialog: To has a tag."
    proven: bool
    "It brings credentials, whatever they are worth."
    agent: str
    via: Via
    "The topmost one."
    vias: tuple[bytes, ...]
    "The others, as they came."
    copied: tuple[bytes, bytes, bytes, bytes]
    "From, To, Call-ID and CSeq."


def glance(data: bytes) -> Glance | None:
    """None: no request that can be answered out of what is seen."""
    word, _, _ = data[:32].partition(b" ")
    end = data.find(b"\r\n\r\n", 0, _LONGEST)
    if end < 0 or word.startswith(b"SIP/"):
        return None
    head = data[:end]
    if b"\n " in head or b"\n\t" in head:
        return None  # folded
    names = head.lower()
    vias = _values(head, names, b"via", b"v")
    from_, to = _value(head, names, b"from", b"f"), _value(head, names, b"to", b"t")
    call_id, cseq = _value(head, names, b"call-id", b"i"), _value(head, names, b"cseq", b"cseq")
    if not vias or from_ is None or to is None or call_id is None or cseq is None:
        return None
    try:
        top, *beside = split_list(vias[0].decode("utf-8", "surrogateescape"))
        via = Via.parse(top)
    except (Malformed, ValueError):
        return None
    return Glance(
        word.decode("latin-1"),
        _TAG.search(to) is not None,
        b"\nauthorization:" in names or b"\nproxy-authorization:" in names,
        (_value(head, names, b"user-agent", b"user-agent") or b"").decode("latin-1"),
        via,
        (*[element.encode("utf-8", "surrogateescape") for element in beside], *vias[1:]),
        (from_, to, call_id, cseq),
    )


def call_id_of(data: bytes) -> str:
    """Of any message; empty where it is not seen at a glance."""
    head = data[: data.find(b"\r\n\r\n", 0, _LONGEST)]
    return (_value(head, head.lower(), b"call-id", b"i") or b"").decode("utf-8", "surrogateescape")


def _value(head: bytes, names: bytes, name: bytes, compact: bytes, start: int = 0) -> bytes | None:
    """The first value of a field. Args: names: `head` in lower case."""
    at = names.find(b"\n%s:" % name, start)
    if at < 0:
        name = compact
        at = names.find(b"\n%s:" % name, start)
        if at < 0:
            return None
    at += len(name) + 2
    end = head.find(b"\r\n", at)
    return head[at : end if end >= 0 else None].strip(b" \t")


def _values(head: bytes, names: bytes, name: bytes, compact: bytes) -> list[bytes]:
    found: list[bytes] = []
    for spelling in (name, compact):
        at = names.find(b"\n%s:" % spelling)
        while at >= 0:
            end = head.find(b"\r\n", at)
            found.append(head[at + len(spelling) + 2 : end if end >= 0 else None].strip(b" \t"))
            at = names.find(b"\n%s:" % spelling, at + 1)
    return found


def answer(seen: Glance, status: bytes, headers: bytes, tag: bytes, flow: Flow) -> tuple[bytes, Flow]:
    """A final response without a body, and the way that it takes.

    Args:
        status: code and phrase.
        headers: whole lines.
        tag: for To, which has none.
    """
    from_, to, call_id, cseq = seen.copied
    top = str(seen.via.seen_from(*flow.remote)).encode("utf-8", "surrogateescape")
    vias = b"".join([b"Via: %s\r\n" % via for via in seen.vias]) if seen.vias else b""
    return (
        b"SIP/2.0 %s\r\nVia: %s\r\n%sFrom: %s\r\nTo: %s;tag=%s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
        b"%sContent-Length: 0\r\n\r\n" % (status, top, vias, from_, to, tag, call_id, cseq, headers)
    ), reply_flow(seen.via, flow)
