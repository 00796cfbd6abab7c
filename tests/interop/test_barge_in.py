"""Barge-in on the wire, by the stamps of RTP packets and of the bot's messages (issue 2, must be shown 4)."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import wav
from tests.support.address import loopback
from tests.support.bot import Bot
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.process import wait_until
from tests.support.speech import speech
from tests.support.stream import Packet
from tests.support.talker import DIALECTS, Talker

pytestmark = pytest.mark.alone

AUDIBLE = 0.02
"Peak amplitude, −34 dBFS: below it a packet of ours is comfort noise or a fade's end."
VOICED = 0.05


def answered_by(bot: Bot) -> dict[str, object]:
    return {
        "extensions": [{"number": "9000", "target": {"agent": "bot"}}],
        "agents": {"bot": bot.agent()},
    }


def last_audible(packets: list[Packet], after: float) -> float:
    """When the agent's voice ended: the last audible packet before the first pause of 200 ms."""
    end = after
    for packet in packets:
        if packet.at < after or packet.loudness < AUDIBLE:
            continue
        if packet.at - end > 0.2:
            break
        end = packet.at
    return end


@pytest.fixture(scope="module", params=["twilio", "tandem"])
def talk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Phone, Bot]]:
    """A phone, and the bot that answers 9000 with a tone of 20 s."""
    folder = tmp_path_factory.mktemp(request.param)
    greeting = wav.tone(500.0, 20.0, level_db=-12.0)
    with (
        Bot(folder / "bot", dialect=request.param, greeting=greeting) as bot,
        Daemon(folder / "daemon", account=answered_by(bot)) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        yield phone, bot


@pytest.mark.parametrize(
    "words",
    [
        "No, wait a moment, please.",
        "Excuse me, I would like to change my order.",
        "Hello? Can I say something?",
        "Stop.",
        "Could you repeat that?",
        "Mhm, yes.",
    ],
)
def test_the_agent_falls_silent_when_the_caller_speaks(talk: tuple[Phone, Bot], words: str) -> None:
    """≤ 300 ms from the first voiced packet to the last audible one, ≤ 40 ms from the decision.

    The decision shows outside as the pending mark that comes back to the bot.
    """
    phone, bot = talk
    spoken = speech(words)
    call = phone.dial("9000")
    time.sleep(0.5)
    began = time.monotonic()
    call.say(spoken)
    time.sleep(0.8)
    call.hang_up()
    voiced = next(packet.at for packet in call.sent if packet.at >= began and packet.loudness > VOICED)
    silent = last_audible(call.heard, after=voiced)
    assert any(packet.loudness > AUDIBLE for packet in call.heard if packet.at < voiced), "nothing was heard"
    if bot.manner.dialect == "twilio":
        (told,) = (event for event in bot.events("mark") if event["at"] > began)
        assert told["message"]["mark"] == {"name": "greeting"}
    else:
        texts = (event for event in bot.events("text") if event["at"] > began)
        told = next(event for event in texts if "speech_started" in event["text"])
    decided = told["at"] - voiced
    assert silent - voiced <= 0.300, f"decided after {decided:.3f} s, silent after {silent - voiced:.3f} s"
    assert silent - told["at"] <= 0.040


def test_neither_a_tone_nor_digits_interrupt_the_agent(tmp_path: Path) -> None:
    with (
        Bot(tmp_path / "bot", greeting=wav.tone(500.0, 4.0)) as bot,
        Daemon(tmp_path / "daemon", account=answered_by(bot)) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        call = phone.dial("9000")
        call.say(wav.tone(1020.0, 1.0))
        call.press("12")
        call.say(wav.tone(440.0, 0.5) + wav.tone(480.0, 0.5))
        time.sleep(4.5)
        call.hang_up()
        bot.wait("gone")
    assert wav.voiced_seconds(call.signal()) == pytest.approx(4.0, abs=0.15)


def test_clear_stops_the_playout_and_returns_the_mark(tmp_path: Path) -> None:
    """Twilio: `clear` empties the buffer, and the marks in it come back at once."""
    with (
        Bot(tmp_path / "bot", greeting=wav.tone(500.0, 10.0), clear_at=1.5) as bot,
        Daemon(tmp_path / "daemon", account=answered_by(bot)) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        call = phone.dial("9000")
        cleared = bot.wait("cleared")["at"]
        mark = bot.wait("mark", 2.0)
        time.sleep(0.5)
        call.hang_up()
        bot.wait("gone")
    assert mark["message"]["mark"] == {"name": "greeting"}
    assert last_audible(call.heard, after=cleared - 0.1) - cleared <= 0.040
    assert len(bot.events("mark")) == 1


def test_a_mark_comes_back_when_it_has_been_played(tmp_path: Path) -> None:
    with (
        Bot(tmp_path / "bot", greeting=wav.tone(500.0, 1.0)) as bot,
        Daemon(tmp_path / "daemon", account=answered_by(bot)) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        call = phone.dial("9000")
        mark = bot.wait("mark")
        time.sleep(0.3)
        call.hang_up()
        bot.wait("gone")
    loud = [packet.at for packet in call.heard if packet.loudness > AUDIBLE]
    assert loud[-1] - loud[0] == pytest.approx(0.98, abs=0.03)
    assert mark["at"] == pytest.approx(loud[-1], abs=0.06)


@pytest.fixture(scope="module")
def switchboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Phone]]:
    """An extension for each dialect, in their order: 9200, 9201…"""
    with Talker() as talker:
        targets = [
            {"number": str(9200 + n), "target": {"agent": dialect}} for n, dialect in enumerate(DIALECTS)
        ]
        account = {"extensions": targets, "agents": talker.agents()}
        folder = tmp_path_factory.mktemp("dialects")
        with (
            Daemon(folder, account=account) as daemon,
            Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
        ):
            yield daemon, phone


def sent_at(packets: list[Packet]) -> list[tuple[float, Packet]]:
    """When each of them was due at its sender: by its RTP timestamp, after the one that came soonest."""
    base = packets[0].timestamp
    media = [((packet.timestamp - base) % 2**32) / 8000 for packet in packets]
    start = min(packet.at - at for packet, at in zip(packets, media, strict=True))
    return [(start + at, packet) for packet, at in zip(packets, media, strict=True)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_agents_of_every_dialect_fall_silent(switchboard: tuple[Daemon, Phone], dialect: str) -> None:
    """Issue 5, Must be shown: ≤ 40 ms from the decision to silence in RTP. A busy machine has three tries."""
    took: list[float] = []
    while not took or min(took) > 0.040:
        assert len(took) < 3, took
        took.append(silent_after(*switchboard, str(9200 + DIALECTS.index(dialect))))


def silent_after(daemon: Daemon, phone: Phone, number: str) -> float:
    """Interrupt the agent; seconds from the decision to its last audible packet."""
    call = phone.dial(number)
    wait_until(lambda: any(packet.loudness > VOICED for packet in call.heard), 60.0, what="it talks")
    call.say(speech("No, wait a moment, please."))
    call.wait_said()
    call.hang_up()
    cut = [row["data"] for row in daemon.trace(call.id) if row["event"] == "AgentInterrupted"]
    assert cut, "nothing was interrupted"
    decided = float(cut[0]["decided_at"])
    heard = [at for at, packet in sent_at(call.heard) if packet.loudness > AUDIBLE and at < decided + 0.5]
    return heard[-1] - decided
