"""The audio engine on a real event loop and real UDP sockets of the loopback interface."""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvloop

from config.schema import MediaLimits
from media.engine import Engine
from media.port import Allocate, Allocated, Codec, Connect, Echo, Event, Latched, LegId, Release, Released
from media.prompt import PromptStore
from media.rtp import packet, rtcp
from tests.support.address import loopback

pytestmark = pytest.mark.alone

PCMU = Codec("pcmu", 0)
LEG = LegId("leg")


class Phone:
    """A real socket that sends numbered frames and keeps the numbers that come back."""

    def __init__(self, address: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.setblocking(False)
        self.sent: dict[int, float] = {}
        self.round_trips: list[float] = []

    @property
    def at(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()[:2]
        return host, port

    async def talk(self, server: tuple[str, int], frames: int, first: int = 1) -> None:
        began = time.monotonic()
        for number in range(first, first + frames):
            data = packet.build(0, False, number, number * 160, 77, bytes([number % 250]) * 160)
            self.sent[number % 250] = time.monotonic()
            self.socket.sendto(data, server)
            while time.monotonic() < began + (number - first + 1) * 0.020:
                await asyncio.sleep(0.001)
                self.listen()

    def listen(self) -> None:
        while True:
            try:
                data = self.socket.recv(2048)
            except BlockingIOError:
                return
            if (sent := self.sent.pop(data[12], None)) is not None:
                self.round_trips.append(time.monotonic() - sent)


@asynccontextmanager
async def engine(events: list[Event]) -> AsyncIterator[Engine]:
    loop = asyncio.get_running_loop()
    made = Engine(
        loop,
        time.monotonic,
        MediaLimits(legs=8),
        (20000, 20099),
        events.append,
        PromptStore(MediaLimits()),
        loop.create_task,
        random.getrandbits,
    )
    try:
        yield made
    finally:
        made.close()


def port_of(events: list[Event]) -> int:
    return [event for event in events if isinstance(event, Allocated)][-1].port


async def echo(host: str, moves: bool) -> None:
    events: list[Event] = []
    phone, moved = Phone(host), Phone(host)
    async with engine(events) as made:
        made.execute(Allocate(LEG, host))
        server = (host, port_of(events))
        made.execute(Connect(LEG, phone.at, PCMU, (PCMU,), None))
        made.execute(Echo(LEG))
        await phone.talk(server, 50)
        assert len(phone.round_trips) >= 45
        # A busy machine may be late; what is wrong by a whole second is wrong.
        assert sorted(phone.round_trips)[len(phone.round_trips) // 2] < 0.2
        stranger = Phone(host)
        stranger.socket.sendto(packet.build(0, False, 9, 9, 9, bytes(160)), server)
        with socket.socket(phone.socket.family, socket.SOCK_DGRAM) as control:
            control.bind((host, 0))
            control.sendto(rtcp.build(77, "n", 1.0, rtcp.Sending(0, 1, 160), None), (host, server[1] + 1))
            await asyncio.sleep(0.1)
            stranger.listen()
            if moves:
                await asyncio.sleep(2.4)
                await moved.talk(server, 40, first=60)
                assert len(moved.round_trips) >= 30
            made.execute(Release(LEG))
            control.setblocking(False)
            reports = rtcp.parse(memoryview(control.recv(2048)))
        assert reports is not None and reports[0].blocks[0].ssrc == 77
        assert reports[0].blocks[0].last_sr != 0, "our peer's report was read"
    latched = [event.source for event in events if isinstance(event, Latched)]
    assert latched == [phone.at, moved.at][: 1 + moves]
    stats = next(event.stats for event in events if isinstance(event, Released))
    assert stats.packets_received == 50 + 40 * moves and stats.lost <= 60
    for each in (phone, moved, stranger):
        each.socket.close()


@pytest.mark.parametrize("moves", [False, True])
def test_a_leg_echoes_locks_its_source_and_follows_its_nat(moves: bool) -> None:
    uvloop.run(echo(loopback(), moves))


def test_a_leg_speaks_ip_version_6() -> None:
    uvloop.run(echo("::1", False))
