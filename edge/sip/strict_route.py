"""A request as a strict router is sent it, with us as the router (RFC 3261 §16.4, §16.6 step 6; RFC 2543).

Who is told to reach people by way of us, and puts that into a Route without `lr`, has us in the Request-URI,
and whom it wants last in Route.
"""

from edge.sip.grammar import Malformed
from edge.sip.message import Request


def meant(request: Request) -> Request:
    """The request as it was before: with whom it is for in the Request-URI. Any other comes back as it is."""
    if request.uri.user or request.method == "REGISTER" or "Route" not in request.headers:
        return request
    try:
        *hops, last = request.addresses("Route")
    except (Malformed, ValueError):
        return request  # nobody to be found in it
    if not (last.uri.user and (last.uri.is_sip or last.uri.scheme == "tel")):
        return request
    headers = request.headers.copy()
    headers.remove("Route")
    for hop in hops:
        headers.add("Route", str(hop))
    return Request(request.method, last.uri.without_headers(), headers, request.body)
