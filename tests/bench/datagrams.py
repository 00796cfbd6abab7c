"""Many datagrams by one system call: sendmmsg(2) and recvmmsg(2) over numpy arrays.

One Python call per datagram would make the generator, not the daemon, the thing that is measured.
Received datagrams carry the kernel's own time of arrival, so that the generator's delays do not
count as the daemon's. 64-bit Linux.
"""

import ctypes
import os
import socket
import struct
from array import array

import numpy as np
from numpy.typing import NDArray

SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33
BUFFER = 16 << 20
"Receive buffer [bytes]: a second of everything."

MESSAGE = np.dtype(  # struct mmsghdr
    [
        ("name", "u8"),
        ("namelen", "u4"),
        ("_1", "u4"),
        ("iov", "u8"),
        ("iovlen", "u8"),
        ("control", "u8"),
        ("controllen", "u8"),
        ("flags", "i4"),
        ("_2", "u4"),
        ("len", "u4"),
        ("_3", "u4"),
    ]
)
VECTOR = np.dtype([("base", "u8"), ("len", "u8")])
ADDRESS = np.dtype([("family", "u2"), ("port", ">u2"), ("address", "u1", 4), ("zero", "u8")])
STAMP = np.dtype([("len", "u8"), ("level", "i4"), ("type", "i4"), ("sec", "i8"), ("nsec", "i8")])

SO_MEMINFO, SK_MEMINFO_DROPS = 55, 8  # of Linux, where the module has no names for them

_libc = ctypes.CDLL(None, use_errno=True)


class Datagrams:
    """A UDP socket and its arrays; `rows` datagrams of at most `size` bytes each way per call."""

    def __init__(self, address: str, port: int = 0, *, rows: int = 1024, size: int = 256) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        except PermissionError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((address, port))
        self.address: tuple[str, int] = self.socket.getsockname()
        self._fd = self.socket.fileno()
        self.received: NDArray[np.uint8] = np.zeros((rows, size), np.uint8)
        self.sources = np.zeros(rows, ADDRESS)
        self._stamps = np.zeros(rows, STAMP)
        self._in = _messages(self.received, self.sources, self._stamps)

    def receive(self) -> tuple[int, NDArray[np.uint32], NDArray[np.float64]]:
        """(count, lengths, times of arrival [s, wall clock]); what came is in `received` and `sources`."""
        headers, _ = self._in
        headers["namelen"] = ADDRESS.itemsize
        headers["controllen"] = STAMP.itemsize
        count = _libc.recvmmsg(self._fd, ctypes.c_void_p(headers.ctypes.data), len(headers), 0, None)
        if count <= 0:
            return 0, headers["len"][:0], np.zeros(0)
        stamps = self._stamps[:count]
        return count, headers["len"][:count], stamps["sec"] + stamps["nsec"] * 1e-9

    @property
    def dropped(self) -> int:
        """What the kernel has dropped before the socket, since its buffer was full."""
        memory = array("I", self.socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))
        return memory[SK_MEMINFO_DROPS]

    def close(self) -> None:
        self.socket.close()


class Outgoing:
    """A fixed set of datagrams, each with its own destination, sent again and again.

    Change the bytes in `rows`, then `send(socket, first, last)`.
    """

    def __init__(self, count: int, size: int) -> None:
        self.rows: NDArray[np.uint8] = np.zeros((count, size), np.uint8)
        self.targets = np.zeros(count, ADDRESS)
        self.targets["family"] = socket.AF_INET
        self._headers, self._vectors = _messages(self.rows, self.targets, None)
        self.refused = 0
        "Datagrams that the kernel did not take."

    def aim(self, index: int, target: tuple[str, int]) -> None:
        self.targets["address"][index] = list(socket.inet_aton(target[0]))
        self.targets["port"][index] = target[1]

    def cut_rows(self, rows: NDArray[np.intp], lengths: NDArray[np.int64]) -> None:
        """Of these datagrams only so many bytes are sent."""
        self._vectors["len"][rows] = lengths

    def send(self, through: Datagrams, first: int, last: int) -> None:
        while first < last:
            start = self._headers.ctypes.data + first * MESSAGE.itemsize
            sent = _libc.sendmmsg(through._fd, ctypes.c_void_p(start), last - first, 0)
            if sent <= 0:
                if ctypes.get_errno() not in (11, 111):  # EAGAIN; ECONNREFUSED of an earlier datagram
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
                self.refused += 1
                sent = 1
            first += sent


def _messages(
    rows: NDArray[np.uint8], names: NDArray[np.void], stamps: NDArray[np.void] | None
) -> tuple[NDArray[np.void], NDArray[np.void]]:
    assert struct.calcsize("P") == 8, "the layouts above are those of 64-bit Linux"
    count, size = rows.shape
    index = np.arange(count, dtype=np.uint64)
    vectors = np.zeros(count, VECTOR)
    vectors["base"] = rows.ctypes.data + index * size
    vectors["len"] = size
    headers = np.zeros(count, MESSAGE)
    headers["name"] = names.ctypes.data + index * ADDRESS.itemsize
    headers["namelen"] = ADDRESS.itemsize
    headers["iov"] = vectors.ctypes.data + index * VECTOR.itemsize
    headers["iovlen"] = 1
    if stamps is not None:
        headers["control"] = stamps.ctypes.data + index * STAMP.itemsize
        headers["controllen"] = STAMP.itemsize
    return headers, vectors
