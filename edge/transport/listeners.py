"""All SIP sockets of the daemon: `listen.sip` opened, one `send` over them, and how peers must see us."""

import asyncio
import errno
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog

from config.schema import SipLimits, SipListener, SipTransport, Tls
from config.value import dataclass
from edge.sip.flow import Flow, Transport
from edge.transport.connections import Connections
from edge.transport.guard import EveryoneWelcome, Guard
from edge.transport.route import LocalAddresses
from edge.transport.tls import Credentials, TlsError
from edge.transport.udp import UdpSocket
from edge.transport.upper import Upper

_SECURE: Final = (SipTransport.TLS, SipTransport.WSS)
_DEFAULT_PORTS: Final = {
    Transport.UDP: 5060,
    Transport.TCP: 5060,
    Transport.TLS: 5061,
    Transport.WS: 80,
    Transport.WSS: 443,
}
_LOOK_AGAIN: Final = 10.0  # at the certificate's files [s]

_log = structlog.get_logger(__name__)


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
        guard: who is banned, and who is free of the limits per source.
        tasks: owner of outgoing connections under way.
        tls: our certificate; without it we can dial by TLS, and listen on none.
        verify: False dials TLS servers without looking at their certificates.
        ca: authorities to trust beside the system's, where `tls` names none.
        origins: web pages that may open a WebSocket, empty: any.
    """

    def __init__(
        self,
        limits: SipLimits,
        loop: asyncio.AbstractEventLoop,
        tasks: asyncio.TaskGroup,
        *,
        public: str | None = None,
        guard: Guard | None = None,
        tls: Tls | None = None,
        verify: bool = True,
        ca: Path | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        self.bound: tuple[Bound, ...] = ()
        "In the order of `listen.sip`; a flow's `listener` is an index of it."
        self._limits = limits
        self._loop = loop
        self._tasks = tasks
        self._public = public
        self._guard = guard or EveryoneWelcome()
        self._tls = tls
        self._verify = verify
        self._ca = ca
        self._origins = origins
        self._credentials: Credentials | None = None
        self._look_again: asyncio.TimerHandle | None = None
        self._routes = LocalAddresses(loop.time)
        self._transports: tuple[Transport, ...] = ()
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
            self._credentials = self._load_credentials()
            for index, listener in enumerate(listen):
                if listener.transport in _SECURE and self._tls is None:
                    where = f"{listener.transport.value} {listener.address}:{listener.port}"
                    raise ListenError(f"{where} needs a certificate: add listen.tls {{certificate, key}}")
                sockets.append(_bind(listener, index))
        except ListenError:
            for sock in sockets:
                sock.close()
            raise
        self.bound = tuple(
            Bound(_transport(listener), *sock.getsockname()[:2])
            for listener, sock in zip(listen, sockets, strict=True)
        )
        connections = self._start(upper)
        for number, (bound, sock) in enumerate(zip(self.bound, sockets, strict=True)):
            if bound.transport is Transport.UDP:
                self._udp[number] = UdpSocket(
                    sock, number, upper, self._loop, self._guard, self._limits.stun_per_second
                )
            else:
                connections.listen(bound.transport, number, sock, None if bound.any else bound.address)
        if self._tls is not None:
            self._look_again = self._loop.call_later(_LOOK_AGAIN, self._look)

    def open_outward(self, transport: Transport, address: str, upper: Upper) -> None:
        """Instead of `open`: dial from `address` by a transport of connections, and accept nothing.

        Raises:
            ListenError: the certificate authorities cannot be read.
        """
        self._credentials = self._load_credentials()
        self.bound = (Bound(transport, address, _DEFAULT_PORTS[transport]),)
        connections = self._start(upper)
        connections.dial_from(0, address)

    def reload_certificate(self) -> str:
        """Read certificate, key and authorities again; when that fails, those in use stay.

        Returns: why the new ones are not used, empty when they are.
        """
        if self._credentials is None or self._tls is None:
            return "listen.tls is not configured"
        try:
            self._credentials.reload()
        except TlsError as error:
            _log.error("the new certificate is not used", why=str(error))
            return f"listen.tls: {error}"
        _log.info("certificate read again", certificate=str(self._tls.certificate))
        return ""

    def send(self, data: bytes, flow: Flow) -> None:
        """What cannot be delivered comes back as `upper.unreachable(flow)`, as far as anybody knows it.

        A banned source is sent nothing, not even what was to be sent again.
        """
        if self._guard.banned(flow.remote[0], self._loop.time()):
            return
        if flow.transport is Transport.UDP and self._udp:
            # A binding of an earlier run may name a listener that is another one now.
            udp = self._udp.get(flow.listener) or next(iter(self._udp.values()))
            udp.send(data, flow)
        elif flow.transport in self.transports and self._connections is not None:
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

    def flow_to(self, transport: Transport, host: str, port: int, name: str = "") -> Flow | None:
        """A path to a numeric address; None when we do not speak that transport or address family.

        `name` is whom a TLS peer must prove to be.
        """
        six = ":" in host
        for number, bound in enumerate(self.bound):
            if bound.transport is transport and (":" in bound.address) is six:
                return Flow(transport, (host, port), number, 0, name)
        return None

    def alive(self, flow: Flow) -> bool:
        """Whether what is sent on `flow` needs no other connection than that which it names."""
        return not flow.connection or (self._connections is not None and self._connections.alive(flow))

    @property
    def transports(self) -> tuple[Transport, ...]:
        """What we speak, in the order of `listen.sip`."""
        return self._transports

    @property
    def connections(self) -> int:
        """Open stream connections."""
        return 0 if self._connections is None else len(self._connections)

    @property
    def refused(self) -> int:
        """Stream connections turned away by a limit."""
        return 0 if self._connections is None else self._connections.refused

    @property
    def failed_handshakes(self) -> int:
        """Peers that came and did not get through TLS."""
        return 0 if self._connections is None else self._connections.failed_handshakes

    @property
    def last_fault(self) -> str:
        """Why the last connection that we dialled did not come about."""
        return "" if self._connections is None else self._connections.last_fault

    @property
    def dropped(self) -> int:
        """Datagrams that the kernel had no room to send."""
        return sum(udp.dropped for udp in self._udp.values())

    def waited(self) -> float:
        """How long what is read now has waited for us at its socket [s]."""
        waited = 0.0
        for udp in self._udp.values():
            if udp.age > waited:
                waited = udp.age
        return waited

    def cut(self, network: str) -> None:
        """Drop connections of sources that are banned now, since `network` is."""
        if self._connections is not None:
            self._connections.cut(network)

    async def close(self) -> None:
        if self._look_again is not None:
            self._look_again.cancel()
        for udp in self._udp.values():
            udp.close()
        self._udp.clear()
        if self._connections is not None:
            await self._connections.close()

    def _load_credentials(self) -> Credentials:
        try:
            return Credentials(self._tls, verify=self._verify, ca=self._ca)
        except TlsError as error:
            raise ListenError(f"listen.tls: {error}" if self._tls is not None else str(error)) from error

    def _start(self, upper: Upper) -> Connections:
        self._upper = upper
        self._transports = tuple(dict.fromkeys(bound.transport for bound in self.bound))
        self._connections = Connections(
            self._limits, upper, self._guard, self._loop, self._tasks, self._credentials, self._origins
        )
        return self._connections

    def _look(self) -> None:
        self._look_again = self._loop.call_later(_LOOK_AGAIN, self._look)
        if self._credentials is not None and self._credentials.changed():
            self.reload_certificate()

    def _of(self, flow: Flow) -> Bound:
        return self.bound[flow.listener if flow.listener < len(self.bound) else 0]


def _transport(listener: SipListener) -> Transport:
    return Transport(listener.transport.value.upper())


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _bind(listener: SipListener, index: int) -> socket.socket:
    where = f"{listener.transport.value} {listener.address}:{listener.port}"
    setting = f"listen.sip[{index}]"
    stream = listener.transport is not SipTransport.UDP
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
