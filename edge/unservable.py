"""What RFC 3261 §8.2.2 and §8.2.3 have us refuse before looking closer at a request."""

from typing import Final

from edge.sdp.body import packed, sdp_in
from edge.sip.capability import REGISTRAR, SDP, SUPPORTED, UNREADABLE
from edge.sip.dialog import target_of
from edge.sip.message import Request
from edge.sip.session import Headers
from edge.sip.session_timer import SessionTimer
from edge.sip.transaction.matching import COOKIE

_READ: Final = frozenset({"INVITE", "UPDATE", "PRACK", "INFO", "MESSAGE"})
"Methods whose bodies mean something to us."


def unservable(request: Request) -> tuple[int, Headers] | None:
    """Status and headers of the refusal; None: it can be served."""
    if not request.uri.is_sip and request.uri.scheme != "tel":
        return 416, ()
    if (refusal := not_understood(request)) is not None:
        return refusal
    if request.method == "REGISTER" and not request.to.uri.is_sip:
        return 400, (
            ("Warning", '399 tandem "bad_to: To names no SIP address of record"'),
        )  # RFC 4475 §3.3.4
    if request.method == "INVITE":
        return _uninvitable(request)
    return None


def not_understood(request: Request) -> tuple[int, Headers] | None:
    """420 for what the peer requires and we do not know (§8.2.2.3), 415 for what is packed (§8.2.3); within
    dialogs too."""
    known = (*SUPPORTED, *REGISTRAR) if request.method == "REGISTER" else SUPPORTED
    required = [o for o in request.headers.elements("Require") if o.lower() not in known]
    if required:
        return 420, (("Unsupported", ", ".join(required)),)
    return (415, (("Accept-Encoding", "identity"),)) if request.method in _READ and packed(request) else None


def _uninvitable(request: Request) -> tuple[int, Headers] | None:
    if sdp_in(request) is None:
        return 415, (("Accept", SDP),)
    if request.max_forwards == 0:
        return 483, ()
    if (too_small := SessionTimer(0).too_small(request)) is not None:
        return 422, too_small  # RFC 4028 §9
    # §8.1.1.8 demands a Contact; peers of RFC 2543, whose branches lack the cookie, are reached at From.
    if request.headers.get("Contact") is None:
        if request.branch.startswith(COOKIE):
            return 400, (("Warning", '399 tandem "no_contact: an INVITE needs a Contact"'),)
    elif target_of(request) is None:  # its requests could be sent to no other place
        return 400, (("Warning", '399 tandem "bad_contact: Contact names no SIP address"'),)
    if not request.accepts(SDP):
        return 406, UNREADABLE
    return None
