"""baresip registers, calls the agent and is heard (issue 2, must be shown 2)."""

import time
from pathlib import Path

import numpy as np
import pytest

from tests.support import wav
from tests.support.bot import Bot
from tests.support.daemon import Daemon
from tests.support.phones import baresip
from tests.support.wav import Signal

AGENT = [{"number": "9000", "target": {"agent": "bot"}}]


def melody() -> Signal:
    """Notes that no other stretch of it resembles, so that its place in a recording is unmistakable."""
    notes = (400.0, 620.0, 510.0, 880.0, 450.0, 760.0, 560.0, 690.0)
    return np.concatenate([wav.tone(note, 0.2, level_db=-9.0) for note in notes])


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_its_recording_holds_the_greeting(tmp_path: Path, transport: str) -> None:
    with (
        Bot(tmp_path / "bot", greeting=melody()) as bot,
        Daemon(tmp_path / "daemon", account={"extensions": AGENT, "agents": {"bot": bot.agent()}}) as daemon,
        baresip(tmp_path, daemon, "1001", speaks=wav.silence(10.0), transport=transport) as phone,
    ):
        phone.wait_registered()
        phone.dial(f"{daemon.uri('9000')};transport={transport}")
        bot.wait("mark")  # the greeting has been played
        time.sleep(0.5)
        phone.hang_up()
        phone.wait_event("CALL_CLOSED")
        bot.wait("gone")
        time.sleep(0.3)
        assert wav.similarity(phone.heard(), melody()) > 0.9


def test_the_agent_hears_its_tone_and_every_digit_once(tmp_path: Path) -> None:
    with (
        Bot(tmp_path / "bot") as bot,
        Daemon(tmp_path / "daemon", account={"extensions": AGENT, "agents": {"bot": bot.agent()}}) as daemon,
        baresip(tmp_path, daemon, "1001", speaks=wav.tone(1020.0, 20.0)) as phone,
    ):
        phone.wait_registered()
        phone.dial(daemon.uri("9000"))
        bot.wait("media")
        time.sleep(2.0)
        for digit in "159#*":
            phone.press(digit)
            time.sleep(0.4)
        phone.hang_up()
        bot.wait("gone")
        heard = wav.loudest(bot.heard(), 1.0)
        assert wav.peak_frequency(heard) == pytest.approx(1020.0, abs=2.0)
        assert wav.tone_level_db(heard, 1020.0) == pytest.approx(-12.0, abs=1.0)
        assert [event["message"]["dtmf"]["digit"] for event in bot.events("dtmf")] == list("159#*")


def test_the_bot_is_told_what_twilio_tells(tmp_path: Path) -> None:
    """Order and fields of `connected`, `start`, `media` and `stop` (Twilio Media Streams)."""
    with (
        Bot(tmp_path / "bot") as bot,
        Daemon(tmp_path / "daemon", account={"extensions": AGENT, "agents": {"bot": bot.agent()}}) as daemon,
        baresip(tmp_path, daemon, "1001", speaks=wav.tone(440.0, 10.0)) as phone,
    ):
        phone.wait_registered()
        phone.dial(daemon.uri("9000"))
        first = bot.wait("media")["message"]
        phone.hang_up()
        bot.wait("gone")
        start = bot.wait("start")["message"]
        stop = bot.wait("stop")["message"]
    assert start["sequenceNumber"] == "1"
    assert start["start"]["streamSid"] == start["streamSid"] == first["streamSid"] == stop["streamSid"]
    assert start["streamSid"].startswith("MZ") and len(start["streamSid"]) == 34
    assert start["start"]["callSid"].startswith("CA") and len(start["start"]["callSid"]) == 34
    assert start["start"]["tracks"] == ["inbound"]
    assert start["start"]["mediaFormat"] == {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    assert first["media"]["track"] == "inbound" and first["media"]["chunk"] == "1"
    assert stop["stop"]["callSid"] == start["start"]["callSid"]
