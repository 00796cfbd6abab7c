"""Where a request inside a dialog goes first: by the book, or back to where the peer is seen.

The book (RFC 3261 §12.2.1.1) says: to the top of the route set, else to the peer's Contact. Behind NAT
that is an address nobody outside can reach, so the path on which the peer was heard is kept: always on a
stream, and on UDP where the next hop names a host, an address of another family, or a private one although
the peer is seen at a public one.

A stream may end before its dialog does: proxies close idle ones after two minutes. Then the next hop is
dialled by the same transport, at the address that the peer was seen at where it names a host, unless a NAT
lies between.
"""

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from edge.sip.flow import Flow, Transport
from edge.sip.uri import Uri


def next_flow(hop: Uri, flow: Flow, alive: Callable[[Flow], bool]) -> Flow:
    """
    Args:
        hop: `Dialog.next_hop()`.
        flow: the path on which the peer was heard last.
        alive: whether a stream can still be sent on.
    """
    if flow.reliable:
        return flow if flow.is_web or alive(flow) else _dialled_anew(hop, flow)
    address, port = hop.address, hop.port or 5060
    if (address, port) == flow.remote:
        return flow
    transport = hop.param("transport")
    if transport is not None and transport.lower() != "udp":
        return flow
    here, there = _reach(flow.remote[0]), _reach(address)
    if there is None or here is None or there[0] != here[0] or there[1] < here[1]:
        return flow
    return Flow(flow.transport, (address, port), flow.listener)


def _dialled_anew(hop: Uri, flow: Flow) -> Flow:
    """In place of a stream that is gone; the same `flow` where nobody listens for another."""
    secure = flow.transport is Transport.TLS
    # One that names no transport was heard on a stream all the same.
    if (hop.param("transport") or "tcp").lower() not in (("tls", "tcp") if secure else ("tcp",)):
        return flow
    here, there = _reach(flow.remote[0]), _reach(hop.address)
    if here is None or (there is not None and (there[0] != here[0] or there[1] < here[1])):
        return flow
    address = flow.remote[0] if there is None else hop.address
    name = hop.host if secure and there is None else ""
    return Flow(flow.transport, (address, hop.port or (5061 if secure else 5060)), flow.listener, 0, name)


_PRIVATE: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
)


@lru_cache(1_024)
def _reach(address: str) -> tuple[int, int] | None:
    """IP version and reach: 0 nowhere, 1 this machine, 2 this site, 3 anywhere; None: a name."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if parsed.is_unspecified or parsed.is_multicast:
        return parsed.version, 0
    if parsed.is_loopback:
        return parsed.version, 1
    return parsed.version, 2 if any(parsed in network for network in _PRIVATE) else 3
