"""Prompts from all that people have: pitch and length stay, and what is broken is refused."""

import asyncio
from pathlib import Path
from random import Random

import av
import numpy as np
import pytest

from config.schema import MediaLimits
from media.prompt import Prompt, PromptError, PromptStore
from media.sound_file import demuxer
from tests.support import wav

FORMATS = {
    "a.flac": ("flac", "flac", "s16", 44_100),
    "a.opus": ("ogg", "libopus", "s16", 48_000),
    "a.m4a": ("ipod", "aac", "fltp", 44_100),
    "a.caf.mp4": ("mp4", "alac", "s16p", 44_100),
    "a.aac": ("adts", "aac", "fltp", 22_050),
    "a.aiff": ("aiff", "pcm_s16be", "s16", 32_000),
    "a.au": ("au", "pcm_mulaw", "s16", 8_000),
    "a.webm": ("webm", "libopus", "s16", 48_000),
    "a.wav": ("wav", "libmp3lame", "s16p", 16_000),
    "a.g722.wav": ("wav", "g722", "s16", 16_000),
    "a.ms.wav": ("wav", "adpcm_ms", "s16", 8_000),
    "a.ima.wav": ("wav", "adpcm_ima_wav", "s16p", 8_000),
}


def made(path: Path, seconds: float = 2.0, *, layout: str = "mono") -> Path:
    """A tone of 700 Hz in the format of that name."""
    container_name, codec, kind, rate = FORMATS[path.name]
    tone = (wav.tone(700.0, seconds, rate=rate) * 32_767).astype(np.int16)
    channels = 2 if layout == "stereo" else 1
    with av.open(path, "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, channels)[None, :], format="s16", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(kind, layout, rate, frame_size=stream.frame_size or 1024)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def loaded(path: Path, **limits: float) -> Prompt:
    return asyncio.run(PromptStore(MediaLimits(**limits)).load(str(path)))


@pytest.mark.parametrize("name", FORMATS)
def test_each_is_a_prompt_like_any_other(name: str, tmp_path: Path) -> None:
    prompt = loaded(made(tmp_path / name))
    assert abs(prompt.milliseconds - 2_000) < 100
    assert (prompt.fine is not None) is (FORMATS[name][3] >= 16_000)
    heard = prompt.pcm.reshape(-1)[4_000:12_000] / 32_768
    assert wav.peak_frequency(heard) == pytest.approx(700.0, abs=1.0)
    assert wav.tone_level_db(heard, 700.0) == pytest.approx(-12.0, abs=1.0)


@pytest.mark.parametrize("name", ["a.flac", "a.opus", "a.m4a", "a.aiff"])
def test_of_two_channels_the_mean_is_heard(name: str, tmp_path: Path) -> None:
    heard = loaded(made(tmp_path / name, layout="stereo")).pcm.reshape(-1)[4_000:12_000] / 32_768
    assert wav.tone_level_db(heard, 700.0) == pytest.approx(-12.0, abs=1.0)


def test_gsm_in_a_wav(tmp_path: Path) -> None:
    """Two frames of 160 samples are a block of 65 bytes (RFC 2361, format 49)."""
    blocks = (b"\xd0" + bytes(64)) * 50
    head = b"fmt " + (20).to_bytes(4, "little") + b"\x31\0\x01\0" + (8000).to_bytes(4, "little")
    head += (1625).to_bytes(4, "little") + (65).to_bytes(2, "little") + bytes((0, 0, 2, 0)) + b"\x40\x01"
    body = b"WAVE" + head + b"data" + len(blocks).to_bytes(4, "little") + blocks
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    assert loaded(path).milliseconds == 2_000


@pytest.mark.parametrize("name", FORMATS)
def test_too_long_a_one_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="longer than 1 s"):
        loaded(made(tmp_path / name), prompt_seconds=1.0)


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_broken_gives_a_prompt_or_a_reason(name: str, tmp_path: Path) -> None:
    whole, random = made(tmp_path / name, 0.5).read_bytes(), Random(name)
    for _ in range(12):
        broken = bytearray(whole[: random.randrange(len(whole))] if random.random() < 0.5 else whole)
        for _ in range(random.randrange(20)):
            if broken:
                broken[random.randrange(len(broken))] = random.randrange(256)
        (tmp_path / name).write_bytes(broken)
        try:
            assert loaded(tmp_path / name, prompt_seconds=5.0).milliseconds <= 5_000
        except PromptError as error:
            assert error.why


def test_a_film_without_sound_and_a_playlist_are_refused(tmp_path: Path) -> None:
    """Of FFmpeg's demuxers some would open what a file names."""
    secret = wav.write(tmp_path / "secret.wav", wav.tone(700.0, 1.0))
    for text in (f"#EXTM3U\n{secret}\n", f"ffconcat version 1.0\nfile {secret}\n", "RIFX"):
        (tmp_path / "list.wav").write_text(text)
        with pytest.raises(PromptError, match="none of WAV, MP3"):
            loaded(tmp_path / "list.wav")
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x18ftypM4A " + bytes(100))
    with pytest.raises(PromptError, match="M4A; convert it to WAV"):
        loaded(tmp_path / "a.m4a")
    with av.open(tmp_path / "v.mp4", "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=25, width=32, height=32, pix_fmt="yuv420p")
        container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(PromptError, match="M4A"):
        loaded(tmp_path / "v.mp4")


def test_which_is_read_by_whom() -> None:
    for head in (
        b"",
        b"\xff",
        b"RIFF\0\0\0\0WAVE",
        b"hello, world",
        b"FORM\0\0\0\0ILBM",
        b"\xff\xff\xff\xff",
    ):
        assert demuxer(head) == ""
    assert demuxer(b"\xff\xf1\x50\x80") == "aac" and demuxer(b"\xff\xfb\x90\x00") == "mp3"
