"""All SIP sockets of the daemon: `listen.sip` opened, one `send` over them, and how peers must see us."""

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.schema import SipLimits, SipListener, SipTransport
from edge.sip.flow import Flow, Transport
from edge.transport.route import LocalAddresses
from edge.transport.stream import Connections
from edge.transport.udp import UdpSocket
from edge.transport.upper import Upper


class ListenError(Exception):
    """A listener cannot be opened; the text says which, why, and what to change."""


@dataclass(frozen=True, slots=True)
class Bound:
    transport: Transport
    address: str
    "Numeric; `0.0.0.0` and `::` mean all of the family."
    port: int

    @property
    def any(self) -> bool:
        return self.address in ("0.0.0.0", "::")


class Listeners:
    """Nothing is bound before `open`.

    Args:
        public: our address as the outside must see it, None: as the route shows it. Peers on
            this very machine are always told the route's.
        exempt: whether a source address is free of the limits per source.
        tasks: owner of outgoing connections under way.
    """

    def __init__(
        self,
        limits: SipLimits,
        loop: asyncio.AbstractEventLoop,
        tasks: asyncio.TaskGroup,
        *,
        public: str | None = None,
        exempt: Callable[[str], bool] = lambda address: False,
    ) -> None:
        self.bound: tuple[Bound, ...] = ()
        "In the order of `listen.sip`; a flow's `listener` is an index of it."
        self._limits = limits
        self._loop = loop
        self._tasks = tasks
        self._public = public
        self._exempt = exempt
        self._routes = LocalAddresses(loop.time)
        self._udp: dict[int, UdpSocket] = {}
        self._connections: Connections | None = None
        self._upper: Upper | None = None

    async def open(self, listen: Sequence[SipListener], upper: Upper) -> None:
        """Open all or none.

        Raises:
            ListenError: one of them cannot be opened.
        """
        sockets: list[socket.socket] = []
        try:
            for index, listener in enumerate(listen):
                sockets.append(_bind(listener, index))
        except ListenError:
            for sock in sockets:
                sock.close()
            raise
        self.bound = tuple(
            Bound(Transport(listener.transport.value.upper()), *sock.getsockname()[:2])
            for listener, sock in zip(listen, sockets, strict=True)
        )
        self._upper = upper
        self._connections = Connections(self._limits, upper, self._exempt, self._loop, self._tasks)
        for number, (bound, sock) in enumerate(zip(self.bound, sockets, strict=True)):
            if bound.transport is Transport.UDP:
                self._udp[number] = UdpSocket(sock, number, upper, self._loop)
            else:
                await self._connections.listen(number, sock, None if bound.any else bound.address)

    def send(self, data: bytes, flow: Flow) -> None:
        """What cannot be delivered comes back as `upper.unreachable(flow)`, as far as anybody knows it."""
        if flow.transport is Transport.UDP and self._udp:
            # A binding of an earlier run may name a listener that is another one now.
            udp = self._udp.get(flow.listener) or next(iter(self._udp.values()))
            udp.send(data, flow)
        elif flow.transport is Transport.TCP and self._connections is not None:
            self._connections.send(data, flow)
        elif (upper := self._upper) is not None:
            self._loop.call_soon(lambda: upper.unreachable(flow, self._loop.time()))

    def sent_by(self, flow: Flow) -> str:
        """Our `host:port` as a peer on `flow` must see it, IPv6 in brackets."""
        host = self.media_address(flow)
        return f"[{host}]:{self._of(flow).port}" if ":" in host else f"{host}:{self._of(flow).port}"

    def media_address(self, flow: Flow) -> str:
        """Our numeric address for RTP as a peer on `flow` must see it."""
        bound = self._of(flow)
        if self._public is not None and not _is_loopback(flow.remote[0]):
            return self._public
        if not bound.any:
            return bound.address
        return self._routes.towards(flow.remote[0]) or ("::1" if ":" in bound.address else "127.0.0.1")

    def flow_to(self, transport: Transport, host: str, port: int) -> Flow | None:
        """A path to a numeric address; None when we do not speak that transport or address family."""
        six = ":" in host
        for number, bound in enumerate(self.bound):
            if bound.transport is transport and (":" in bound.address) is six:
                return Flow(transport, (host, port), number)
        return None

    @property
    def connections(self) -> int:
        """Open stream connections."""
        return 0 if self._connections is None else len(self._connections)

    @property
    def refused(self) -> int:
        """Stream connections turned away by a limit."""
        return 0 if self._connections is None else self._connections.refused

    @property
    def dropped(self) -> int:
        """Datagrams that the kernel had no room to send."""
        return sum(udp.dropped for udp in self._udp.values())

    async def close(self) -> None:
        for udp in self._udp.values():
            udp.close()
        self._udp.clear()
        if self._connections is not None:
            await self._connections.close()

    def _of(self, flow: Flow) -> Bound:
        return self.bound[flow.listener if flow.listener < len(self.bound) else 0]


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _bind(listener: SipListener, index: int) -> socket.socket:
    where = f"{listener.transport.value} {listener.address}:{listener.port}"
    setting = f"listen.sip[{index}]"
    stream = listener.transport is SipTransport.TCP
    if not stream and listener.transport is not SipTransport.UDP:
        raise ListenError(f"{where}: {listener.transport.value} is not served yet; remove {setting}")
    six = ":" in listener.address
    sock = socket.socket(
        socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
    )
    try:
        if six:
            # 0.0.0.0 has a listener of its own, and addresses of one family have one form.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if stream:
            # Else connections of the last run, still in TIME_WAIT, keep the port for a minute.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((listener.address, listener.port))
        if stream:
            sock.listen(1_024)
    except OSError as fault:
        sock.close()
        raise ListenError(_explain(fault, where, setting, listener)) from fault
    return sock


def _explain(fault: OSError, where: str, setting: str, listener: SipListener) -> str:
    match fault.errno:
        case errno.EADDRINUSE:
            return f"{where} is in use: stop the program that has it, or change {setting}.port"
        case errno.EADDRNOTAVAIL:
            return f"{where}: this machine has no address {listener.address}; change {setting}.address"
        case errno.EACCES:
            return f"{where}: not allowed; choose a port above 1023 in {setting}.port, or grant the right"
        case _:
            return f"{where}: {fault.strerror or fault}; check {setting}"
