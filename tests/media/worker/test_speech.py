"""Speech asked of the daemon, joined without a channel."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from media.tts import Speech, SpeechError
from media.worker.channel import decode, encode
from media.worker.speech import Desk, FarProviders


class House:
    """Voice and scribe of every account."""

    def __init__(self) -> None:
        self.saved: list[Any] = []

    def voice(self, account: str) -> Any:
        return self

    def scribe(self, account: str) -> Any:
        return self

    async def speak(self, text: str, voice: str, words_per_minute: int) -> Speech:
        if text == "bad":
            raise SpeechError("cannot say that")
        if text == "bug":
            raise RuntimeError("a fault of ours")
        return Speech(f"{text} {voice} {words_per_minute}".encode(), 16_000)

    async def save(self, path: Path, text: str, voice: str, words_per_minute: int) -> None:
        self.saved.append((path, text))

    async def transcribe(self, pcm: bytes, rate: int, language: str) -> str:
        return f"{len(pcm)} at {rate} in {language}"


def joined(house: House | None) -> tuple[FarProviders, list[asyncio.Task[None]]]:
    tasks: list[asyncio.Task[None]] = []
    far = FarProviders(lambda wish: desk.received(decode(encode(wish)[4:])))  # type: ignore[arg-type]

    def spawn(work: Any) -> object:
        tasks.append(asyncio.create_task(work))
        return tasks[-1]

    desk = Desk(house, spawn, lambda outcome: far.received(decode(encode(outcome)[4:])))  # type: ignore[arg-type]
    return far, tasks


async def test_the_daemons_providers_speak_save_and_listen_for_a_worker() -> None:
    house = House()
    far, _ = joined(house)
    assert await far.voice("acc").speak("hello", "de") == Speech(b"hello de 165", 16_000)
    await far.voice("acc").save(Path("/x.wav"), "later")
    assert house.saved == [(Path("/x.wav"), "later")]
    assert await far.scribe("acc").transcribe(bytes(320), 8_000, "en") == "320 at 8000 in en"
    assert not len(far)


async def test_what_fails_there_fails_here_with_its_reason() -> None:
    far, tasks = joined(House())
    with pytest.raises(SpeechError, match="cannot say that"):
        await far.voice("acc").speak("bad")
    with pytest.raises(SpeechError, match="daemon's log"):
        await far.voice("acc").speak("bug")
    with pytest.raises(RuntimeError):
        await tasks[-1]
    none, _ = joined(None)
    with pytest.raises(SpeechError, match="no speech provider"):
        await none.scribe("acc").transcribe(b"", 8_000, "en")
    assert not len(far)


async def test_who_no_longer_waits_is_forgotten() -> None:
    far = FarProviders(lambda wish: None)
    asking = asyncio.create_task(far.voice("acc").speak("hello"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not len(far)
