import asyncio
import os
from pathlib import Path

import numpy as np
import pytest

import media.prompt
from config.schema import MediaLimits
from media.codec.g711 import LINEAR_TO_ALAW, LINEAR_TO_ULAW
from media.prompt import PromptError, PromptStore
from tests.media.test_wav import fmt, riff


def write(path: Path, samples: np.ndarray, rate: int = 8000, channels: int = 1) -> str:
    data = np.rint(samples).astype("<i2").tobytes()
    path.write_bytes(riff(fmt(1, 16, channels, rate), (b"data", data)))
    return str(path)


def tone(hertz: float, rate: int, seconds: float) -> np.ndarray:
    return 10000 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


async def test_8_khz_samples_come_through_unchanged_in_frames_and_both_laws(tmp_path: Path) -> None:
    samples = np.arange(-500, 500)
    prompt = await PromptStore(MediaLimits()).load(write(tmp_path / "a.wav", samples))
    assert prompt.pcm.shape == prompt.ulaw.shape == prompt.alaw.shape == (7, 160)
    flat = prompt.pcm.reshape(-1)
    assert (flat[:1000] == samples).all() and not flat[1000:].any()
    assert prompt.milliseconds == 125
    assert (prompt.ulaw == LINEAR_TO_ULAW[prompt.pcm.view(np.uint16)]).all()
    assert (prompt.alaw == LINEAR_TO_ALAW[prompt.pcm.view(np.uint16)]).all()
    assert not (prompt.pcm.flags.writeable or prompt.ulaw.flags.writeable or prompt.alaw.flags.writeable)


@pytest.mark.parametrize("rate", [11025, 16000, 22050, 44100, 48000])
async def test_every_rate_keeps_its_pitch_level_and_length(rate: int, tmp_path: Path) -> None:
    prompt = await PromptStore(MediaLimits()).load(write(tmp_path / "a.wav", tone(1000, rate, 1.0), rate))
    assert abs(prompt.milliseconds - 1000) <= 1
    middle = prompt.pcm.reshape(-1)[1000:7000].astype(float)
    assert abs(np.sqrt(2 * np.mean(middle**2)) - 10000) < 50
    assert np.fft.rfft(middle * np.hanning(len(middle))).__abs__().argmax() * 8000 / 6000 == 1000


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
async def test_what_a_file_has_above_4_khz_is_kept_for_wideband_legs(rate: int, tmp_path: Path) -> None:
    both = tone(1000, rate, 0.5) + tone(6000, rate, 0.5)
    prompt = await PromptStore(MediaLimits()).load(write(tmp_path / "a.wav", both, rate))
    assert prompt.fine is not None and prompt.fine.shape == (len(prompt.pcm), 320)
    assert prompt.track.is_fine and not prompt.fine.flags.writeable
    middle = prompt.fine.reshape(-1)[3200:6400].astype(float) * np.hanning(3200)
    power = np.abs(np.fft.rfft(middle))
    assert abs(power[1200] / power[200] - 1) < 0.02, "6 kHz is as loud as 1 kHz"
    low = np.fft.rfft(prompt.pcm.reshape(-1)[1600:3200] * np.hanning(1600))
    assert abs(np.angle(low[200] / np.fft.rfft(middle[::2])[200])) < 0.05, "both are heard at one time"


async def test_a_file_of_8_khz_takes_no_more_memory(tmp_path: Path) -> None:
    store = PromptStore(MediaLimits())
    narrow = await store.load(write(tmp_path / "a.wav", tone(500, 8000, 1.0)))
    broad = await store.load(write(tmp_path / "b.wav", tone(500, 16000, 1.0), 16000))
    assert narrow.fine is None and not narrow.track.is_fine and broad.size == 2 * narrow.size


async def test_stereo_is_mixed(tmp_path: Path) -> None:
    both = np.stack([np.full(160, 3000), np.full(160, 1000)], axis=1).reshape(-1)
    prompt = await PromptStore(MediaLimits()).load(write(tmp_path / "a.wav", both, channels=2))
    assert (prompt.pcm == 2000).all()


async def test_a_loaded_prompt_is_cached_until_its_file_changes(tmp_path: Path) -> None:
    store = PromptStore(MediaLimits())
    path = write(tmp_path / "a.wav", tone(500, 8000, 0.1))
    assert store.cached(path) is None
    first = await store.load(path)
    assert store.cached(path) is first and await store.load(path) is first
    write(tmp_path / "a.wav", tone(500, 8000, 0.2))
    assert store.cached(path) is None
    second = await store.load(path)
    assert second.milliseconds == 200
    os.utime(path, ns=(1, 1))
    assert store.cached(path) is None
    await store.load(path)
    os.unlink(path)
    assert store.cached(path) is None


async def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    store = PromptStore(MediaLimits(prompts=2))
    a, b, c = (write(tmp_path / f"{name}.wav", tone(500, 8000, 0.1)) for name in "abc")
    await store.load(a)
    await store.load(b)
    assert store.cached(a)
    await store.load(c)
    assert store.cached(a) and store.cached(c) and not store.cached(b)


async def test_memory_is_bounded_too(tmp_path: Path) -> None:
    store = PromptStore(MediaLimits(prompt_memory=1_048_576))
    paths = [write(tmp_path / f"{name}.wav", tone(500, 8000, 20)) for name in "abc"]  # 640 kB each
    for path in paths:
        await store.load(path)
    assert [store.cached(path) is not None for path in paths] == [False, False, True]


async def test_many_callers_read_a_file_once_and_one_giving_up_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, reads = PromptStore(MediaLimits()), []
    read = media.prompt._read
    monkeypatch.setattr(media.prompt, "_read", lambda *args: reads.append(args) or read(*args))
    path = write(tmp_path / "a.wav", tone(500, 8000, 0.1))
    loads = [asyncio.ensure_future(store.load(path)) for _ in range(20)]
    await asyncio.sleep(0)
    loads[0].cancel()
    prompts = await asyncio.gather(*loads[1:])
    assert len(reads) == 1 and len({id(prompt) for prompt in prompts}) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"not a wav", "not a sound file that we know"),
        (b"ID3 and no MP3", "decoded as MP3"),
        (riff(fmt(1, 16)), "no samples"),
    ],
)
async def test_says_why_a_prompt_cannot_be_played(content: bytes | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    store = PromptStore(MediaLimits())
    for _ in range(2):
        with pytest.raises(PromptError, match=reason) as caught:
            await store.load(str(path))
        assert caught.value.path == str(path)


async def test_odd_paths_are_errors_of_the_prompt(tmp_path: Path) -> None:
    store = PromptStore(MediaLimits())
    for path in (str(tmp_path), "", "a\0b", "x" * 5000):
        with pytest.raises(PromptError):
            await store.load(path)


async def test_too_long_is_refused_by_time_and_by_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(500, 8000, 5))
    with pytest.raises(PromptError, match="longer than 2 s"):
        await PromptStore(MediaLimits(prompt_seconds=2)).load(path)
    with pytest.raises(PromptError, match="longer than 65536 bytes"):
        await PromptStore(MediaLimits(prompt_bytes=65_536)).load(path)


async def test_an_empty_prompt_has_no_frames(tmp_path: Path) -> None:
    prompt = await PromptStore(MediaLimits()).load(write(tmp_path / "a.wav", np.zeros(0)))
    assert prompt.pcm.shape == (0, 160) and prompt.milliseconds == 0
