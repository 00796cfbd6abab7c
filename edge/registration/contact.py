"""One Contact of a REGISTER: which known one it replaces, what of it is repeated, the way back to its phone.

RFC 3261 §10.3 step 7, §19.1.4; RFC 3327 §5.3 (Path).
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

from edge.sip.address import Address
from edge.sip.flow import Flow, Transport
from edge.sip.grammar import Malformed, format_params
from edge.sip.message import Request
from edge.sip.uri import Uri

_Q: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
"What we repeat of q (§25.1); nobody else must read another."


def matching(known: Collection[str], uri: Uri, text: str) -> Iterable[str]:
    """The known contact that this one replaces, being equivalent (§19.1.4): one or none.

    Args: text: `uri`, written.
    """
    if text in known:
        return (text,)
    for contact in known:
        if _equivalent(contact, uri):
            return (contact,)
    return ()


def _equivalent(contact: str, uri: Uri) -> bool:
    try:
        return Uri.parse(contact).equivalent(uri)
    except Malformed:
        return False


def repeated(address: Address) -> str:
    """Its parameters as our 200 repeats them, without the expiry."""
    if not address.params:
        return ""
    kept = [
        (name, value)
        for name, value in address.params
        if (key := name.lower()) != "expires" and (key != "q" or _Q.fullmatch(value or ""))
    ]
    return format_params(tuple(kept))


def path_of(request: Request) -> tuple[str, ...]:
    """The route of every call to this phone (RFC 3327 §5.3); `Malformed` for one that leads nowhere."""
    if not all(hop.uri.is_sip for hop in request.addresses("Path")):
        raise Malformed("Path", "no SIP address")
    return tuple(request.headers.elements("Path"))


def way_back(request: Request, flow: Flow, uri: Uri) -> Flow:
    """Where requests for this contact go: back along `flow`, which works through NAT.

    Only a phone that sends from another port than it listens on (no rport, no NAT: its Via names the
    very address that the packet came from) is reached at the port of its Contact. The address itself
    is always the packet's: a Contact can point our calls at no third party.
    """
    if flow.transport is not Transport.UDP:
        return flow
    via = request.via
    if via.rport is not None or via.address != flow.remote[0] or uri.address != flow.remote[0]:
        return flow
    port = uri.port or 5060
    if port == flow.remote[1]:
        return flow
    transport = uri.param("transport")
    if transport is not None and transport.lower() != "udp":
        return flow
    return Flow(flow.transport, (flow.remote[0], port), flow.listener)
