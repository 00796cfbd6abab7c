"""Speech for agents that know text alone."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from media.agent.contract import Encoding
from media.agent.effect import Finish, Utter
from media.agent.relay import LEAD, UTTERANCES, Relay
from media.tts import Speech, SpeechError

FRAME = bytes(640)


class Providers:
    """Both of them: what is spoken takes 10 ms a character, what is heard is its length."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()

    async def speak(self, text: str, voice: str = "", words_per_minute: int = 0) -> Speech:
        await self.gate.wait()
        if text == "broken":
            raise SpeechError("no voice")
        if text == "bug":
            raise RuntimeError("ours")
        return Speech(bytes(len(text) * 160), 8000)

    async def save(self, path: Path, text: str, voice: str = "", words_per_minute: int = 0) -> None:
        raise AssertionError("nothing is saved")

    async def transcribe(self, pcm: bytes, rate: int, language: str) -> str:
        if language == "slow":
            await self.gate.wait()
        return f"{language} {len(pcm) // 640}"


class Told:
    def __init__(self) -> None:
        self.all: list[object] = []

    def as_(self, name: str) -> Callable[..., None]:
        return lambda *values: self.all.append((name, *values))


def relay() -> tuple[Relay, Told, Providers]:
    told, providers = Told(), Providers()
    encoding = Encoding.PCM_16000
    made = Relay(
        providers,
        providers,
        encoding,
        encoding,
        told.as_("said"),
        lambda item, audio, ms: told.all.append(("spoke", item, len(audio), ms)),
        told.as_("finished"),
        told.as_("fault"),
    )
    return made, told, providers


async def settle(told: Told, count: int) -> None:
    async with asyncio.timeout(5):
        while len(told.all) < count:
            await asyncio.sleep(0.001)


async def test_an_utterance_has_its_lead_and_its_words_come_when_it_ends() -> None:
    made, told, _ = relay()
    for _ in range(LEAD + 10):
        made.hear(FRAME)
    made.attend(True, "en-US")
    for _ in range(5):
        made.hear(FRAME)
    made.attend(False, "en-US")
    made.attend(False, "en-US")
    await settle(told, 1)
    assert told.all == [("said", f"en-US {LEAD + 5}")]


async def test_texts_are_spoken_in_their_order_at_the_agents_rate() -> None:
    made, told, _ = relay()
    made.utter(Utter("ten chars.", "s1", "en-US"))
    made.utter(Utter("broken", "s2", "en-US"))
    made.utter(Utter("bug", "s3", "en-US"))
    made.utter(Utter("x", "s4", "en-US"))
    made.utter(Finish("done"))
    await settle(told, 5)
    assert told.all == [
        ("spoke", "s1", 3200, 100),
        ("fault", "no voice"),
        ("fault", "the speech provider failed"),
        ("spoke", "s4", 320, 10),
        ("finished", "done"),
    ]


async def test_what_was_cut_is_not_spoken() -> None:
    made, told, providers = relay()
    providers.gate.clear()
    for number in range(3):
        made.utter(Utter("text", f"s{number}", ""))
    await asyncio.sleep(0)
    made.cut()
    providers.gate.set()
    made.utter(Utter("new", "s9", ""))
    await settle(told, 1)
    assert told.all == [("spoke", "s9", 960, 30)]
    made.close()


async def test_texts_that_wait_are_bounded() -> None:
    made, told, providers = relay()
    providers.gate.clear()
    for number in range(UTTERANCES + 100):
        made.utter(Utter("text", f"s{number}", ""))
    assert told.all == [("fault", f"{UTTERANCES} texts wait to be spoken already")], "once"
    made.cut()
    for number in range(UTTERANCES + 100):
        made.utter(Utter("text", f"s{number}", ""))
    assert len(told.all) == 2
    made.close()


async def test_an_agent_that_takes_its_leave_is_let_go_whatever_is_cut_and_however_much_waits() -> None:
    made, told, providers = relay()
    providers.gate.clear()
    for number in range(UTTERANCES):
        made.utter(Utter("text", f"s{number}", ""))
    for _ in range(3):
        made.utter(Finish("done"))
    assert told.all == [("fault", f"{UTTERANCES} texts wait to be spoken already")]
    await asyncio.sleep(0)
    made.cut()
    providers.gate.set()
    await settle(told, 2)
    assert told.all[1:] == [("finished", "done")]
    made.close()


async def test_words_come_in_the_order_in_which_they_were_said() -> None:
    made, told, providers = relay()
    providers.gate.clear()
    for language in ("slow", "en-US"):
        made.hear(FRAME)
        made.attend(True, language)
        made.attend(False, language)
    for _ in range(10):
        await asyncio.sleep(0)
    assert told.all == []
    providers.gate.set()
    await settle(told, 2)
    assert told.all == [("said", "slow 1"), ("said", "en-US 1")]
