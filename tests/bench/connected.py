"""The load of `signalling.py` over one TCP connection, as carriers have it, instead of datagrams."""

import select
import socket
from typing import Final

from tests.bench.signalling import Signalling
from tests.bench.subject import Subject

_READ: Final = 8_192
"Of bytes at once: about as many messages as are taken in one turn."


class Connected(Signalling):
    def __init__(self, subject: Subject) -> None:
        super().__init__(
            subject.trunk, subject.daemon.sip, domain="demo.local", password=subject.password, far=""
        )
        self._socket.close()
        wire = _Wire(subject.trunk, subject.daemon.sip)
        self._socket, self._sockets = wire, [wire]  # type: ignore[assignment, list-item]
        self._here = "{}:{}".format(*wire.name)


class _Wire:
    """Sends and receives one message at a time, as a socket of datagrams does."""

    def __init__(self, address: str, server: tuple[str, int]) -> None:
        self._socket = socket.create_connection(server, 10.0, (address, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self.name: tuple[str, int] = self._socket.getsockname()
        self._read = bytearray()

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        left = memoryview(data.replace(b" SIP/2.0/UDP ", b" SIP/2.0/TCP ", 1))
        while left:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:  # a message is never cut
                select.select([], [self._socket], [], 1.0)

    def recv(self, size: int) -> bytes:
        """One message; `BlockingIOError` where there is none yet."""
        while (message := self._message()) is None:
            data = self._socket.recv(_READ)
            if not data:
                raise ConnectionRefusedError("the daemon has closed the connection")
            self._read += data
        return message

    def _message(self) -> bytes | None:
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return None
        at = self._read.lower().find(b"content-length:", 0, end) + len(b"content-length:")
        end += 4 + int(self._read[at : self._read.index(b"\r\n", at)])
        if len(self._read) < end:
            return None
        message = bytes(self._read[:end])
        del self._read[:end]
        return message
