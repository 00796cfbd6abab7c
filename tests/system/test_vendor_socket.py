"""Each vendor's dialect over a real socket, with a server that speaks as documented (issue 5, Dialects)."""

import asyncio
import time
from collections.abc import Callable

import numpy as np
import pytest

from config.schema import MediaLimits
from media.agent.plane import AgentPlane
from media.codec.g711 import LINEAR_TO_ULAW
from media.port import (
    AgentConnected,
    AgentFailed,
    AgentInterrupted,
    AgentMessage,
    AgentOptions,
    AgentReconnecting,
    AgentSpec,
    AttachAgent,
    Event,
    LegId,
)
from tests.support.agent import ramp
from tests.support.vendor_server import SCRIPTS, vendor

ROW = np.array([0], np.int32)


class Leg:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.plane = AgentPlane(1, MediaLimits(), self.events.append, time.monotonic)
        self.heard: list[int] = []

    async def play(self, true: Callable[[], object], frames: int = 300) -> bool:
        """Ticks of 20 ms, ten times as fast, until it is true."""
        pcm = ramp(160)[None, :]
        for _ in range(frames):
            self.plane.hear(ROW, pcm, LINEAR_TO_ULAW[pcm.view(np.uint16)], time.monotonic())
            spoken, _ = self.plane.speak(ROW, time.monotonic())
            self.heard.append(int(np.abs(spoken.astype(int)).max()))
            if true():
                return True
            await asyncio.sleep(0.002)
        return False


@pytest.mark.parametrize("name", sorted(SCRIPTS))
async def test_a_vendor_settles_is_heard_and_interrupts(name: str) -> None:
    leg = Leg()
    async with vendor(name) as server:
        spec = AgentSpec("bot", name, server.url, options=AgentOptions(model="m"))
        leg.plane.attach(0, AttachAgent(LegId("leg"), spec, "call-1", "acc"), time.monotonic())
        assert await leg.play(lambda: leg.heard[-1] > 1_000), "the vendor is heard"

        def cut() -> bool:
            seen = {type(event) for event in leg.events}
            words = {event.kind for event in leg.events if isinstance(event, AgentMessage)}
            return AgentInterrupted in seen or "playback_clear_buffer" in words

        assert await leg.play(cut), leg.events
        await leg.play(lambda: False, 4)
        assert leg.heard[-1] == 0, "and silent within two frames of the decision"
        await leg.play(lambda: name != "openai" or "conversation.item.truncate" in server.kinds())
        leg.plane.detach(0, time.monotonic())
        await leg.plane.close()
    assert server.early == 0 and server.frames >= 25
    assert not [event for event in leg.events if isinstance(event, AgentFailed)]
    assert not leg.plane.gauges().get("messages_malformed")
    assert (
        server.kinds()
        == {
            "openai": ["session.update", "conversation.item.truncate"],
            "elevenlabs": ["conversation_initiation_client_data", "pong"],
            "deepgram": ["Settings"],
            "gemini": ["setup"],
            "ultravox": [],
        }[name]
    )
    if name == "openai":
        cut_at = server.heard[-1]["audio_end_ms"]
        loud = sum(peak > 0 for peak in leg.heard)
        assert abs(cut_at - 20 * loud) <= 20, "by the milliseconds really played"


async def test_a_talk_with_gemini_outlives_its_connections() -> None:
    """agent-protocols.md 4.7: goAway and resumption, then a socket that breaks: the talk goes on."""
    leg = Leg()
    async with vendor("gemini") as server:
        spec = AgentSpec("bot", "gemini", server.url, options=AgentOptions(model="m", reconnect=True))
        leg.plane.attach(0, AttachAgent(LegId("leg"), spec, "call-1", "acc"), time.monotonic())
        assert await leg.play(lambda: leg.heard[-1] > 1_000)
        handle = {"sessionResumptionUpdate": {"newHandle": "handle-1", "resumable": True}}
        await server.say(handle, {"goAway": {"timeLeft": "5s"}})
        assert await leg.play(lambda: server.calls == 2 and len(server.heard) == 2)
        assert server.heard[1]["setup"]["sessionResumption"] == {"handle": "handle-1"}
        began = time.monotonic()
        server.break_off()
        assert await leg.play(lambda: server.calls == 3 and len(server.heard) == 3)
        assert time.monotonic() - began < 1.0
        frames = server.frames
        assert await leg.play(lambda: server.frames > frames), "the caller is heard again"
        leg.plane.detach(0, time.monotonic())
        await leg.plane.close()
    assert sum(isinstance(event, AgentReconnecting) for event in leg.events) == 2
    assert sum(isinstance(event, AgentConnected) for event in leg.events) == 3
    assert not [event for event in leg.events if isinstance(event, AgentFailed)]
    traced = " ".join(event.detail for event in leg.events if isinstance(event, AgentMessage))
    assert "handle-1" not in traced, "a handle opens the talk to whoever has it"
