"""What the caller is told when all who were rung refused: which answer, and as what (RFC 3261 §16.7)."""

from dataclasses import replace
from typing import Final

from edge.directory import Trunk
from edge.error import Refusal
from edge.sip.grammar import Malformed
from edge.sip.session_event import Refused
from edge.sip.uri import Uri
from edge.trunk.challenge import remedy

_BETWEEN_US: Final = frozenset({401, 405, 407, 415, 420, 421, 422, 423, 481, 487, 489, 491, 494})
"Of a request of ours: most need a header to mean anything (RFC 3261 §21.4), and no caller could do better."
_CODES: Final = {486: "busy", 600: "busy", 603: "declined", 408: "no_answer", 480: "unavailable"}


def rank(status: int) -> tuple[int, int]:
    """Lower is told to the caller: 6xx, then busy and declined, then the rest, 408, 3xx and 503 last."""
    if status >= 600:
        return (0, status)
    if status in (486, 480, 404, 488, 415):
        return (1, status)
    return (3, status) if status in (408, 503) or status < 400 else (2, status)


def refusal_of(refused: Refused, trunk: Trunk | None) -> Refusal:
    """A challenge, a redirection, or what is amiss between us and the callee is no answer for our caller."""
    status = refused.status
    if trunk is None and refused.response is None and status == 503:
        fix = "check that the phone is on, and that its connection is stable"
        return Refusal("unreachable", 480, "the connection to the called phone cannot be used", fix)
    if status < 400 or status in _BETWEEN_US:
        # 502: our password is not taken, which is the trunk's fault.
        status = 502 if trunk is not None and status in (401, 407) else 480
    elif status == 503:
        status = 500  # §16.7: 503 would say that we are out of order, and have a carrier or phone leave us
    text = f"the called side answered {refused.status} {refused.reason}"
    fix = "" if trunk is None or refused.response is None else remedy(trunk, refused.response)
    return Refusal(_CODES.get(status, "refused"), status, text, fix or "check the called phone or trunk")


def unusable(refusal: Refusal | None) -> Refusal:
    """For a 2xx without audio that we could use. Args: refusal: of its SDP; None: it has none."""
    fix = "the called phone answered without usable audio"
    if refusal is None:
        return Refusal("not_acceptable", 488, "the answer has no SDP", fix)
    # What cannot be read is the callee's fault, and not what the caller said.
    return replace(refusal, status=502 if refusal.status == 400 else refusal.status, fix=fix)


def redirection(refused: Refused) -> tuple[Uri, ...]:
    """The targets of a 3xx that can be dialled, highest q first (RFC 3261 §8.1.3.4)."""
    try:
        contacts = refused.response.contacts if refused.response is not None else ()
    except Malformed:
        return ()
    targets = sorted(contacts, key=lambda contact: -contact.preference)
    return tuple([t.uri for t in targets if t.uri.user and (t.uri.is_sip or t.uri.scheme == "tel")])
