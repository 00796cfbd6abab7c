"""The catalogue of system prompts (S004-79, S004-80)."""

from pathlib import Path

import structlog

from controlplane.service.prompt_catalogue import IDS, TEXTS, PromptCatalogue
from edge.error import Refusal
from media.tts import Speaker
from tests.support.control import FakeSpeaker


async def test_what_is_missing_is_spoken_and_what_is_there_is_skipped(tmp_path: Path) -> None:  # S004-80
    speaker = FakeSpeaker()
    catalogue = PromptCatalogue(tmp_path, speaker)
    made = await catalogue.generate("en-US", "female", force=False)
    assert made == {"generated": 10, "skipped": 0, "failed": 0}
    assert sorted(path.stem for path in (tmp_path / "system/en-US/female").iterdir()) == sorted(IDS)
    assert ("Welcome.", "en-us+f2") in speaker.spoken
    assert await catalogue.generate("en-US", "female", force=False) == {
        "generated": 0,
        "skipped": 10,
        "failed": 0,
    }
    assert (await catalogue.generate("en-US", "female", force=True)) == made


async def test_everything_is_every_language_and_voice(tmp_path: Path) -> None:
    catalogue = PromptCatalogue(tmp_path, FakeSpeaker())
    assert await catalogue.generate("", "", force=False) == {
        "generated": len(TEXTS) * 20,
        "skipped": 0,
        "failed": 0,
    }
    assert catalogue.progress.total == len(TEXTS) * 20 and not catalogue.progress.running


async def test_what_cannot_be_spoken_is_counted(tmp_path: Path) -> None:
    speaker = FakeSpeaker()
    speaker.mute = "goodbye"
    with structlog.testing.capture_logs() as logs:
        made = await PromptCatalogue(tmp_path, speaker).generate("de-DE", "male", force=False)
    assert made == {"generated": 9, "skipped": 0, "failed": 1} and logs[0]["why"] == "no voice"


async def test_unknown_languages_and_voices_and_a_second_run_are_refused(tmp_path: Path) -> None:
    catalogue = PromptCatalogue(tmp_path, FakeSpeaker())
    for lang, gender, code in (("xx", "", "no_such_language"), ("", "robot", "no_such_gender")):
        found = await catalogue.generate(lang, gender, force=False)
        assert isinstance(found, Refusal) and found.code == code
    catalogue.progress.running = True
    found = await catalogue.generate("", "", force=False)
    assert isinstance(found, Refusal) and found.code == "already_running"


def test_every_language_has_every_text() -> None:
    assert all(len(texts) == len(IDS) and all(texts) for texts in TEXTS.values())


async def test_our_own_voice_speaks_every_language(tmp_path: Path) -> None:
    async with Speaker() as speaker:
        made = await PromptCatalogue(tmp_path, speaker).generate("", "", force=False)
    assert made == {"generated": len(TEXTS) * 20, "skipped": 0, "failed": 0}
