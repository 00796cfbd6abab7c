"""Where a request inside a dialog goes first: by the book, or back to where the peer is seen.

The book (RFC 3261 §12.2.1.1) says: to the top of the route set, else to the peer's Contact. Behind NAT
that is an address nobody outside can reach, so the path on which the peer was heard is kept: always on a
stream, and on UDP where the next hop names a host, an address of another family, or a private one although
the peer is seen at a public one.
"""

import ipaddress
from functools import lru_cache
from typing import Final

from edge.sip.flow import Flow
from edge.sip.uri import Uri


def next_flow(hop: Uri, flow: Flow) -> Flow:
    """Args: hop: `Dialog.next_hop()`; flow: the path on which the peer was heard last."""
    if flow.reliable:
        return flow
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
