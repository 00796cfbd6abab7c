"""Prompts that we speak ourselves, made once and kept."""

from pathlib import Path

from controlplane.service.system_prompt import MUSIC, TEXTS, SystemPrompts
from media.tts import SpeechError


class FakeSpeaker:
    def __init__(self, broken: bool = False) -> None:
        self.broken = broken
        self.spoken: list[str] = []

    async def save(self, path: Path, text: str, voice: str = "en-us", words_per_minute: int = 165) -> None:
        if self.broken:
            raise SpeechError("espeak-ng is not there")
        self.spoken.append(text)
        path.write_bytes(b"RIFF")


async def test_every_prompt_is_made_once_and_found_again(tmp_path: Path) -> None:
    speaker = FakeSpeaker()
    prompts = SystemPrompts(tmp_path / "prompts")
    assert not prompts
    await prompts.make(speaker)
    assert set(prompts) == {MUSIC, *TEXTS} and all(Path(path).exists() for path in prompts.values())
    again = SystemPrompts(tmp_path / "prompts")
    await again.make(speaker)
    assert again == prompts and len(speaker.spoken) == len(TEXTS)


async def test_without_speech_a_prompt_is_missing_and_nothing_breaks(tmp_path: Path) -> None:
    prompts = SystemPrompts(tmp_path / "prompts")
    await prompts.make(FakeSpeaker(broken=True))
    assert set(prompts) == {MUSIC}
