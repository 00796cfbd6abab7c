"""A network of UDP sockets in memory, for the audio plane's tests: bind, send, lose, delay."""

import bisect
from collections import deque
from typing import Any

from tests.support.emulator import Path

Address = tuple[str, int]


class Network:
    """Delivers at once, unless `impair` has set a seeded impairment and `carry` turns its clock."""

    def __init__(self) -> None:
        self.sockets: dict[Address, FakeSocket] = {}
        self.busy: set[Address] = set()
        self.opened = 0
        self._path: Path | None = None
        self._impaired = ""
        self._flying: list[tuple[float, int, Address, Address, bytes]] = []
        self._count = 0
        self._now = 0.0

    def bind(self, address: str, port: int) -> Any:
        """Stands in for `media.socket.bind_udp`; Any, since a fake is no `socket.socket`."""
        at = (address, port)
        if at in self.busy or at in self.sockets:
            raise OSError("address in use")
        self.sockets[at] = FakeSocket(self, at)
        return self.sockets[at]

    def watch(self) -> "FakeWatch":
        return FakeWatch(self)

    def impair(self, path: Path, towards: str = "") -> None:
        """Args: towards: only what goes to this host takes the path; empty: everything."""
        self._path, self._impaired = path, towards

    def carry(self, now: float) -> None:
        """Deliver what has arrived by `now` [s]."""
        self._now = now
        while self._flying and self._flying[0][0] <= now:
            _, _, source, target, data = self._flying.pop(0)
            self._deliver(source, target, data)

    def send(self, source: Address, target: Address, data: bytes) -> None:
        if self._path is None or self._impaired not in ("", target[0]):
            self._deliver(source, target, data)
            return
        for due in self._path.carry(self._now):
            self._count += 1
            bisect.insort(self._flying, (due, self._count, source, target, data))

    def _deliver(self, source: Address, target: Address, data: bytes) -> None:
        receiver = self.sockets.get(target) or self.sockets.get(("0.0.0.0", target[1]))
        if receiver is not None and receiver.peer in (None, source):
            receiver.queue.append((data, source))


class FakeWatch:
    """Stands in for `select.epoll`."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._watched: set[int] = set()

    def register(self, fd: int, eventmask: int, /) -> None:
        self._watched.add(fd)

    def unregister(self, fd: int, /) -> None:
        self._watched.remove(fd)

    def poll(self, timeout: float, maxevents: int, /) -> list[tuple[int, int]]:
        ready = [s.number for s in self._network.sockets.values() if s.queue and s.number in self._watched]
        return [(number, 1) for number in ready[:maxevents]]


class FakeSocket:
    def __init__(self, network: Network, at: Address) -> None:
        self.network = network
        self.at = at
        self.peer: Address | None = None
        self.queue: deque[tuple[bytes, Address]] = deque()
        network.opened += 1
        self.number = network.opened

    def connect(self, peer: Address) -> None:
        self.peer = peer

    def recvfrom_into(self, buffer: memoryview) -> tuple[int, Address]:
        if not self.queue:
            raise BlockingIOError
        data, source = self.queue.popleft()
        size = min(len(data), len(buffer))
        buffer[:size] = data[:size]
        return size, source

    def recv_into(self, buffer: memoryview) -> int:
        return self.recvfrom_into(buffer)[0]

    def sendto(self, data: memoryview | bytes, target: Address) -> int:
        self.network.send(self.at, target, bytes(data))
        return len(data)

    def send(self, data: memoryview | bytes) -> int:
        assert self.peer is not None, "only a connected socket sends without an address"
        return self.sendto(data, self.peer)

    def fileno(self) -> int:
        return self.number

    def close(self) -> None:
        if self.network.sockets.get(self.at) is self:
            del self.network.sockets[self.at]
