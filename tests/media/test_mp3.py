"""MP3 from recordings, and prompts from MP3: pitch and length stay."""

import asyncio
import io
import wave
from pathlib import Path

import numpy as np
import pytest

from config.schema import MediaLimits
from media import mp3
from media.prompt import PromptError, PromptStore
from media.sound_file import decode, demuxer
from tests.support import wav


def stereo(path: Path, seconds: float) -> Path:
    """500 Hz left, 900 Hz right."""
    pair = np.stack([wav.tone(500.0, seconds), wav.tone(900.0, seconds)], axis=1)
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes((pair * 32767).astype("<i2").tobytes())
    return path


def test_a_stereo_recording_becomes_an_mp3_of_both_channels(tmp_path: Path) -> None:
    source, target = stereo(tmp_path / "a.wav", 12.0), tmp_path / "a.mp3"
    mp3.encode(source, target)
    assert demuxer(target.read_bytes()[:12]) == "mp3" and target.stat().st_size < source.stat().st_size / 2
    rate, pieces = decode(io.BytesIO(target.read_bytes()), "mp3", 60.0)
    mono = np.concatenate(list(pieces))
    assert rate == 8000 and abs(len(mono) / rate - 12.0) < 0.2
    middle = mono[16_000:80_000]
    for pitch in (500.0, 900.0):
        assert wav.tone_level_db(middle, pitch) == pytest.approx(-18.0, abs=1.5), "the mean of both"


def test_an_mp3_is_a_prompt_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "welcome.mp3"
    mp3.encode(wav.write(tmp_path / "a.wav", wav.tone(700.0, 2.0, rate=44_100), rate=44_100), path)
    prompt = asyncio.run(PromptStore(MediaLimits()).load(str(path)))
    assert abs(prompt.milliseconds - 2_000) < 150 and prompt.ulaw.shape == prompt.pcm.shape
    heard = prompt.pcm.reshape(-1)[4000:12_000] / 32768
    assert wav.peak_frequency(heard) == pytest.approx(700.0, abs=1.0)
    assert wav.tone_level_db(heard, 700.0) == pytest.approx(-12.0, abs=0.5)


def length(path: Path) -> int:
    """[ms]"""
    return asyncio.run(PromptStore(MediaLimits()).load(str(path))).milliseconds


@pytest.mark.parametrize("rate", [11_025, 12_000, 22_050, 24_000, 32_000, 48_000])
def test_an_mp3_of_any_rate_keeps_its_length(rate: int, tmp_path: Path) -> None:
    source = wav.write(tmp_path / "a.wav", wav.tone(700.0, 1.0, rate=rate), rate=rate)
    mp3.encode(source, tmp_path / "a.mp3")
    assert abs(length(tmp_path / "a.mp3") - 1_000) < 100


def test_what_is_damaged_is_left_out_and_the_rest_is_heard(tmp_path: Path) -> None:
    """A picture before, a tag behind, noise in the midst, an end that is missing, another file behind."""
    path, other = tmp_path / "a.mp3", tmp_path / "b.mp3"
    mp3.encode(stereo(tmp_path / "a.wav", 2.0), path)
    mp3.encode(wav.write(tmp_path / "b.wav", wav.tone(700.0, 1.0, rate=22_050), rate=22_050), other)
    whole, more = path.read_bytes(), other.read_bytes()
    size = 100_000
    picture = (
        b"ID3\3\0\0" + bytes((0, size >> 14 & 127, size >> 7 & 127, size & 127)) + b"\xff\xfb" * (size // 2)
    )
    for content, least, most in (
        (picture + whole + b"TAG" + bytes(125), 1_900, 2_300),
        (whole[: len(whole) // 2 + 7], 900, 1_200),
        (whole[:3_000] + bytes(range(256)) * 8 + whole[3_000:], 1_500, 2_300),
        (whole + more, 2_800, 3_400),
    ):
        path.write_bytes(content)
        assert least < length(path) < most


def test_what_is_no_mp3_or_too_long_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "b.mp3"
    broken.write_bytes(b"ID3" + bytes(500))
    with pytest.raises(PromptError, match="MP3"):
        asyncio.run(PromptStore(MediaLimits()).load(str(broken)))
    path = tmp_path / "long.mp3"
    mp3.encode(stereo(tmp_path / "a.wav", 3.0), path)
    with pytest.raises(PromptError, match="longer than 2 s"):
        asyncio.run(PromptStore(MediaLimits(prompt_seconds=2.0)).load(str(path)))
    text = tmp_path / "t.wav"
    text.write_text("no sound")
    with pytest.raises(mp3.Mp3Error):
        mp3.encode(text, tmp_path / "t.mp3")
