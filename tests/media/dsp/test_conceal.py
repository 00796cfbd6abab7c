from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.dsp.conceal import Concealer
from tests.support.sound import Pcm, at_level, frames, noise
from tests.support.speech import speech

SLOT = np.array([1], np.int32)


def vowel(pitch: float, seconds: float = 1.0) -> Pcm:
    n = np.arange(int(8000 * seconds))
    harmonics = [np.sin(2 * np.pi * pitch * h * n / 8000 + h) / h for h in range(1, int(3400 / pitch))]
    return at_level(np.add.reduce(harmonics), -18)


def conceal(signal: Pcm, missing: set[int]) -> Pcm:
    """What is heard of `signal` when these frames are lost; what arrives in their place is garbage."""
    concealer = Concealer(2)
    heard = []
    for index, frame in enumerate(frames(signal)):
        lost = index in missing
        arrived = np.full((1, 160), 12345, np.int16) if lost else frame[None, :]
        heard.append(concealer.process(SLOT, arrived, np.array([lost]))[0])
    return np.concatenate(heard)


def snr(signal: Pcm, heard: Pcm, frame: int, samples: int = 160) -> float:
    part = slice(frame * 160, frame * 160 + samples)
    wanted, got = signal[part].astype(float), heard[part].astype(float)
    return float(10 * np.log10(np.sum(wanted**2) / (np.sum((wanted - got) ** 2) + 1)))


@pytest.mark.parametrize("pitch", [80, 100, 155.3, 212.7, 330])
def test_the_first_10_ms_of_a_gap_in_a_vowel_are_hardly_different(pitch: float) -> None:
    signal = vowel(pitch)
    assert snr(signal, conceal(signal, {20}), 20, 80) > 15


@pytest.mark.parametrize("pitch", [100, 212.7])
def test_neither_gap_nor_return_makes_a_step(pitch: float) -> None:
    signal = vowel(pitch)
    for missing in ({20}, {20, 21}, set(range(20, 26))):
        heard = conceal(signal, missing).astype(int)
        assert np.abs(np.diff(heard)).max() <= 1.15 * np.abs(np.diff(signal.astype(int))).max()


def test_a_long_gap_fades_to_silence_within_80_ms() -> None:
    heard = conceal(vowel(120), set(range(20, 40)))
    rms = [np.sqrt(np.mean(frame.astype(float) ** 2)) for frame in frames(heard)[19:26]]
    assert all(later < earlier for earlier, later in pairwise(rms[1:5]))
    assert not heard[24 * 160 : 40 * 160].any()


def test_what_is_heard_again_is_unchanged_after_5_ms() -> None:
    signal = vowel(120)
    heard = conceal(signal, {20, 21})
    assert (heard[22 * 160 + 40 :] == signal[22 * 160 + 40 :]).all()
    assert (heard[: 20 * 160] == signal[: 20 * 160]).all()


def test_speech_with_one_frame_in_ten_lost_is_better_than_with_silence_in_its_place() -> None:
    signal = at_level(speech("My number is one two three four five."), -20)
    signal = frames(signal).reshape(-1)
    lost = set(range(5, len(signal) // 160, 10))
    silent = frames(signal).copy()
    silent[list(lost)] = 0

    def error(heard: Pcm) -> float:
        # Of short-time spectra: a repetition need not be in step to sound right.
        windows = [np.abs(np.fft.rfft(frames(x).astype(float) * np.hanning(160))) for x in (signal, heard)]
        return float(np.mean(np.abs(np.log(windows[0] + 100) - np.log(windows[1] + 100))[list(lost)]))

    assert error(conceal(signal, lost)) < 0.6 * error(silent.reshape(-1))


def test_a_gap_before_anything_was_heard_is_silence() -> None:
    assert not conceal(np.zeros(1600, np.int16), {0, 1, 2}).any()


def test_nothing_missing_returns_the_frames_themselves() -> None:
    concealer = Concealer(2)
    pcm = frames(noise(0.02))
    assert concealer.process(SLOT, pcm, np.array([False])) is pcm


def test_rows_are_concealed_apart() -> None:
    concealer = Concealer(5)
    rows = np.array([4, 0, 2], np.int32)
    legs = np.stack([frames(vowel(pitch)) for pitch in (100, 150, 220)])
    missing = np.array([[index == 20, False, index in (20, 21)] for index in range(50)])
    heard = np.stack([concealer.process(rows, legs[:, i].copy(), missing[i]) for i in range(50)], axis=1)
    assert (heard[0].reshape(-1) == conceal(legs[0].reshape(-1), {20})).all()
    assert (heard[1] == legs[1]).all()
    assert (heard[2].reshape(-1) == conceal(legs[2].reshape(-1), {20, 21})).all()


def test_reset_forgets_one_slot() -> None:
    concealer = Concealer(3)
    rows = np.array([1, 2], np.int32)
    concealer.process(rows, np.full((2, 160), 9000, np.int16), np.array([False, False]))
    concealer.reset(np.array([1]))
    heard = concealer.process(rows, np.zeros((2, 160), np.int16), np.array([True, True]))
    assert not heard[0].any() and heard[1].any()


@settings(max_examples=30)
@given(st.lists(st.booleans(), min_size=1, max_size=300), st.integers(0, 99))
def test_any_pattern_of_loss_leaves_whole_frames_alone(pattern: list[bool], seed: int) -> None:
    signal = noise(len(pattern) * 0.02, -3, seed)
    lost = {index for index, missing in enumerate(pattern) if missing}
    heard = frames(conceal(signal, lost))
    for index, frame in enumerate(frames(signal)):
        if index not in lost:
            assert (heard[index, 40:] == frame[40:]).all()


@pytest.mark.parametrize("missing", [slice(0, 80), slice(80, 160), slice(40, 120)])
def test_of_a_frame_that_came_in_part_the_rest_is_filled_and_what_came_is_heard(missing: slice) -> None:
    signal = vowel(155.3)
    concealer, every = Concealer(2), frames(signal)
    for frame in every[:10]:
        concealer.process(SLOT, frame[None, :], np.array([False]))
    there = np.ones(160, np.bool_)
    there[missing] = False
    patched = concealer.patch(1, np.where(there, every[10], 12345).astype(np.int16), there)
    assert snr(np.concatenate(every[:11]), np.concatenate((*every[:10], patched)), 10) > 12
    away = np.abs(np.arange(160)[:, None] - np.flatnonzero(~there)).min(axis=1)
    assert (patched[away > 40] == every[10][away > 40]).all()
    assert (concealer.process(SLOT, patched[None, :], np.array([False]))[0] == patched).all()
