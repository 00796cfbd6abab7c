"""What RFC 3261 §8.2.2 and §8.2.3 have us refuse before looking closer at a request."""

from edge.sdp.body import find_sdp
from edge.sip.message import Request
from edge.sip.session import SDP, SUPPORTED


def unservable(request: Request) -> tuple[int, tuple[tuple[str, str], ...]] | None:
    """Status and headers of the refusal; None: it can be served."""
    if not request.uri.is_sip and request.uri.scheme != "tel":
        return 416, ()
    required = [o for o in request.headers.elements("Require") if o.lower() not in SUPPORTED]
    if required:
        return 420, (("Unsupported", ", ".join(required)),)
    if request.method == "INVITE":
        if request.body and find_sdp(request.headers.get("Content-Type") or "", request.body) is None:
            return 415, (("Accept", SDP),)
        if request.max_forwards == 0:
            return 483, ()
        if request.headers.get("Contact") is None:
            return 400, (("Warning", '399 tandem "an INVITE needs a Contact"'),)  # §8.1.1.8
    return None
