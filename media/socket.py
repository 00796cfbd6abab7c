"""The sockets of all legs: datagrams ↔ preallocated rows.

::

    poll slots ─▶ receive() ─▶ rows [0, m) of `received`, `owner`, `size`
    rows of `outgoing` ─▶ transmit(slots)

A leg has one UDP socket for RTP and one for RTCP. As long as its source is not locked the RTP
socket takes packets from anywhere (`receive_from`); `lock` connects it, which makes the kernel
drop foreign packets and halves the cost; `unlock` replaces it by a fresh one on the same port.
Errors of single datagrams (unreachable peers, full buffers) are counted, never raised.
"""

import ipaddress
import select
import socket
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, Protocol

import numpy as np

from media.ports import PortPool
from media.rtp.packet import HEADER_BYTES

ROW_BYTES: Final = 2_048
# Rows a power of two apart would all fall into the same few cache sets.
_ROW_STRIDE: Final = ROW_BYTES + 64
PACKET_BYTES: Final = HEADER_BYTES + 160
"A header and 20 ms of G.711."
_OUT_STRIDE: Final = 192
_LONGEST_HOST: Final = 64  # characters of an IP address, scope included
_EXPEDITED: Final = 0xB8  # DSCP EF (RFC 3246), in the TOS byte

_NONBLOCK: Final[int] = getattr(socket, "SOCK_NONBLOCK", 0)  # macOS has none
_KIND: Final = socket.SOCK_DGRAM | _NONBLOCK

Address = tuple[str, int]
Bind = Callable[[str, int], socket.SocketType]
"Address and port → a bound socket; raises `OSError`."


class Watch(Protocol):
    """What is used of `select.epoll`."""

    def register(self, fd: int, eventmask: int, /) -> None: ...
    def unregister(self, fd: int, /) -> None: ...
    def poll(self, timeout: float, maxevents: int, /) -> list[tuple[int, int]]: ...


class NoPort(Exception):
    """Every port of the pool is taken, or the address cannot be bound."""


class LegSockets:
    """The pair of one leg."""

    __slots__ = ("_address", "_bind", "port", "rtcp", "rtp")

    def __init__(self, address: str, port: int, bind: Bind) -> None:
        """Bind both; raises `OSError` when either is busy."""
        self._address = address
        self._bind = bind
        self.port = port
        self.rtp = bind(address, port)
        try:
            self.rtcp = bind(address, port + 1)
        except OSError:
            self.rtp.close()
            raise

    def reopen(self) -> None:
        """Replace the RTP socket, so that it hears every source again."""
        self.rtp.close()
        self.rtp = self._bind(self._address, self.port)

    def close(self) -> None:
        self.rtp.close()
        self.rtcp.close()


def bind_udp(address: str, port: int) -> socket.SocketType:
    """A non-blocking UDP socket whose packets ask for expedited forwarding."""
    ip6 = ":" in address
    # The class that `socket.socket` is made of: what that adds takes as long as the system does.
    bound = socket.SocketType(socket.AF_INET6 if ip6 else socket.AF_INET, _KIND)
    try:
        if not _NONBLOCK:
            bound.setblocking(False)
        if ip6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _EXPEDITED)
        else:
            bound.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _EXPEDITED)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


class UdpWire:
    """All legs' sockets, by slot."""

    def __init__(
        self, slots: int, ports: PortPool, bind: Bind = bind_udp, watch: Callable[[], Watch] = select.epoll
    ) -> None:
        """
        Args:
            bind: opens sockets.
            watch: tells which of some sockets have something: of those of RTCP, which are too quiet to be
                polled one by one, and of those that are not locked, on which nothing may come for minutes.
        """
        self.errors = 0
        "Datagrams that the system refused to send."
        rows = np.zeros((slots, _ROW_STRIDE), np.uint8)
        self.received = rows
        self.words = rows.view(">u4")
        "The same rows as big-endian words: 0 is flags and sequence, 1 the timestamp, 2 the SSRC."
        self._owner = array("q", bytes(8 * slots))
        self._size = array("q", bytes(8 * slots))
        self.owner = np.frombuffer(self._owner, np.int64)
        "Row → slot."
        self.size = np.frombuffer(self._size, np.int64)
        "Row → bytes received; `ROW_BYTES` means that the datagram was cut."
        self._rows = [row.data[:ROW_BYTES] for row in rows]
        out = np.zeros((slots, _OUT_STRIDE), np.uint8)
        self.outgoing = out
        self.outgoing_words = out.view(">u4")
        self._out_whole = [row.data for row in out]
        self._out_rows = [row[:PACKET_BYTES] for row in self._out_whole]
        self._out_sized: dict[int, list[memoryview]] = {}
        self._payloads = [row[HEADER_BYTES:] for row in self._out_rows]
        self._ports = ports
        self._bind = bind
        self._rtcp_watch, self._open_watch = watch(), watch()
        self._rtcp_slots: dict[int, int] = {}  # by file number
        self._open_slots: dict[int, int] = {}  # likewise
        self._sockets: list[LegSockets | None] = [None] * slots
        self._receive: list[Callable[[memoryview], int]] = [_deaf] * slots
        self._send: list[Callable[[memoryview | bytes], int]] = [_mute] * slots

    def open(self, slot: int, address: str) -> int:
        """Bind a port pair and return its even port; raises `NoPort`."""
        candidates = self._ports.candidates()
        for port in candidates:
            try:
                pair = LegSockets(address, port, self._bind)
            except OSError:
                continue
            candidates.close()
            self._sockets[slot] = pair
            self._receive[slot] = pair.rtp.recv_into
            self._rtcp_slots[pair.rtcp.fileno()] = slot
            self._rtcp_watch.register(pair.rtcp.fileno(), select.EPOLLIN)
            self._watch(slot)
            return port
        raise NoPort(f"no free port pair on {address}")

    def close(self, slot: int) -> None:
        pair = self._pair(slot)
        # What is closed is watched no longer, once no child that is being started has a copy of it.
        del self._rtcp_slots[pair.rtcp.fileno()]
        self._open_slots.pop(pair.rtp.fileno(), None)
        pair.close()
        self._sockets[slot] = None
        self._receive[slot] = _deaf
        self._send[slot] = _mute
        self._ports.give_back(pair.port)

    def aim(self, slot: int, remote: Address) -> None:
        """Send to `remote` from now on, hearing every source; to nobody if it is no IP address."""
        if not is_reachable(remote):
            self._send[slot] = _mute
            return
        send_to = self._pair(slot).rtp.sendto
        self._send[slot] = lambda datagram: send_to(datagram, remote)

    def lock(self, slot: int, source: Address) -> None:
        """Hear and answer `source` alone. What was queued from others is still in the socket."""
        rtp = self._pair(slot).rtp
        try:
            rtp.connect(source)
        except OSError:
            self.errors += 1
            return
        self._unwatch(slot)
        self._receive[slot] = rtp.recv_into
        self._send[slot] = rtp.send

    def unlock(self, slot: int, remote: Address) -> None:
        """Undo `lock`, go on sending to `remote`. A port lost in between leaves the leg deaf."""
        pair = self._pair(slot)
        self._unwatch(slot)
        try:
            pair.reopen()
        except OSError:
            self.errors += 1
            self._receive[slot] = _deaf
            self._send[slot] = _mute
            return
        self._watch(slot)
        self._receive[slot] = pair.rtp.recv_into
        self.aim(slot, remote)

    def receive(self, slots: list[int], missed: list[int]) -> int:
        """Read at most one datagram of each slot into the rows; return how many there are.

        Args:
            missed: gets the slots that had none.
        """
        count = 0
        owner, size, rows, receive = self._owner, self._size, self._rows, self._receive
        for slot in slots:
            try:
                size[count] = receive[slot](rows[count])
            except OSError:
                # Nothing there, or word (ICMP) that the peer does not listen.
                missed.append(slot)
                continue
            owner[count] = slot
            count += 1
        return count

    def ready(self) -> list[int]:
        """Slots that are not locked and have RTP to read."""
        slots = self._open_slots
        if not slots:
            return []
        return [slots[number] for number, _ in self._open_watch.poll(0, len(slots)) if number in slots]

    def receive_from(self, slot: int) -> tuple[memoryview, Address] | None:
        """Read one datagram with its source; the view is good until the next call."""
        pair = self._sockets[slot]
        if pair is None:
            return None
        try:
            size, source = pair.rtp.recvfrom_into(self._rows[0])
        except OSError:
            return None
        return self._rows[0][:size], (source[0], source[1])

    def send(self, slot: int, datagram: bytes) -> None:
        """Send beside the tick to where the leg's RTP goes."""
        try:
            self._send[slot](datagram)
        except OSError:
            self.errors += 1

    def send_to(self, slot: int, datagram: bytes, to: Address) -> None:
        """Send from the RTP port to `to`, whoever the leg is locked to."""
        if not is_reachable(to):
            return
        try:
            self._pair(slot).rtp.sendto(datagram, to)
        except OSError:
            self.errors += 1

    def hush(self, slot: int) -> None:
        """Send no more RTP."""
        self._send[slot] = _mute

    def row(self, row: int) -> memoryview:
        """The datagram in `row`."""
        return self._rows[row][: self._size[row]]

    def payload(self, row: int) -> memoryview:
        """The 160 bytes behind the header in a row of `outgoing`."""
        return self._payloads[row]

    def packet(self, row: int) -> memoryview:
        """A row of `outgoing`: header and 160 bytes."""
        return self._out_rows[row]

    def sealed(self, rows: list[int] | None, sizes: list[int], count: int) -> Sequence[memoryview]:
        """The first `count` rows of `outgoing`, of which some have grown: the stride leaves room for it.

        Args:
            rows: which; None: all.
            sizes: their lengths.
        """
        if rows is None and sizes.count(sizes[0]) == count:
            return self._sized(sizes[0])
        grown = self._out_rows[:count]
        for row, size in zip(range(count) if rows is None else rows, sizes, strict=True):
            grown[row] = self._sized(size)[row]
        return grown

    def transmit(
        self,
        slots: list[int],
        instead: Mapping[int, memoryview | bytes],
        grown: Sequence[memoryview] | None = None,
    ) -> None:
        """Send the first rows of `outgoing`, one for each of `slots`; what is empty is not sent.

        Args:
            instead: row → the datagram that is sent in its place.
            grown: what `sealed` has returned.
        """
        send = self._send
        rows: Sequence[memoryview | bytes] = self._out_rows if grown is None else grown
        if instead:
            changed: list[memoryview | bytes] = [*rows[: len(slots)]]
            for row, datagram in instead.items():
                changed[row] = datagram
            rows = changed
            if not all(instead.values()):
                slots = [slot for slot, datagram in zip(slots, changed, strict=True) if datagram]
                rows = [datagram for datagram in changed if datagram]
        for slot, packet in zip(slots, rows, strict=False):
            try:
                send[slot](packet)
            except OSError:
                self.errors += 1

    def _sized(self, size: int) -> list[memoryview]:
        """All rows of `outgoing`, cut to `size`: SRTP has few, by its suites."""
        rows = self._out_sized.get(size)
        if rows is None:
            rows = self._out_sized[size] = [row[:size] for row in self._out_whole]
        return rows

    def rtcp_ready(self, limit: int) -> list[int]:
        """Slots that have RTCP to read, at most `limit` of them."""
        slots = self._rtcp_slots
        return [slots[number] for number, _ in self._rtcp_watch.poll(0, limit) if number in slots]

    def receive_rtcp(self, slot: int) -> tuple[memoryview, Address] | None:
        """Read one RTCP datagram; the view is good until the next call of any reader."""
        try:
            size, source = self._pair(slot).rtcp.recvfrom_into(self._rows[0])
        except OSError:
            return None
        return self._rows[0][:size], (source[0], source[1])

    def send_rtcp(self, slot: int, datagram: bytes, to: Address) -> None:
        if not is_reachable(to):
            return
        try:
            self._pair(slot).rtcp.sendto(datagram, to)
        except OSError:
            self.errors += 1

    def _watch(self, slot: int) -> None:
        number = self._pair(slot).rtp.fileno()
        self._open_slots[number] = slot
        self._open_watch.register(number, select.EPOLLIN)

    def _unwatch(self, slot: int) -> None:
        number = self._pair(slot).rtp.fileno()
        if self._open_slots.pop(number, None) is not None:
            self._open_watch.unregister(number)

    def _pair(self, slot: int) -> LegSockets:
        pair = self._sockets[slot]
        assert pair is not None, "only legs with sockets are driven"
        return pair


def is_reachable(remote: Address) -> bool:
    """Whether this can be sent to without asking DNS; 0.0.0.0 is the old way to say hold."""
    return 0 < remote[1] < 65_536 and len(remote[0]) <= _LONGEST_HOST and _is_host(remote[0])


@lru_cache(maxsize=4_096)
def _is_host(text: str) -> bool:
    try:
        return not ipaddress.ip_address(text).is_unspecified
    except ValueError:
        return False


def _deaf(_row: memoryview) -> int:
    raise BlockingIOError


def _mute(_datagram: memoryview | bytes) -> int:
    return 0
