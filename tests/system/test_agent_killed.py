"""An agent's process is killed in the middle of a hundred calls: each of them is told, once."""

import asyncio
from pathlib import Path

from config.schema import MediaLimits
from media.agent.plane import AgentPlane
from media.port import AgentConnected, AgentFailed, AgentSpec, AttachAgent, Event, LegId
from tests.support.bot import Bot


async def test_a_process_that_dies_is_told_once_on_each_of_its_hundred_calls(tmp_path: Path) -> None:
    """Issue 5, When things fail: every one of them can then go where its flow says."""

    events: list[Event] = []
    loop = asyncio.get_running_loop()
    plane = AgentPlane(100, MediaLimits(), events.append, loop.time)
    with Bot(tmp_path) as bot:
        for slot in range(100):
            spec = AgentSpec("bot", "twilio", bot.url)
            plane.attach(slot, AttachAgent(LegId(f"leg-{slot}"), spec, f"c{slot}", "acc"), loop.time())
        async with asyncio.timeout(20):
            while sum(isinstance(event, AgentConnected) for event in events) < 100:
                await asyncio.sleep(0.02)
        bot.child.kill()
        async with asyncio.timeout(20):
            while sum(isinstance(event, AgentFailed) for event in events) < 100:
                await asyncio.sleep(0.02)
    await plane.close()
    failed = [event for event in events if isinstance(event, AgentFailed)]
    assert len({event.leg for event in failed}) == len(failed) == 100
    assert {event.reason for event in failed} == {"closed"}
