"""SIP over connections: those that peers open and those that we dial (RFC 3261 §18, §26.2; RFC 7118).

::

    peer ── bytes ──▶ Channel ── messages ──▶ upper
    upper ── send(data, flow) ──▶ that connection │ one to the same remote │ a new one

A connection is told from others by a number that is never used again in this process; a flow also
names its remote, so a number out of an earlier run finds no stranger. Whom we dial by TLS must prove
the flow's name (RFC 5922), and serves flows of that name alone. A browser cannot be dialled.

Peers are counted by source before anything is spent on a handshake.
"""

import asyncio
import errno
import socket
import ssl
from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Final

import structlog

from config.schema import SipLimits
from config.value import dataclass
from edge.security.network import source_of
from edge.sip.certificate import proves
from edge.sip.flow import Flow, Transport
from edge.transport.channel import Channel, StreamChannel
from edge.transport.connection import Connection
from edge.transport.gathering import Gathering
from edge.transport.guard import Guard
from edge.transport.tls import Credentials
from edge.transport.upper import Upper
from edge.transport.websocket import client_channel, server_channel

_ACCEPTED: Final = 32  # connections per turn of the loop
_BREATH: Final = 0.5  # without a free file descriptor nothing is accepted for so long [s]
_FAREWELL: Final = 2.0  # for the peer's part of closing TLS [s]
_SECURE: Final = (Transport.TLS, Transport.WSS)
_FRAMED: Final = (Transport.WS, Transport.WSS)
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """A listening socket."""

    kind: Transport
    listener: int
    sock: socket.socket


class Dial:
    """A connection under way and what waits for it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[bytes, Flow]] = []
        self.size = 0
        self.task: asyncio.Task[None] | None = None


class Connections:
    """All connections of the process.

    `guard` frees sources (trunks, allowed addresses) from the limit per source, and refuses others. `tasks`
    owns dials and handshakes. `origins` are the web pages that may open a WebSocket, empty: any.
    """

    def __init__(
        self,
        limits: SipLimits,
        upper: Upper,
        guard: Guard,
        loop: asyncio.AbstractEventLoop,
        tasks: asyncio.TaskGroup,
        credentials: Credentials | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        self.limits = limits
        self.upper = upper
        self.gathering = Gathering(upper, loop)
        self.loop = loop
        self.guard = guard
        self.credentials = credentials
        self.refused = 0
        "Connections turned away by a limit."
        self.failed_handshakes = 0
        "Peers that came and did not get through TLS."
        self.last_fault = ""
        "Why the last dial failed."
        self._origins = origins
        self._tasks = tasks
        self._numbers = count(1)
        self._doors: list[Door] = []
        self._local: dict[int, str | None] = {}
        self._open: dict[int, Connection] = {}
        self._by_remote: dict[Flow, Connection] = {}
        "By their flow without its number."
        self._sources: Counter[str] = Counter()
        "Open and coming connections by `source_of` their address."
        self._welcoming: dict[asyncio.Task[None], socket.socket] = {}
        self._dials: dict[Flow, Dial] = {}
        self._closing = False

    def __len__(self) -> int:
        return len(self._open)

    def listen(self, kind: Transport, listener: int, sock: socket.socket, local: str | None) -> None:
        """Accept on `sock`, bound and listening; dial from `local` (None: any address) for this listener."""
        sock.setblocking(False)
        self.dial_from(listener, local)
        door = Door(kind, listener, sock)
        self._doors.append(door)
        self.loop.add_reader(sock.fileno(), self._accept, door)

    def dial_from(self, listener: int, local: str | None) -> None:
        self._local[listener] = local

    def send(self, data: bytes, flow: Flow) -> None:
        """On the connection of `flow`, else on one to the same remote or where it listens, else on a new one.

        What fails is told as `unreachable(flow)`, later.
        """
        connection = self._find(flow)
        if connection is None:
            self._dial(data, flow, _dialled(flow))
            return
        if not connection.write(data, flow):
            self._fail(flow)

    def alive(self, flow: Flow) -> bool:
        """Whether `flow` can be sent on without dialling."""
        return self._find(flow) is not None

    def _find(self, flow: Flow) -> Connection | None:
        connection = self._open.get(flow.connection)
        if connection is None or connection.remote != flow.remote or not connection.opened:
            return self._by_remote.get(_numberless(flow)) or self._by_remote.get(_dialled(flow))
        return connection

    def cut(self, network: str) -> None:
        """Drop connections of sources that are banned now, since `network` is."""
        if "/" not in network and network not in self._sources:
            return
        now = self.loop.time()
        for connection in list(self._open.values()):
            if self.guard.banned(connection.remote[0], now):
                connection.abort()

    async def close(self) -> None:
        """Drop everything; the upper side hears no more."""
        self._closing = True
        for door in self._doors:
            self.loop.remove_reader(door.sock.fileno())
            door.sock.close()
        self._doors.clear()
        tasks = [*self._welcoming, *(dial.task for dial in self._dials.values() if dial.task is not None)]
        for task in tasks:
            task.cancel()
        for connection in list(self._open.values()):
            connection.abort()
        await asyncio.gather(*tasks, return_exceptions=True)

    # What a `Connection` reports.

    def next_number(self) -> int:
        return next(self._numbers)

    def made(self, connection: Connection) -> None:
        """Bytes may flow; it is welcome when it is `taken` now."""
        if self._closing or (connection.dialled is not None and not self._is_who_we_dialled(connection)):
            connection.abort()
            return
        connection.taken = True
        self._open[connection.flow.connection] = connection
        if connection.dialled is not None:
            self._sources[source_of(connection.remote[0])] += 1

    def opened(self, connection: Connection) -> None:
        """Messages may flow."""
        self._by_remote[_numberless(connection.flow)] = connection
        if connection.dialled is not None and (dial := self._dials.pop(connection.dialled, None)):
            for data, flow in dial.waiting:
                if not connection.write(data, flow):
                    self._fail(flow)

    def lost(self, connection: Connection) -> None:
        if connection.dialled is not None:
            self._give_up(connection.dialled, connection.fault or "the connection broke off")
        if not connection.taken:
            return
        flow = connection.flow
        del self._open[flow.connection]
        numberless = _numberless(flow)
        if self._by_remote.get(numberless) is connection:
            del self._by_remote[numberless]
        self._leave(source_of(connection.remote[0]))
        if not self._closing:
            self.gathering.flush()
            for gone in (flow, *connection.aliases):
                self.upper.closed(gone)

    # Accepting.

    def _accept(self, door: Door) -> None:
        for _ in range(_ACCEPTED):
            try:
                sock, address = door.sock.accept()
            except BlockingIOError:
                return
            except OSError as fault:
                if fault.errno in _EXHAUSTED:
                    _log.warning("no connection can be accepted", why=fault.strerror)
                    self.loop.remove_reader(door.sock.fileno())
                    self.loop.call_later(_BREATH, self._accept_again, door)
                return
            source: str = address[0]
            if not self._admits(source):
                self.refused += 1
                sock.close()
                continue
            self._sources[source_of(source)] += 1
            sock.setblocking(False)
            task = self._tasks.create_task(self._welcome(door, sock, source))
            self._welcoming[task] = sock
            task.add_done_callback(self._welcoming.pop)

    def _accept_again(self, door: Door) -> None:
        if not self._closing:
            self.loop.add_reader(door.sock.fileno(), self._accept, door)

    def _admits(self, source: str) -> bool:
        if self.guard.refuses(source, self.loop.time()):
            return False
        if len(self._open) + len(self._welcoming) + len(self._dials) >= self.limits.connections:
            return False
        few = self._sources[source_of(source)] < self.limits.connections_per_source
        return few or self.guard.exempt(source)

    async def _welcome(self, door: Door, sock: socket.socket, source: str) -> None:
        secure = door.kind in _SECURE
        context = self.credentials.server if secure and self.credentials is not None else None
        channel: Channel
        if door.kind in _FRAMED:
            channel = server_channel(self.limits, self._origins)
        else:
            channel = StreamChannel(self.limits)
        connection = Connection(self, door.kind, door.listener, channel, None)
        try:
            await self.loop.connect_accepted_socket(
                lambda: connection,
                sock,
                ssl=context,
                ssl_handshake_timeout=self.limits.connection_handshake if secure else None,
                ssl_shutdown_timeout=_FAREWELL if secure else None,
            )
        except Exception as fault:
            # A peer can make OpenSSL and the loop fail in more ways than either documents.
            self.failed_handshakes += 1
            _log.debug("handshake failed", source=source, why=_reason(fault))
        finally:
            # Once taken, it leaves when it is lost.
            if not connection.taken:
                self._leave(source_of(source))
                sock.close()

    def _leave(self, source: str) -> None:
        self._sources[source] -= 1
        if not self._sources[source]:
            del self._sources[source]

    # Dialling.

    def _dial(self, data: bytes, flow: Flow, numberless: Flow) -> None:
        dial = self._dials.get(numberless)
        if dial is None:
            full = len(self._open) + len(self._welcoming) + len(self._dials) >= self.limits.connections
            if self._closing or full or (flow.transport in _FRAMED and flow.connection):
                self._fail(flow)
                return
            dial = self._dials[numberless] = Dial()
            dial.task = self._tasks.create_task(self._connect(numberless))
        if dial.size + len(data) > self.limits.connection_buffer:
            self._fail(flow)
            return
        dial.waiting.append((data, flow))
        dial.size += len(data)

    async def _connect(self, flow: Flow) -> None:
        host, port = flow.remote
        local = self._local.get(flow.listener)
        secure = flow.transport in _SECURE
        name = flow.name or host
        channel: Channel
        try:
            if flow.transport in _FRAMED:
                channel = client_channel(self.limits, name, port, secure=secure)
            else:
                channel = StreamChannel(self.limits)
            if secure and self.credentials is None:
                raise OSError("this process has no TLS")
            async with asyncio.timeout(self.limits.connection_dial):
                await self.loop.create_connection(
                    lambda: Connection(self, flow.transport, flow.listener, channel, flow),
                    host,
                    port,
                    local_addr=None if local is None else (local, 0),
                    ssl=self.credentials.client if secure and self.credentials is not None else None,
                    server_hostname=name if secure else None,
                    ssl_shutdown_timeout=_FAREWELL if secure else None,
                )
        except Exception as fault:
            # Unreachable, too slow, a stranger, or no address at all.
            self._give_up(flow, _reason(fault))
        except asyncio.CancelledError:
            self._dials.pop(flow, None)
            raise

    def _is_who_we_dialled(self, connection: Connection) -> bool:
        flow = connection.dialled
        assert flow is not None, "asked of those that we dialled"
        if flow.transport not in _SECURE or self.credentials is None or not self.credentials.verify:
            return True
        if proves(connection.certificate(), flow.name or flow.remote[0]):
            return True
        self._give_up(flow, f"its certificate is not for {flow.name or flow.remote[0]}")
        return False

    def _give_up(self, flow: Flow, why: str) -> None:
        """What still waits for this dial was not delivered."""
        dial = self._dials.pop(flow, None)
        if dial is None or self._closing:
            return
        self.last_fault = why
        _log.info("cannot connect", to=str(flow), name=flow.name, why=why)
        for waiting in dict.fromkeys(flow for _, flow in dial.waiting):
            self._fail(waiting)

    def _fail(self, flow: Flow) -> None:
        self.loop.call_soon(lambda: self.upper.unreachable(flow, self.loop.time()))


def _numberless(flow: Flow) -> Flow:
    return Flow(flow.transport, flow.remote, flow.listener, 0, flow.name)


def _dialled(flow: Flow) -> Flow:
    """Where a connection is made for `flow`: a peer that came from any port may listen on another."""
    if not flow.listens:
        return _numberless(flow)
    return Flow(flow.transport, (flow.remote[0], flow.listens), flow.listener, 0, flow.name)


def _reason(fault: BaseException) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {fault.verify_message}"
    if isinstance(fault, ssl.SSLError):
        return f"TLS failed: {fault.reason or fault}"
    if isinstance(fault, TimeoutError):
        return "no answer in time"
    return str(fault) or type(fault).__name__
