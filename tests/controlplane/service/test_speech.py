"""Spoken texts as files."""

import os
from pathlib import Path

import structlog

from controlplane.service.speech import SpokenTexts
from media.tts import SpeechError


class FakeSpeaker:
    def __init__(self) -> None:
        self.spoken: list[tuple[str, str]] = []

    async def save(self, path: Path, text: str, voice: str = "en-us") -> None:
        if "unspeakable" in text:
            raise SpeechError("no such voice")
        self.spoken.append((text, voice))
        path.write_bytes(b"RIFF")


def opened(folder: Path, most: int = 2) -> tuple[SpokenTexts, FakeSpeaker]:
    speaker = FakeSpeaker()
    texts = SpokenTexts(folder, most)
    texts.open(speaker)
    return texts, speaker


async def test_texts_of_flows_are_made_once_and_found_after_a_restart(tmp_path: Path) -> None:
    texts, speaker = opened(tmp_path)
    assert texts.path("Hello", "en-us", "") is None
    await texts.make([("Hello", "en-us", ""), ("Hello", "de", ""), ("Hello", "en-us", "")])
    assert speaker.spoken == [("Hello", "en-us"), ("Hello", "de")]
    path = texts.path("Hello", "en-us", "")
    assert path is not None and Path(path).exists()
    again, silent = opened(tmp_path)
    await again.make([("Hello", "en-us", "")])
    assert again.path("Hello", "en-us", "") == path and silent.spoken == []


async def test_what_a_call_needs_is_spoken_then_and_the_longest_unused_gives_way(tmp_path: Path) -> None:
    texts, speaker = opened(tmp_path, most=2)
    first = await texts.say("one", "en-us")
    await texts.say("two", "en-us")
    assert await texts.say("one", "en-us") == first and len(speaker.spoken) == 2
    await texts.say("three", "en-us")
    assert texts.path("two", "en-us") is None and texts.path("one", "en-us") == first
    assert len(list((tmp_path / "said").iterdir())) == 2


async def test_age_survives_a_restart(tmp_path: Path) -> None:
    texts, _ = opened(tmp_path)
    for number, text in enumerate(("old", "new")):
        path = await texts.say(text, "en-us")
        assert path is not None
        os.utime(path, (number, number))
    again, _ = opened(tmp_path)
    await again.say("newest", "en-us")
    assert again.path("old", "en-us") is None and again.path("new", "en-us") is not None


async def test_what_cannot_be_spoken_is_said_in_the_log_without_the_text(tmp_path: Path) -> None:
    texts, _ = opened(tmp_path)
    with structlog.testing.capture_logs() as logs:
        await texts.make([("unspeakable", "en-us", ""), ("good", "en-us", "")])
        assert await texts.say("unspeakable", "en-us") is None
    assert texts.path("good", "en-us") is not None
    assert [log["why"] for log in logs] == ["no such voice"] * 2 and "unspeakable" not in repr(logs)


async def test_without_a_speaker_nothing_is_spoken(tmp_path: Path) -> None:
    assert await SpokenTexts(tmp_path, 2).say("x", "en-us") is None
