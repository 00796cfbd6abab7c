"""A stage whose time is as fast as the machine, and agents of a few lines to play with on it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from config.schema import MediaLimits
from controlplane.rehearsal.case import sounds_of
from controlplane.rehearsal.stage import TICK, Stage
from media.agent.contract import Buffer
from media.agent.socket import Line, Listener
from media.port import AgentSpec

VOICE = (8_000 * np.sin(np.arange(16_000) * 0.4)).astype(np.int16)
"Two seconds of what counts as speech here."
SOUNDS = sounds_of(VOICE)
SPEC = AgentSpec("checked", "tandem", "ws://agent/")


class Agent:
    """An agent of the tandem dialect without a socket: greets, sets a mark, answers."""

    congested = False

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.binary: Callable[[Buffer], None] = lambda data: None

    def say(self, seconds: float = 2.0) -> None:
        rate = VOICE[: int(8_000 * seconds)]
        self.listener.received_binary(memoryview(rate.tobytes()))
        self.ask(type="mark", name="end")

    def ask(self, **message: Any) -> None:
        self.listener.received_text(json.dumps(message).encode())

    def text(self, message: str) -> None:
        kind = json.loads(message)["type"]
        if kind == "start" or kind in ("speech_stopped", "dtmf"):
            self.say()
        elif kind == "speech_started":
            self.ask(type="clear")

    def close(self, code: int) -> None:
        pass

    def abandon(self) -> None:
        pass


class Fragile(Agent):
    """Breaks off at the first thing that it does not know, and talks on over the caller."""

    KNOWN = frozenset({"start", "mark", "cleared", "speech_started", "speech_stopped", "stop"})

    def text(self, message: str) -> None:
        kind = json.loads(message)["type"]
        if kind not in self.KNOWN:
            self.listener.failed("closed", f"what is {kind}?")
        elif kind == "start":
            self.say()


class Absent(Agent):
    """Nobody is there."""


@asynccontextmanager
async def stage(kind: type[Agent] = Agent, slots: int = 16) -> AsyncIterator[Stage]:
    loop = asyncio.get_running_loop()

    def dial(spec: AgentSpec, subprotocol: str | None, listener: Listener) -> Agent:
        agent = kind(listener)
        line: Line = agent
        if kind is Absent:
            loop.call_soon(listener.failed, "refused", "nothing listens")
        else:
            loop.call_soon(listener.opened, line)
        return agent

    made = Stage(slots, lambda: made.tick * TICK, MediaLimits(), dial)

    async def hurry() -> None:
        while True:
            made.step()
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    ticking = asyncio.ensure_future(hurry())
    try:
        yield made
    finally:
        ticking.cancel()
        await made.close()
