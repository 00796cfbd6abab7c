"""One connection of a peer, from its first byte to its last (RFC 3261 §18, RFC 5626 §4.4.1, RFC 7118).

It is dropped when its handshake takes too long, when it is idle and nobody needs it, and when the peer
owes us a pong. Bytes alone are no sign of life: they may be one header line in an hour.
"""

import asyncio
import socket
from collections import deque
from typing import Any, Final, Protocol, cast

from config.schema import SipLimits
from edge.sip.flow import Flow, Transport
from edge.transport.channel import Channel
from edge.transport.gathering import Gathering
from edge.transport.guard import Guard
from edge.transport.upper import Upper

_ALIASES: Final = 16
# A phone behind NAT may vanish without a word: the kernel asks for it, and tells us.
_PROBES: Final = (
    ("TCP_KEEPIDLE", 60),
    ("TCP_KEEPINTVL", 15),
    ("TCP_KEEPCNT", 4),
    ("TCP_USER_TIMEOUT", 30_000),  # of what was sent and not confirmed [ms]
)
_BATCH: Final = 32  # messages per turn of the loop; one read may bring hundreds


class Owner(Protocol):
    """Whose connection it is: the table of all of them."""

    loop: asyncio.AbstractEventLoop
    limits: SipLimits
    guard: Guard
    upper: Upper
    gathering: Gathering

    def next_number(self) -> int: ...
    def made(self, connection: "Connection") -> None:
        """It stands: is it welcome?"""

    def opened(self, connection: "Connection") -> None:
        """Messages may be sent."""

    def lost(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """Its owner counts it from `connection_made`, if it is welcome then, to `connection_lost`."""

    def __init__(
        self, owner: Owner, kind: Transport, listener: int, channel: Channel, dialled: Flow | None
    ) -> None:
        """Args: dialled: what it was opened for, `connection` 0; None: the peer did."""
        self.dialled = dialled
        self.taken = False
        "Counted among the open ones."
        self.aliases: set[Flow] = set()
        "Flows that it was dialled or found for, beside its own."
        self._owner = owner
        self._kind = kind
        self._listener = listener
        self._channel = channel
        self._received: deque[bytes] = deque()
        self._signs = 0
        self._active_at = self._heard_at = owner.loop.time()
        self._pinged_at: float | None = None
        self._pinging = dialled is not None or kind in (Transport.WS, Transport.WSS)

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        _watch_peer(transport.get_extra_info("socket"))
        self.remote: tuple[str, int] = transport.get_extra_info("peername")[:2]
        name = "" if self.dialled is None else self.dialled.name
        self.flow = Flow(self._kind, self.remote, self._listener, self._owner.next_number(), name)
        self._owner.made(self)
        if not self.taken:
            return
        self._timer = self._owner.loop.call_at(self._due(self._heard_at), self._watch)
        self._write(self._channel.take_output())
        if self._channel.opened:
            self._owner.opened(self)

    def data_received(self, data: bytes) -> None:
        channel = self._channel
        was_open = channel.opened
        messages = channel.receive(data)
        self._write(channel.take_output())
        if messages or channel.signs != self._signs:
            self._signs = channel.signs
            self._active_at = self._heard_at = self._owner.loop.time()
            self._pinged_at = None
        if channel.opened and not was_open:
            self._owner.opened(self)
        waiting = bool(self._received)
        self._received += messages
        if not waiting:
            self._serve()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.taken:
            self._timer.cancel()
        self._owner.lost(self)

    # What the owner asks.

    @property
    def opened(self) -> bool:
        return self._channel.opened

    @property
    def fault(self) -> str:
        return self._channel.fault

    def certificate(self) -> dict[str, Any]:
        """The peer's, if it showed one that was verified."""
        return self._transport.get_extra_info("peercert") or {}

    def write(self, data: bytes, flow: Flow) -> bool:
        """Send a message that was given for `flow`; False: the peer does not read, and is dropped."""
        if flow != self.flow and len(self.aliases) < _ALIASES:
            self.aliases.add(flow)
        self._active_at = self._owner.loop.time()
        return self._write(self._channel.wrap(data))

    def abort(self) -> None:
        self._transport.abort()

    # Inside.

    def _write(self, data: bytes) -> bool:
        if self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() + len(data) > self._owner.limits.connection_buffer:
            self._transport.abort()
            return False
        if data:
            self._transport.write(data)
        return True

    def _serve(self) -> None:
        """Hand up what was received, a batch at a time: the audio's tick must get its turn."""
        now = self._owner.loop.time()
        guard, source, gathering = self._owner.guard, self.remote[0], self._owner.gathering
        for _ in range(min(len(self._received), _BATCH)):
            if guard.refuses(source, now):
                self._received.clear()
                self._transport.abort()
                return
            gathering.put(self._received.popleft(), self.flow)
        if self._received:
            self._transport.pause_reading()
            self._owner.loop.call_soon(self._serve)
        elif self._channel.fault:
            gathering.flush()  # while it can be answered
            if not self._channel.orderly:
                guard.malformed(source, now)
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.resume_reading()

    def _watch(self) -> None:
        now = self._owner.loop.time()
        limits = self._owner.limits
        if not self._channel.opened:
            self._transport.abort()  # the deadline of the handshake
            return
        if self._pinged_at is not None and now >= self._pinged_at + limits.connection_pong:
            if self._channel.must_pong:
                self._transport.abort()
                return
            # It never answered one: a peer without RFC 5626, of whom silence says nothing.
            self._pinged_at = None
            self._heard_at = now
        if self._pinging and self._pinged_at is None and now >= self._heard_at + limits.connection_ping:
            self._pinged_at = now
            self._write(self._channel.ping())
        if now >= self._active_at + limits.connection_idle:
            if not any(self._owner.upper.needs(flow) for flow in (self.flow, *self.aliases)):
                self._transport.close()
                return
            self._active_at = now
        self._timer = self._owner.loop.call_at(self._due(now), self._watch)

    def _due(self, now: float) -> float:
        limits = self._owner.limits
        if not self._channel.opened:
            return now + limits.connection_handshake
        due = self._active_at + limits.connection_idle
        if self._pinged_at is not None:
            due = min(due, self._pinged_at + limits.connection_pong)
        elif self._pinging:
            due = min(due, self._heard_at + limits.connection_ping)
        return due


def _watch_peer(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PROBES:
        if (option := getattr(socket, name, None)) is not None:  # Linux has all of them
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
