"""MP3s are made once, anew when the WAV is another, and the least used give way."""

import asyncio
import os
from pathlib import Path

import pytest

from controlplane.service.mp3 import Mp3Cache
from edge.error import Refusal
from media import mp3
from media.sound_file import demuxer
from tests.support import wav


def sound(path: Path, pitch: float = 500.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return wav.write(path, wav.tone(pitch, 1.0))


async def test_it_is_made_once_for_all_who_ask_and_again_when_the_wav_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    encode = mp3.encode
    monkeypatch.setattr(mp3, "encode", lambda source, target: (made.append(source), encode(source, target)))
    cache, source = Mp3Cache(tmp_path, 1 << 20), sound(tmp_path / "acc" / "call" / "a.wav")
    found = await asyncio.gather(*(cache.of(source) for _ in range(5)))
    kept = tmp_path / ".mp3" / "acc" / "call" / "a.mp3"
    assert set(found) == {kept} and len(made) == 1 and demuxer(kept.read_bytes()[:12]) == "mp3"
    await cache.of(source)
    assert len(made) == 1
    sound(source, 900.0)
    os.utime(source, ns=(1, 1))
    await cache.of(source)
    assert len(made) == 2


async def test_the_least_used_give_way(tmp_path: Path) -> None:
    first = sound(tmp_path / "a.wav")
    size = (await Mp3Cache(tmp_path, 1 << 20).of(first)).stat().st_size  # type: ignore[union-attr]
    cache = Mp3Cache(tmp_path, int(size * 1.5))
    second = await cache.of(sound(tmp_path / "b.wav"))
    assert isinstance(second, Path)
    assert [path.name for path in (tmp_path / ".mp3").iterdir()] in (["b.mp3"], ["a.mp3"])


async def test_what_cannot_become_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_text("no sound")
    refusal = await Mp3Cache(tmp_path, 1 << 20).of(path)
    assert isinstance(refusal, Refusal) and refusal.status == 415
    assert not list((tmp_path / ".mp3").iterdir()), "nothing half is left"
