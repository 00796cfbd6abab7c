"""SIP over TCP: the connections that peers open and those that we dial (RFC 3261 §18, RFC 5626 §3.5.1).

::

    peer ── bytes ──▶ Framer ── messages ──▶ upper
    upper ── send(data, flow) ──▶ that connection │ one to the same remote │ a new one

A connection is told from others by a number that is never used again in this process; a
flow also names its remote, so a number out of an earlier run finds no stranger.
"""

import asyncio
import socket
from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from typing import Final, cast

from config.schema import SipLimits
from edge.sip.flow import Flow, Transport
from edge.sip.stream import PONG, Framer
from edge.transport.upper import Upper

_BACKLOG: Final = 1_024
_ALIASES: Final = 16
_BATCH: Final = 32  # messages per turn of the loop; one read may bring hundreds

Remote = tuple[int, tuple[str, int]]
"Listener and far end."


class Connection(asyncio.Protocol):
    """One live connection; `Connections` holds it from `connection_made` to `connection_lost`."""

    def __init__(self, owner: "Connections", listener: int, dialled: Remote | None = None) -> None:
        self._owner = owner
        self._listener = listener
        self._framer = Framer(owner.limits)
        self._received: deque[bytes] = deque()
        self._active_at = owner.loop.time()
        self.dialled = dialled
        self.taken = False
        "Counted among the open ones."
        self.aliases: set[Flow] = set()
        "Flows that it was dialled or found for, beside its own."

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.remote: tuple[str, int] = transport.get_extra_info("peername")[:2]
        self.flow = Flow(Transport.TCP, self.remote, self._listener, self._owner.next_number())
        self._owner.opened(self)
        if self.taken:
            self._wait_for_idle()

    def data_received(self, data: bytes) -> None:
        now = self._owner.loop.time()
        messages = self._framer.receive(data)
        pongs = self._framer.take_pongs()
        if messages or pongs:
            # Bytes alone are no sign of life: they may be one header line in an hour.
            self._active_at = now
        if pongs:
            self.write(PONG * pongs)
        waiting = bool(self._received)
        self._received += messages
        if not waiting:
            self._serve()

    def _serve(self) -> None:
        """Hand up what was received, a batch at a time: the audio's tick must get its turn."""
        now = self._owner.loop.time()
        for _ in range(min(len(self._received), _BATCH)):
            self._owner.upper.receive(self._received.popleft(), self.flow, now)
        if self._received:
            self._transport.pause_reading()
            self._owner.loop.call_soon(self._serve)
        elif self._framer.fault:
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.lost(self)

    def write(self, data: bytes) -> bool:
        """False: the peer does not read, and the connection is being dropped."""
        if self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() + len(data) > self._owner.limits.connection_buffer:
            self._transport.abort()
            return False
        self._active_at = self._owner.loop.time()
        self._transport.write(data)
        return True

    def abort(self) -> None:
        self._transport.abort()

    def _wait_for_idle(self) -> None:
        at = self._active_at + self._owner.limits.connection_idle
        if at > self._owner.loop.time():
            self._idle = self._owner.loop.call_at(at, self._wait_for_idle)
        else:
            self._transport.close()

    def stop_waiting(self) -> None:
        self._idle.cancel()


class Dial:
    """A connection under way and what waits for it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[bytes, Flow]] = []
        self.size = 0
        self.task: asyncio.Task[None] | None = None


class Connections:
    """All stream connections of the process.

    `exempt(address)` frees a source (trunks, allowed addresses) from the limit per source. `tasks` owns
    the dials.
    """

    def __init__(
        self,
        limits: SipLimits,
        upper: Upper,
        exempt: Callable[[str], bool],
        loop: asyncio.AbstractEventLoop,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self.limits = limits
        self.upper = upper
        self.loop = loop
        self.refused = 0
        "Connections turned away by a limit."
        self._exempt = exempt
        self._tasks = tasks
        self._numbers = count(1)
        self._servers: list[asyncio.Server] = []
        self._local: dict[int, str | None] = {}
        self._open: dict[int, Connection] = {}
        self._by_remote: dict[Remote, Connection] = {}
        self._sources: Counter[str] = Counter()
        self._dials: dict[Remote, Dial] = {}
        self._closing = False

    def __len__(self) -> int:
        return len(self._open)

    async def listen(self, listener: int, sock: socket.socket, local: str | None) -> None:
        """Accept on `sock`, bound and listening; dial from `local` (None: any address) for this listener."""
        self._local[listener] = local
        self._servers.append(
            await self.loop.create_server(lambda: Connection(self, listener), sock=sock, backlog=_BACKLOG)
        )

    def send(self, data: bytes, flow: Flow) -> None:
        """On the connection of `flow`, else on one to the same remote, else on a new one.

        What fails is told as `unreachable(flow)`, later.
        """
        remote = (flow.listener, flow.remote)
        connection = self._open.get(flow.connection)
        if connection is None or connection.remote != flow.remote:
            connection = self._by_remote.get(remote)
        if connection is None:
            self._dial(data, flow, remote)
        else:
            self._write(connection, data, flow)

    async def close(self) -> None:
        """Drop everything; the upper side hears no more."""
        self._closing = True
        for server in self._servers:
            server.close()
        for dial in list(self._dials.values()):
            if dial.task is not None:
                dial.task.cancel()
        for connection in list(self._open.values()):
            connection.abort()
        for server in self._servers:
            await server.wait_closed()

    # What a `Connection` reports.

    def next_number(self) -> int:
        return next(self._numbers)

    def opened(self, connection: Connection) -> None:
        source = connection.remote[0]
        full = len(self._open) >= self.limits.connections
        if connection.dialled is None and not full and not self._exempt(source):
            full = self._sources[source] >= self.limits.connections_per_source
        if full or self._closing:
            self.refused += 1
            connection.abort()
            return
        connection.taken = True
        self._open[connection.flow.connection] = connection
        self._by_remote[connection.flow.listener, connection.remote] = connection
        self._sources[source] += 1
        if connection.dialled is not None and (dial := self._dials.pop(connection.dialled, None)):
            for data, flow in dial.waiting:
                self._write(connection, data, flow)

    def lost(self, connection: Connection) -> None:
        if not connection.taken:
            return
        connection.stop_waiting()
        flow = connection.flow
        del self._open[flow.connection]
        if self._by_remote.get((flow.listener, connection.remote)) is connection:
            del self._by_remote[flow.listener, connection.remote]
        self._sources[connection.remote[0]] -= 1
        if not self._sources[connection.remote[0]]:
            del self._sources[connection.remote[0]]
        if not self._closing:
            for gone in (flow, *connection.aliases):
                self.upper.closed(gone)

    # Dialling.

    def _dial(self, data: bytes, flow: Flow, remote: Remote) -> None:
        dial = self._dials.get(remote)
        if dial is None:
            if self._closing or len(self._open) + len(self._dials) >= self.limits.connections:
                self._fail(flow)
                return
            dial = self._dials[remote] = Dial()
            dial.task = self._tasks.create_task(self._connect(remote))
        if dial.size + len(data) > self.limits.connection_buffer:
            self._fail(flow)
            return
        dial.waiting.append((data, flow))
        dial.size += len(data)

    async def _connect(self, remote: Remote) -> None:
        listener, (host, port) = remote
        local = self._local.get(listener)
        try:
            async with asyncio.timeout(self.limits.connection_dial):
                await self.loop.create_connection(
                    lambda: Connection(self, listener, remote),
                    host,
                    port,
                    local_addr=None if local is None else (local, 0),
                )
        except (OSError, ValueError, OverflowError):
            pass  # unreachable, too slow, or no address at all: what still waits below was not delivered
        finally:
            dial = self._dials.pop(remote, None)
            if dial is not None and not self._closing:
                for flow in dict.fromkeys(flow for _, flow in dial.waiting):
                    self.upper.unreachable(flow, self.loop.time())

    def _write(self, connection: Connection, data: bytes, flow: Flow) -> None:
        if flow != connection.flow and len(connection.aliases) < _ALIASES:
            connection.aliases.add(flow)
        if not connection.write(data):
            self._fail(flow)

    def _fail(self, flow: Flow) -> None:
        self.loop.call_soon(lambda: self.upper.unreachable(flow, self.loop.time()))
