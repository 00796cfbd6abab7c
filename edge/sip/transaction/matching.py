"""Which server transaction a request belongs to; where responses go (RFC 3261 §17.2.3, §18.2; RFC 3581)."""

import hashlib
from dataclasses import replace
from typing import Final

from edge.sip.effect import ServerKey
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request
from edge.sip.via import Via

COOKIE: Final = "z9hG4bK"
"Branches that are unique begin so (§8.1.1.7)."
_TOGETHER: Final = frozenset(("INVITE", "ACK", "CANCEL"))
_LONGEST: Final = 200  # characters of an identity; a peer must not make us keep what it pads
DEFAULT_PORT: Final = 5060
SECURE_PORT: Final = 5061


def identity(request: Request, via: Via) -> str:
    """What the copies of a request, its ACK and its CANCEL have in common.

    That is the branch and sent-by, and the Call-ID, since scripts of peers have one branch for every call;
    for RFC 2543 peers the fields that §17.2.3 lists, To tag aside: the ACK has the one of our response, so
    CSeq and Call-ID must tell requests of a dialog apart. Some answer a challenge without another CSeq, so
    what proves them counts, too, where no ACK and no CANCEL has to match.
    """
    branch = via.branch
    # The cookie alone is unique to nothing (RFC 4475 §3.2.1).
    if branch.startswith(COOKIE) and branch != COOKIE:
        return branch_identity(branch, via.host, via.port, request.call_id)
    text = f"2543 {request.uri} {request.from_.tag} {request.call_id} {request.cseq.number} {via}"
    if request.method not in _TOGETHER:
        text += request.headers.get("Authorization") or request.headers.get("Proxy-Authorization") or ""
    return text if len(text) <= _LONGEST else _digest(text)


def branch_identity(branch: str, host: str, port: int | None, call_id: str) -> str:
    """The same for a request whose branch should be unique (§17.2.3). Args: host, port: of sent-by."""
    text = f"{branch} {host}:{port} {call_id}"
    return text if len(text) <= _LONGEST else _digest(text)


def server_key(identity: str, method: str) -> ServerKey:
    return ServerKey(f"{identity} {method}")


def merge_id(request: Request) -> str:
    """What the same INVITE shares when it comes by two paths (§8.2.2.2)."""
    text = f"{request.call_id} {request.cseq.number} {request.from_.tag}"
    return text if len(text) <= _LONGEST else _digest(text)


def reply_flow(via: Via, flow: Flow) -> Flow:
    """The way of responses to a request with top `via` that came by `flow` (§18.2.2, RFC 3581 §4).

    When a stream is gone, its source is dialled at the port of sent-by. Declined: `maddr`, and the host of
    sent-by, which would let anyone aim our responses at a third party.
    """
    if flow.transport is not Transport.UDP:
        if flow.is_web:
            return flow
        default = DEFAULT_PORT if flow.transport is Transport.TCP else SECURE_PORT
        return replace(flow, listens=via.port or default)
    if via.rport is not None:
        return flow
    address, port = flow.remote
    sent_by = via.port or DEFAULT_PORT
    return flow if sent_by == port else replace(flow, remote=(address, sent_by))


def note_source(request: Request, via: Via, flow: Flow) -> None:
    """Put `received` and `rport` into the top Via (§18.2.1, RFC 3581 §4)."""
    seen = via.seen_from(*flow.remote)
    if seen is via:
        return
    headers = request.headers
    derived = headers.derived.copy()
    headers.set_top("Via", str(seen))
    # No other field has changed: what was typed at parse need not be typed again.
    headers.derived.update(derived)
    headers.derived["via"] = seen


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
