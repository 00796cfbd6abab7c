"""One UDP socket: datagrams in and out, and what ICMP says of those that went out (RFC 3261 §18.4).

A reader of our own costs as little as the loop's datagram transport (measured: 8 µs in and
out one by one, 5 µs in bursts) and, unlike it, can read the kernel's error queue. On Linux
the socket hides behind an epoll of its own, since uvloop gives up a socket that it watches
itself when its error queue is not empty. Elsewhere ICMP goes unheard, and timers B and F tell.

The kernel stamps what comes in; when we are behind, each batch begins by reading how long it has waited.
Where many come, they are gathered for a moment and served together, which costs less for each
(`edge/intake.py`). What a batch is answered leaves at its end: datagrams in a row wake the peer once.
"""

import asyncio
import select
import socket
import struct
import sys
import time
from functools import lru_cache
from typing import Final

from edge.sip.flow import Flow, Received, Transport
from edge.transport.guard import EveryoneWelcome, Guard
from edge.transport.keepalive import answer, is_stun
from edge.transport.upper import Upper

_BATCH: Final = 128  # datagrams per wake-up at most…
_SHIFT: Final = 0.005  # …and for about so long [s]; the audio's tick must get its turn
_BEHIND: Final = 0.01  # what waits longer needs twice as much at a time, which costs less for each [s]
_GATHER: Final = 0.002  # between two readings where datagrams are gathered [s]…
_WORTH: Final = 2  # …which is done when so many come in it…
_PERIOD: Final = 0.1  # …as they are counted for so long [s]
_FIRST_COST: Final = 0.0003  # of a datagram, as long as none was seen [s]
_LEARN: Final = 0.2
_LONGEST: Final = 65_535
_KEEPALIVE: Final = 4  # CRLFCRLF, a zero byte…: nothing this short is a message [bytes]
_BUFFER: Final = 4 << 20  # asked of the kernel each way; it grants what it allows [bytes]

# linux/in.h, linux/in6.h, linux/errqueue.h: Python's socket module lacks them.
_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25
_EXTENDED_ERROR: Final = struct.Struct("=IBBB")  # errno, origin, type, code
_FROM_ICMP: Final = 2
_FROM_ICMP6: Final = 3
_UNREACHABLE: Final = {(_FROM_ICMP, 3), (_FROM_ICMP6, 1)}
_SO_TIMESTAMPNS: Final = 35  # asm-generic/socket.h
_STAMP: Final = struct.Struct("=qq")  # seconds, nanoseconds
_FRAGMENTATION_NEEDED: Final = 4  # code of ICMP type 3: the path's size, no verdict on the host


class UdpSocket:
    """Reads from the start; `sock` is bound, becomes ours and is non-blocking from now on."""

    def __init__(
        self,
        sock: socket.socket,
        number: int,
        upper: Upper,
        loop: asyncio.AbstractEventLoop,
        guard: Guard | None = None,
        keep_alives: int = 2_000,
    ) -> None:
        """Args: keep_alives: how many of them by STUN are answered in a second."""
        sock.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        self.dropped = 0
        "Datagrams that the kernel had no room to send."
        self.age = 0.0
        "How long the batch in hand, or the last one, was in the kernel's queue; 0 if we are not behind [s]."
        self._behind = False
        self._keep_alives = keep_alives
        self._kept_alive, self._second = 0, 0  # so many in this second
        self._empty = False  # the queue, when it was read last; else the socket had an error
        self._sock = sock
        self._upper = upper
        self._loop = loop
        self._refuses = (guard or EveryoneWelcome()).refuses
        self._buffer = bytearray(_LONGEST)
        self._view = memoryview(self._buffer)
        self._answers: list[Received] | None = None  # to the batch in hand
        self._cost = _FIRST_COST  # of a datagram, lately [s]
        self._read_at = 0.0
        self._many, self._counted, self._since = False, 0, loop.time()
        self._timer: asyncio.TimerHandle | None = None

        @lru_cache(maxsize=16_384)
        def flow_of(address: tuple[str, int]) -> Flow:
            return Flow(Transport.UDP, address, number)

        self._flow_of = flow_of
        self._stamped = _stamp_arrivals(sock)
        self._epoll = _watch_errors(sock)
        loop.add_reader(self._descriptor(), self._readable)

    def send(self, data: bytes, flow: Flow) -> None:
        """To `flow.remote`, which is numeric. A failure is told to the upper side, later."""
        if self._answers is not None:
            self._answers.append((data, flow))
            return
        try:
            self._sock.sendto(data, flow.remote)
        except BlockingIOError:
            self.dropped += 1
        except OSError:
            # The kernel may report an earlier datagram's fate here and not have sent this one.
            self._loop.call_soon(self._report_errors)
            try:
                self._sock.sendto(data, flow.remote)
            except OSError:
                self._loop.call_soon(self._fail, flow)
        except (ValueError, OverflowError):
            self._loop.call_soon(self._fail, flow)  # no address at all

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._descriptor())
        if self._epoll is not None:
            self._epoll.close()
        self._sock.close()

    def _descriptor(self) -> int:
        return self._sock.fileno() if self._epoll is None else self._epoll.fileno()

    def _readable(self) -> None:
        """A datagram is read as it comes; where many do, they are gathered for a moment and read together."""
        now = self._loop.time()
        if not self._many:
            self._read(now)
            return
        self._loop.remove_reader(self._descriptor())
        self._timer = self._loop.call_at(self._read_at + _GATHER, self._gathered)

    def _gathered(self) -> None:
        now, self._timer = self._loop.time(), None
        try:
            self._read(now)
        finally:
            if self._sock.fileno() < 0:
                pass  # closed meanwhile
            elif self._many:
                self._timer = self._loop.call_at(now + _GATHER if self._empty else now, self._gathered)
            else:
                self._loop.add_reader(self._descriptor(), self._readable)

    def _read(self, now: float) -> None:
        self._read_at = now
        self._answers = []
        try:
            self._count(self._read_batch(now), now)
        finally:
            answers, self._answers = self._answers, None
            for data, flow in answers:
                self.send(data, flow)

    def _count(self, datagrams: int, now: float) -> None:
        """Learn whether there are so many that it is worth while to gather them."""
        self._counted += datagrams
        if (passed := now - self._since) >= _PERIOD:
            self._many = self._counted * _GATHER >= _WORTH * passed
            self._counted, self._since = 0, now

    def _read_batch(self, now: float) -> int:
        """As many together as there is time for: what is done in a row costs less (`edge/intake.py`)."""
        began = time.monotonic()
        batch: list[Received] = []
        shift = 2 * _SHIFT if self.age > _BEHIND else _SHIFT
        count = self._take(batch, max(1, min(_BATCH, int(shift / self._cost))), now)
        if batch:
            self._upper.receive(batch, now)
        if count:
            self._cost += _LEARN * ((time.monotonic() - began) / count - self._cost)
        else:
            self._report_errors()
        if self._empty:
            self._behind, self.age = False, 0.0
        return count

    def _take(self, batch: list[Received], most: int, now: float) -> int:
        """How many datagrams were read; `batch` gets those that are messages."""
        behind, self._behind = self._behind, self._stamped
        self._empty = False
        for count in range(most):
            try:
                if behind:
                    size, source = self._receive_stamped()
                    behind = False
                else:
                    size, source = self._sock.recvfrom_into(self._buffer)
            except BlockingIOError:
                self._empty = True
                return count
            except OSError:
                return count
            if size > _KEEPALIVE and not self._refuses(source[0], now):
                # IPv6 sources come with flow label and scope, which a flow does not have.
                data, flow = bytes(self._view[:size]), self._flow_of(source[:2])
                if is_stun(data):
                    self._keep_alive(data, flow, int(now))
                else:
                    batch.append((data, flow))
        return most

    def _keep_alive(self, data: bytes, flow: Flow, second: int) -> None:
        if second != self._second:
            self._kept_alive, self._second = 0, second
        self._kept_alive += 1
        if self._kept_alive > self._keep_alives:
            return  # they are told to nobody who bans floods
        if answered := answer(data, flow.remote):
            self.send(answered, flow)

    def _receive_stamped(self) -> tuple[int, tuple[str, int]]:
        size, notes, _, source = self._sock.recvmsg_into([self._buffer], 128)
        for level, kind, note in notes:
            if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS) and len(note) == _STAMP.size:
                seconds, nanoseconds = _STAMP.unpack(note)
                self.age = max(0.0, time.time() - seconds - nanoseconds / 1e9)
        return size, source

    def _report_errors(self) -> None:
        """Empty the error queue; the address that each entry comes with is where our datagram went."""
        if self._epoll is None:
            return
        for _ in range(_BATCH):
            try:
                _, notes, _, remote = self._sock.recvmsg(0, 256, socket.MSG_ERRQUEUE)
            except OSError:
                return
            for _, _, note in notes:
                if len(note) >= _EXTENDED_ERROR.size:
                    _, origin, kind, code = _EXTENDED_ERROR.unpack_from(note)
                    sized = origin == _FROM_ICMP and code == _FRAGMENTATION_NEEDED
                    if (origin, kind) in _UNREACHABLE and not sized:
                        self._fail(self._flow_of(remote[:2]))

    def _fail(self, flow: Flow) -> None:
        self._upper.unreachable(flow, self._loop.time())


def _stamp_arrivals(sock: socket.socket) -> bool:
    if sys.platform != "linux":
        return False
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return True


def _watch_errors(sock: socket.socket) -> "select.epoll | None":
    if sys.platform != "linux":
        return None
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
    epoll = select.epoll()
    epoll.register(sock.fileno(), select.EPOLLIN)
    return epoll
