"""WebRTC peers on a hand clock: terms of both sides, and a browser on a `Studio`'s network in memory."""

import asyncio
import random
from dataclasses import replace
from typing import Any

from config.schema import MediaLimits
from media.port import Allocate, Allocated, Candidate, Connect, IceCredentials, LegId, WebRtc
from media.rtp import packet
from media.rtp.packet import Packet
from media.srtp import Srtp
from media.webrtc.dtls import Certificate
from media.webrtc.transport import Transport
from tests.support.phone import DTMF, HOST, PCMA, PCMU, Studio

OURS = IceCredentials("ours", "o" * 22)
THEIRS = IceCredentials("them", "t" * 22)
PRIORITY = (126 << 24) | (65_535 << 8) | 255


def terms(
    *candidates: tuple[str, int],
    controlling: bool = False,
    active: bool = True,
    fingerprint: str = "sha-256 AA",
) -> WebRtc:
    """Our view; fingerprint is the peer's."""
    algorithm, value = fingerprint.split(" ")
    listed = tuple(Candidate(host, port, PRIORITY - place) for place, (host, port) in enumerate(candidates))
    return WebRtc(OURS, THEIRS, listed, ((algorithm, value),), active, controlling)


def mirrored(view: WebRtc, *candidates: tuple[str, int], fingerprint: str) -> WebRtc:
    """The same as the peer sees it."""
    return replace(
        terms(*candidates, fingerprint=fingerprint),
        local=view.remote,
        remote=view.local,
        active=not view.active,
        controlling=not view.controlling,
    )


class Browser:
    """Offers by ICE and DTLS, then speaks PCMU by SRTP; `turn` is called by the studio."""

    def __init__(
        self, studio: Studio, name: str = "web", host: str = "203.0.113.80", *, ice: bool = True, **view: Any
    ) -> None:
        """Args: ice: False: a phone that has DTLS alone."""
        self.studio = studio
        self.leg = LegId(name)
        self.at = (host, 5000)
        self.socket = studio.network.bind(*self.at)
        studio.engine.execute(Allocate(self.leg, HOST, webrtc=True))
        allocated = [event for event in studio.events if isinstance(event, Allocated)][-1]
        self.server = (HOST, allocated.port)
        self.certificate = Certificate()
        told = view.pop("told", (self.at,))
        self.view = terms(*told, fingerprint=view.pop("fingerprint", self.certificate.fingerprint), **view)
        self.told = allocated.fingerprint
        "Of the engine's certificate."
        mine = mirrored(self.view, self.server, fingerprint=self.told)
        if not ice:
            self.view, mine = replace(self.view, ice=False), replace(mine, ice=False)
        self.transport = Transport(
            mine, self.certificate, MediaLimits(), random.Random(3).getrandbits, studio.loop.time()
        )
        self.srtp: Srtp | None = None
        self.gone = False
        self.script: list[bytes] = []
        self.received: list[tuple[float, Packet]] = []
        self.reports: list[bytes] = []
        self.sequence = 7
        self._next_at = 0.0
        studio.phones.append(self)  # type: ignore[arg-type]

    def connect(self, **more: Any) -> None:
        self.studio.engine.execute(
            Connect(self.leg, ("0.0.0.0", 9), PCMU, (PCMU, PCMA), DTMF, webrtc=self.view, **more)
        )

    def turn(self, now: float) -> None:
        if self.gone:
            self.socket.queue.clear()
            return
        buffer = memoryview(bytearray(2048))
        while self.socket.queue:
            size, source = self.socket.recvfrom_into(buffer)
            self._take(bytes(buffer[:size]), source, now)
        due = self.transport.next_timer_at()
        if due is not None and due <= now:
            self.transport.handle_timer(now)
        for datagram, to in self.transport.take():
            self.socket.sendto(datagram, to)
        if self.srtp is None and self.transport.crypto is not None:
            self.srtp = Srtp(self.transport.crypto)
            self._next_at = now
        while self.srtp is not None and self.script and now >= self._next_at:
            self._next_at += 0.020
            self.send(self.script.pop(0))

    def send(self, payload: bytes, payload_type: int = 0, timestamp: int | None = None) -> None:
        assert self.srtp is not None, "only an open leg is sent to"
        stamp = self.sequence * 160 if timestamp is None else timestamp
        data = packet.build(payload_type, False, self.sequence, stamp, 0x77, payload)
        self.sequence += 1
        self.socket.sendto(self.srtp.seal(data), self.transport.selected or self.server)

    def _take(self, datagram: bytes, source: tuple[str, int], now: float) -> None:
        if not packet.is_rtp(datagram):
            self.transport.receive(datagram, source, now)
            return
        assert self.srtp is not None, "nothing comes in the clear, nor before the handshake"
        opened = self.srtp.open(datagram)
        assert opened, "what comes is ours"
        if packet.is_rtcp(memoryview(opened)):
            self.reports.append(opened)
            return
        parsed = packet.parse(memoryview(opened))
        assert parsed is not None
        self.received.append((now, parsed))


class Endpoint(asyncio.DatagramProtocol):
    """Drives our transport by a real socket and clock."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.heard: list[bytes] = []
        self.transport: Transport | None = None
        self.srtp: Srtp | None = None
        self.socket: Any = None

    def connection_made(self, transport: Any) -> None:
        self.socket = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if packet.is_rtp(data):
            assert self.srtp is not None
            self.heard.append(self.srtp.open(data))
        elif self.transport is not None:
            self.transport.receive(data, addr[:2], self.loop.time())
            self.settle()

    def settle(self) -> None:
        assert self.transport is not None
        for datagram, to in self.transport.take():
            self.socket.sendto(datagram, to)
        if self.srtp is None and self.transport.crypto is not None:
            self.srtp = Srtp(self.transport.crypto)

    async def run(self) -> None:
        assert self.transport is not None
        while True:
            due = self.transport.next_timer_at()
            if due is not None and due <= self.loop.time():
                self.transport.handle_timer(self.loop.time())
            self.settle()
            await asyncio.sleep(0.01)
