"""An agent that refuses, or breaks off, is told to the caller; the daemon goes on (issue 2, bad input)."""

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from config.schema import MediaLimits
from media.agent.plane import AgentPlane
from media.port import (
    AgentFailed,
    AgentOptions,
    AgentReconnecting,
    AgentSpec,
    AgentSpoke,
    AttachAgent,
    Event,
    LegId,
)
from tests.support import wav
from tests.support.address import free_tcp_port, loopback
from tests.support.bot import Bot
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon


def account(url: str) -> dict[str, object]:
    return {
        "extensions": [{"number": "9000", "target": {"agent": "bot"}}],
        "agents": {"bot": {"dialect": "twilio", "url": url}},
    }


def assert_apologised(daemon: Daemon, phone: Phone) -> None:
    """The caller heard something, was hung up on, and can call again."""
    call = phone.dial("9000")
    call.wait_ended(20.0)
    assert call.ended_by_peer
    assert wav.voiced_seconds(call.signal()) > 0.5
    events = [row["event"] for row in daemon.trace(call.id)]
    assert any("ailed" in event for event in events), events
    echo = phone.dial("*43")
    assert echo.hang_up().status == 200


def test_a_refused_connection_is_spoken_to_the_caller(tmp_path: Path) -> None:
    address = loopback()
    url = f"ws://{address}:{free_tcp_port(address)}/media"
    with (
        Daemon(tmp_path / "daemon", account=account(url)) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        assert_apologised(daemon, phone)


@pytest.mark.parametrize("code", [1011, 1001])
def test_an_agent_that_breaks_off_is_spoken_to_the_caller(tmp_path: Path, code: int) -> None:
    with (
        Bot(tmp_path / "bot", close_at=1.0, close_code=code) as bot,
        Daemon(tmp_path / "daemon", account=account(bot.url)) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        assert_apologised(daemon, phone)


def test_an_agent_that_leaves_in_good_order_ends_the_call(tmp_path: Path) -> None:
    with (
        Bot(tmp_path / "bot", close_at=1.0, close_code=1000) as bot,
        Daemon(tmp_path / "daemon", account=account(bot.url)) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        call = phone.dial("9000")
        call.wait_ended(5.0)
        assert call.ended_by_peer and wav.voiced_seconds(call.signal()) < 0.1


def test_a_fallback_takes_the_call_of_an_agent_that_says_nothing(tmp_path: Path) -> None:
    """Issue 5, When things fail: first-audio deadline, then another agent, in the same call."""
    with (
        Bot(tmp_path / "mute") as mute,
        Bot(tmp_path / "spare", greeting=wav.tone(700.0, 1.0)) as spare,
        Daemon(
            tmp_path / "daemon",
            account={
                "extensions": [{"number": "9000", "target": {"agent": "mute"}}],
                "agents": {
                    "mute": {
                        "dialect": "twilio",
                        "url": mute.url,
                        "first_audio_timeout": "700ms",
                        "fallback": "spare",
                    },
                    "spare": {"dialect": "twilio", "url": spare.url},
                },
            },
        ) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        call = phone.dial("9000")
        time.sleep(3.0)
        call.hang_up()
        assert wav.voiced_seconds(call.signal()) > 0.8
        events = [row["event"] for row in daemon.trace(call.id)]
        assert events.index("AgentFailed") < events.index("fallback") < events.index("AgentSpoke")


async def test_every_caller_of_an_agent_that_is_killed_is_told_once_and_at_once(tmp_path: Path) -> None:
    """Issue 5, Must be shown: kill the agent process in the middle of 100 calls."""
    legs = 100
    events: list[tuple[float, Event]] = []
    plane = AgentPlane(
        legs, MediaLimits(), lambda event: events.append((time.monotonic(), event)), time.monotonic
    )
    rows, still = np.arange(legs, dtype=np.int32), np.zeros((legs, 160), np.int16)

    async def tick(until: float) -> None:
        while time.monotonic() < until:
            plane.hear(rows, still, np.full((legs, 160), 255, np.uint8), time.monotonic())
            plane.speak(rows, time.monotonic())
            await asyncio.sleep(0.02)

    with Bot(tmp_path / "bot", dialect="tandem", greeting=wav.tone(700.0, 5.0)) as bot:
        spec = AgentSpec("bot", "tandem", bot.url, options=AgentOptions(reconnect=True))
        for slot in range(legs):
            plane.attach(slot, AttachAgent(LegId(str(slot)), spec, f"call-{slot}", "acc"), time.monotonic())
        await tick(time.monotonic() + 2.0)
        assert sum(isinstance(event, AgentSpoke) for _, event in events) == legs
        killed = time.monotonic()
        bot.child.kill()
        await tick(killed + 1.0)
    failed = [(at - killed, event.leg) for at, event in events if isinstance(event, AgentFailed)]
    assert len({leg for _, leg in failed}) == len(failed) == legs
    assert max(at for at, _ in failed) < 1.0
    assert sum(isinstance(event, AgentReconnecting) for _, event in events) == legs, "each tried once more"
    await plane.close()
