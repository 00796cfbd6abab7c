"""From a SIP URI to addresses in the order in which to try them (RFC 3263, RFC 2782, RFC 7984).

::

    resolver ── answers ──▶ locate(uri, …) ── queries ──▶ resolver      (a generator; each step in parallel)
                                 └── Located(targets, why)

A numeric host needs no query, a port none but for addresses, a named transport no NAPTR. Without NAPTR
the transports that we speak are asked for by SRV, UDP first; without SRV it is the default port of the
default transport. IPv6 addresses come first (RFC 6724), in both families for each server.

Declined: NAPTR flags other than `s`, SRV for WebSockets, which RFC 7118 leaves to the page.
"""

import enum
import ipaddress
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Final

from config.value import dataclass
from edge.sip.flow import Transport
from edge.sip.uri import Uri

SERVERS: Final = 16
"NAPTR and SRV records of one look-up that are followed, best first."
TARGETS: Final = 32

DEFAULT_PORTS: Final = {
    Transport.UDP: 5060,
    Transport.TCP: 5060,
    Transport.TLS: 5061,
    Transport.WS: 80,
    Transport.WSS: 443,
}
_SERVICES: Final = {"SIP+D2U": Transport.UDP, "SIP+D2T": Transport.TCP, "SIPS+D2T": Transport.TLS}
_SRV_NAMES: Final = {Transport.UDP: "_sip._udp.", Transport.TCP: "_sip._tcp.", Transport.TLS: "_sips._tcp."}


class Kind(enum.Enum):
    NAPTR = "NAPTR"
    SRV = "SRV"
    AAAA = "AAAA"
    A = "A"


@dataclass(frozen=True, slots=True)
class Query:
    name: str
    "Lower case, without a final dot."
    kind: Kind


@dataclass(frozen=True, slots=True)
class Naptr:
    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    priority: int
    weight: int
    port: int
    target: str
    "Empty: the service is decidedly not offered (RFC 2782)."


Record = Naptr | Srv | str
Answer = Sequence[Record] | None
"Records, texts for addresses; empty when there are none, None when nobody could tell."


@dataclass(frozen=True, slots=True)
class Target:
    transport: Transport
    address: str
    "Numeric."
    port: int
    name: str
    """Whom a TLS peer must prove to be: the URI's host, not the server that DNS names (RFC 5922 §4).

    Also the Host of a WebSocket; empty for UDP and TCP, where nobody asks.
    """
    pinned: bool = False
    "The URI names the transport."


@dataclass(frozen=True, slots=True)
class Located:
    targets: tuple[Target, ...]
    "In the order in which to try them."
    why: str = ""
    "What stands in the way, when there are none."


Server = tuple[Transport, str, int]
Lookup = Generator[tuple[Query, ...], Sequence[Answer], Located]


def locate(uri: Uri, ways: Sequence[Transport], random: Callable[[int], bytes]) -> Lookup:
    """Args:
    ways: transports that we speak.
    random: fresh random bytes; equal servers share the load by weight.
    """
    host = (uri.param("maddr") or uri.address).lower().rstrip(".")
    secure = uri.scheme == "sips"
    named = uri.param("transport")
    wanted = _transport(named, secure) if named is not None else None
    if named is not None and wanted is None:
        return Located((), f"{named} is no transport for {uri.scheme}")
    chosen = wanted or _default(ways, secure)
    if chosen not in ways:
        return Located((), f"no listener speaks {chosen.value}: add one to listen.sip")
    pinned = wanted is not None or secure
    if _numeric(host):
        return Located((_target(chosen, host, uri.port or DEFAULT_PORTS[chosen], uri.address, pinned),))
    servers: list[Server] = []
    if uri.port is None and chosen in _SRV_NAMES:
        found = yield from _servers(host, wanted, secure, ways, random)
        if isinstance(found, str):
            return Located((), found)
        servers = found
    if not servers:
        servers = [(chosen, host, uri.port or DEFAULT_PORTS[chosen])]
    return (yield from _addresses(servers[:SERVERS], uri.address, pinned))


def _servers(
    host: str,
    wanted: Transport | None,
    secure: bool,
    ways: Sequence[Transport],
    random: Callable[[int], bytes],
) -> Generator[tuple[Query, ...], Sequence[Answer], list[Server] | str]:
    """By NAPTR and SRV; empty when the domain has neither; a text when it offers nothing."""
    names: list[tuple[Transport, str]] = []
    if wanted is None:
        (answer,) = yield (Query(host, Kind.NAPTR),)
        names = _services(answer or (), secure, ways)
    if not names:
        kinds = (wanted,) if wanted is not None else tuple(_SRV_NAMES)
        # §4.1: `_sips` is for SIPS URIs and, by name, for TLS.
        names = [
            (kind, _SRV_NAMES[kind] + host)
            for kind in kinds
            if kind in ways and (kind is wanted or (kind is Transport.TLS) is secure)
        ]
    answers = yield tuple(Query(name, Kind.SRV) for _, name in names)
    servers: list[Server] = []
    denied = False
    for (transport, _), answer in zip(names, answers, strict=True):
        for record in by_weight((r for r in answer or () if isinstance(r, Srv)), random):
            if record.target:
                servers.append((transport, record.target, record.port))
            else:
                denied = True
    if denied and not servers:
        return f"{host} says that it offers no SIP by {' or '.join(kind.value for kind, _ in names)}"
    return servers


def _services(
    answer: Sequence[Record], secure: bool, ways: Sequence[Transport]
) -> list[tuple[Transport, str]]:
    """NAPTR records that we can follow, in their order (§4.1)."""
    records = sorted(
        (r for r in answer if isinstance(r, Naptr)), key=lambda record: (record.order, record.preference)
    )
    found = []
    for record in records:
        transport = _SERVICES.get(record.service.upper())
        if record.flags.lower() != "s" or transport not in ways or not record.replacement:
            continue
        assert transport is not None, "it is one of ours"
        if transport is Transport.TLS or not secure:
            found.append((transport, record.replacement))
    return found[:SERVERS]


def by_weight(records: Iterable[Srv], random: Callable[[int], bytes]) -> list[Srv]:
    """RFC 2782: by priority, among equals by chance in proportion to their weights."""
    # Zero weights first, so that they are drawn seldom but not never.
    waiting = sorted(records, key=lambda record: (record.priority, record.weight))[: 4 * SERVERS]
    ordered: list[Srv] = []
    while waiting:
        group = [record for record in waiting if record.priority == waiting[0].priority]
        total = sum(record.weight for record in group)
        draw = int.from_bytes(random(4), "big") % (total + 1)
        for record in group:
            draw -= record.weight
            if draw <= 0:
                break
        ordered.append(record)
        waiting.remove(record)
    return ordered


def _addresses(
    servers: Sequence[Server], name: str, pinned: bool
) -> Generator[tuple[Query, ...], Sequence[Answer], Located]:
    hosts = list(dict.fromkeys(host for _, host, _ in servers if not _numeric(host)))
    queries = tuple(Query(host, kind) for host in hosts for kind in (Kind.AAAA, Kind.A))
    answers = (yield queries) if queries else ()
    found: dict[str, list[str]] = {host: [] for host in hosts}
    failed = False
    for query, answer in zip(queries, answers, strict=True):
        failed = failed or answer is None
        found[query.name] += [record for record in answer or () if isinstance(record, str)]
    targets = tuple(
        _target(transport, address, port, name, pinned)
        for transport, host, port in servers
        for address in found.get(host, [host])
    )
    if targets:
        return Located(tuple(dict.fromkeys(targets))[:TARGETS])
    where = " or ".join(hosts)
    return Located((), f"DNS does not answer for {where}" if failed else f"{where} has no address")


def _target(transport: Transport, address: str, port: int, name: str, pinned: bool) -> Target:
    named = transport not in (Transport.UDP, Transport.TCP)
    return Target(transport, address, port, name if named else "", pinned)


def _transport(name: str, secure: bool) -> Transport | None:
    """§4.1, RFC 3261 §26.2.2: with SIPS, TCP means TLS and WS means WSS."""
    transport = Transport.__members__.get(name.upper())
    if not secure or transport in (Transport.TLS, Transport.WSS):
        return transport
    return {Transport.TCP: Transport.TLS, Transport.WS: Transport.WSS}.get(transport) if transport else None


def _default(ways: Sequence[Transport], secure: bool) -> Transport:
    if secure:
        return Transport.TLS
    return Transport.UDP if Transport.UDP in ways or Transport.TCP not in ways else Transport.TCP


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
