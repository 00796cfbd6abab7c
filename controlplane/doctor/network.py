"""Ports that are free or our own, the RTP range, and how the world sees this machine."""

import errno
import ipaddress
import socket
from pathlib import Path
from typing import Final

from config.schema import HttpListener, RtpListener, SipListener, SipTransport
from controlplane.doctor.finding import Finding, fail, ok, warn

SAMPLES: Final = 100
"RTP ports tried."

_EPHEMERAL: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


def sip_port(listener: SipListener, *, running: bool) -> Finding:
    """Args: running: a daemon of this data folder answers, so a busy port may be its own."""
    kind = socket.SOCK_DGRAM if listener.transport is SipTransport.UDP else socket.SOCK_STREAM
    name = f"SIP {listener.transport} {listener.address}:{listener.port}"
    return _port(name, kind, listener.address, listener.port, "listen.sip", running=running)


def http_port(listener: HttpListener, *, running: bool) -> Finding:
    name = f"HTTP {listener.address}:{listener.port}"
    return _port(name, socket.SOCK_STREAM, listener.address, listener.port, "listen.http", running=running)


def rtp_ports(listener: RtpListener) -> Finding:
    low, high = listener.ports
    legs = (high - low + 1) // 2
    step = max(2, (high - low) // SAMPLES // 2 * 2)
    tried = range(low + low % 2, high, step)
    busy = sum(_bind(socket.SOCK_DGRAM, listener.address, port) == errno.EADDRINUSE for port in tried)
    found = f"{low}–{high}: room for {legs} legs; {busy} of {len(tried)} ports tried are busy"
    if busy * 2 > len(tried):
        return fail("RTP ports", found, "choose another listen.rtp.ports")
    shared = _shared_with_others(low, high)
    if shared:
        fix = f"the system hands out {shared} to others: reserve yours in net.ipv4.ip_local_reserved_ports"
        return warn("RTP ports", found, fix)
    return ok("RTP ports", found)


def public_address(configured: str, local: str | None) -> Finding:
    """Args: configured: `node.public_address`; local: the address that faces the Internet, None: no route."""
    name = "public address"
    if configured != "auto":
        if local == configured:
            return ok(name, f"{configured}, this machine's own")
        behind = f"{configured} as configured; this machine has {local or 'no route'}"
        return ok(name, f"{behind}: forward SIP and RTP ports to it")
    if local is None:
        return warn(
            name, "no route to the Internet", "phones on this network only; else set node.public_address"
        )
    if ipaddress.ip_address(local).is_private:
        fix = "no audio from beyond the NAT: set node.public_address to its outer address, forward the ports"
        return warn(name, f"{local} is private", fix)
    return ok(name, f"{local}, reachable without NAT")


def facing_address() -> str | None:
    """Our address on the way to the Internet. Connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _port(
    name: str, kind: socket.SocketKind, address: str, port: int, section: str, *, running: bool
) -> Finding:
    match _bind(kind, address, port):
        case 0:
            if running:
                fix = f"restart it: {section} was changed, or the daemon serves another configuration"
                return warn(name, "free, though a daemon runs", fix)
            return ok(name, "free")
        case errno.EADDRINUSE if running:
            return ok(name, "in use by the running daemon")
        case errno.EADDRINUSE:
            return fail(name, "in use by another program", f"stop it (ss -lpn shows it) or change {section}")
        case errno.EACCES:
            return fail(
                name, "ports below 1024 need rights", f"change {section} or grant CAP_NET_BIND_SERVICE"
            )
        case errno.EADDRNOTAVAIL:
            return fail(name, "this machine has no such address", f"change the address in {section}")
        case other:
            return fail(name, errno.errorcode.get(other, str(other)), f"change {section}")


def _bind(kind: socket.SocketKind, address: str, port: int) -> int:
    """0 or the errno."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            # Old connections in TIME_WAIT do not keep a port from being listened on.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            if kind is socket.SOCK_STREAM:
                probe.listen(1)
        except OSError as error:
            return error.errno or errno.EINVAL
    return 0


def _shared_with_others(low: int, high: int, file: Path = _EPHEMERAL) -> str:
    try:
        first, last = map(int, file.read_text().split())
    except (OSError, ValueError):
        return ""
    return f"{first}–{last}" if first <= high and low <= last else ""
