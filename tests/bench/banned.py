"""What a datagram of a banned source costs, beside one for an empty handler, on a real socket."""

import math
import socket
import time
from collections.abc import Callable, Sequence

import uvloop

from config.schema import SipLimits
from config.security import Security
from edge.security.shield import Shield
from edge.sip.flow import Flow, Received
from edge.transport.guard import Guard
from edge.transport.udp import UdpSocket
from tests.bench.measure import Row
from tests.support.security import FakeKeeper

BATCH, ROUNDS = 32, 400
MESSAGE = b"INVITE sip:100@192.0.2.1 SIP/2.0\r\n" + b"x" * 400


class _Empty:
    """An empty handler."""

    def receive(self, batch: Sequence[Received], now: float) -> None: ...
    def unreachable(self, flow: Flow, now: float) -> None: ...
    def closed(self, flow: Flow) -> None: ...
    def needs(self, flow: Flow) -> bool:
        return False


def banned() -> Row:
    """CPU of one datagram from a banned source; what an empty handler costs is among the faults."""
    loop = uvloop.new_event_loop()
    try:
        shield = Shield(
            Security(),
            SipLimits(),
            FakeKeeper(),
            trunk=lambda address: False,
            wall=lambda now: int(now * 1000),
        )
        shield.ban("127.0.0.66", 3_600.0, "", loop.time())
        empty, refused = _Reader(loop, None), _Reader(loop, shield)
        pairs = [(empty.batch(), refused.batch()) for _ in range(ROUNDS)]
    finally:
        loop.close()
    base, cost = (min(side) / BATCH for side in zip(*pairs, strict=True))
    used = sum(second for _, second in pairs)
    return Row(
        "datagram of a banned source",
        "s⁻¹",
        BATCH * ROUNDS,
        used,
        used,
        cost * 1e6,
        1 / max(cost, 1e-9),
        0,
        math.nan,
        math.nan,
        rate=BATCH * ROUNDS / used,
        faults={"ns with an empty handler": base * 1e9, "ns more": (cost - base) * 1e9},
    )


class _Reader:
    def __init__(self, loop: uvloop.Loop, guard: Guard | None) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        self._address = sock.getsockname()
        self._peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._peer.bind(("127.0.0.66", 0))
        self._read: Callable[[float], None] = UdpSocket(sock, 0, _Empty(), loop, guard)._read

    def batch(self) -> float:
        """[s]"""
        for _ in range(BATCH):
            self._peer.sendto(MESSAGE, self._address)
        started = time.thread_time()
        self._read(started)
        return time.thread_time() - started
