"""Agents of every dialect that misbehave over real sockets, beside one that does not.

Issue 5: a slow agent never delays another call; back-pressure without unbounded memory.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from config.schema import MediaLimits
from media.agent.dialect.table import DIALECTS
from media.agent.plane import AgentPlane, Means
from media.codec.g711 import LINEAR_TO_ULAW
from media.port import (
    AgentConnected,
    AgentEnded,
    AgentFailed,
    AgentMessage,
    AgentSpec,
    AttachAgent,
    Event,
    LegId,
    TellAgent,
    Words,
)
from media.tts import Speech
from tests.fuzz.mistake import mistaken
from tests.support.address import loopback
from tests.support.agent import ramp
from tests.support.said import SAYS

pytestmark = pytest.mark.alone

ROWS = np.array([0, 1], np.int32)
BAD, GOOD = LegId("bad"), LegId("good")
LIMITS = MediaLimits(
    agent_write_buffer=16_384, agent_unread=0.5, agent_queue=1.0, agent_traced=100, marks=100
)
MESSAGES = 400


class Mute:
    """A provider of both kinds that says and hears nothing."""

    def voice(self, account: str) -> "Mute":
        return self

    def scribe(self, account: str) -> "Mute":
        return self

    async def speak(self, text: str, voice: str = "", words_per_minute: int = 0) -> Speech:
        return Speech(bytes(320), 16_000)

    async def save(self, path: Path, text: str, voice: str = "", words_per_minute: int = 0) -> None:
        raise AssertionError("nothing is saved")

    async def transcribe(self, pcm: bytes, rate: int, language: str) -> str:
        return ""


Storm = Callable[[ServerConnection], Awaitable[None]]


async def drain(connection: ServerConnection) -> None:
    with suppress(ConnectionClosed):
        async for _ in connection:
            pass


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        if isinstance(message, bytes):
            await connection.send(message)


@asynccontextmanager
async def calls(dialect: str, storm: Storm, *, deaf: bool = False) -> AsyncIterator["Calls"]:
    """Two on one plane: an agent of this dialect that storms, and one that echoes."""
    raged = asyncio.Event()

    async def rage(connection: ServerConnection) -> None:
        async with asyncio.TaskGroup() as tasks:
            if not deaf:
                tasks.create_task(drain(connection))
            with suppress(ConnectionClosed):
                await storm(connection)
            raged.set()
        connection.transport.abort()

    async with (
        serve(rage, loopback(), 0, compression=None) as bad,
        serve(echo, loopback(), 0, compression=None) as good,
    ):
        two = Calls(raged)
        for slot, leg, name, server in ((0, BAD, dialect, bad), (1, GOOD, "tandem", good)):
            address, port = next(iter(server.sockets)).getsockname()[:2]
            spec = AgentSpec(str(leg), name, f"ws://{address}:{port}/")
            two.plane.attach(slot, AttachAgent(leg, spec, "call-1", "acc"), time.monotonic())
        try:
            yield two
        finally:
            await two.plane.close()


class Calls:
    def __init__(self, raged: asyncio.Event) -> None:
        self.raged = raged
        self.events: list[Event] = []
        self.plane = AgentPlane(2, LIMITS, self.events.append, time.monotonic, means=Means(speech=Mute()))
        self.ticks = self.heard = 0

    async def talk(self, true: Callable[[], object]) -> None:
        """Ticks of 20 ms, ten times as fast, until it is true and both have been reached."""
        pcm = np.stack([ramp(160)] * 2)
        async with asyncio.timeout(30.0):
            while not (true() and self.told(AgentConnected, GOOD)):
                now = time.monotonic()
                self.plane.hear(ROWS, pcm, LINEAR_TO_ULAW[pcm.view(np.uint16)], now)
                spoken, _ = self.plane.speak(ROWS, now)
                self.ticks += 1
                self.heard += bool(np.abs(spoken[1].astype(int)).max() > 500)
                await asyncio.sleep(0.002)

    async def good_is_heard(self) -> None:
        heard = self.heard
        await self.talk(lambda: self.heard >= heard + 25)
        assert not self.told(AgentFailed, GOOD) and not self.told(AgentEnded, GOOD)

    def told(self, kind: type[Event], leg: LegId) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind) and event.leg == leg]

    def assert_bounded(self) -> None:
        gauges = self.plane.gauges()
        assert gauges["queue_ms_max"] <= 1_100
        assert len(self.told(AgentMessage, BAD)) <= LIMITS.agent_traced
        assert len(self.told(AgentFailed, BAD)) + len(self.told(AgentEnded, BAD)) <= 1
        assert not [event for event in self.told(AgentFailed, BAD) if "fault" in str(event)]


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
async def test_a_flood_is_bounded_and_disturbs_nobody(dialect: str) -> None:
    """All that the dialect knows but a good-bye, over and over, and audio."""
    words = [json.dumps(message) for message in SAYS[dialect] if not _leaves(message)]

    async def flood(connection: ServerConnection) -> None:
        for number in range(MESSAGES):
            await connection.send(words[number % len(words)])
            await connection.send(bytes(10_000))

    async with calls(dialect, flood) as two:
        await two.talk(two.raged.is_set)
        await two.good_is_heard()
        two.assert_bounded()
        assert not two.told(AgentFailed, BAD)
        assert two.plane.gauges()["messages_received"] >= MESSAGES


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
async def test_garbage_is_counted_and_disturbs_nobody(dialect: str) -> None:
    random = Random(dialect)
    messages = [message for message in SAYS[dialect] if not _leaves(message)]

    async def rave(connection: ServerConnection) -> None:
        for _ in range(MESSAGES):
            data = mistaken(random, random.choice(messages), messages)
            await connection.send(data)
            await connection.send(data, text=True)

    async with calls(dialect, rave) as two:
        await two.talk(two.raged.is_set)
        await two.good_is_heard()
        two.assert_bounded()
        assert two.plane.gauges()["messages_malformed"] > 0


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
async def test_who_talks_and_never_listens_has_failed(dialect: str) -> None:
    async def be_deaf(connection: ServerConnection) -> None:
        for message in SAYS[dialect][:3]:
            if not _leaves(message):
                await connection.send(json.dumps(message))
        connection.transport.pause_reading()
        while not connection.transport.is_closing():
            await connection.send(bytes(320))
            await asyncio.sleep(0.01)

    async with calls(dialect, be_deaf, deaf=True) as two:
        await two.talk(lambda: two.told(AgentConnected, BAD))
        link = two.plane._links[0]
        for _ in range(10_000):  # more than the kernel holds for it
            if link is not None and not two.told(AgentFailed, BAD):
                link.hear(bytes(640))
                two.plane.tell(0, TellAgent(BAD, Words("x" * 4_000)))
        await two.talk(lambda: two.told(AgentFailed, BAD))
        await two.good_is_heard()
        two.assert_bounded()
        assert "stopped reading" in str(two.told(AgentFailed, BAD))


def _leaves(message: dict[str, object]) -> bool:
    words = ("hangup", "disconnect", "HANGUP", "end", "error", "Error")
    return bool({message.get(key) for key in ("type", "command")} & set(words))
