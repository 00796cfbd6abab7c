import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from media.dsp.tone import LEVEL_DBOV, LONGEST, cadence

US_RINGBACK = ((440.0, 480.0), ((2.0, 4.0),))
EU_BUSY = ((425.0,), ((0.48, 0.48),))


def level(signal: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(signal.astype(float) ** 2) / 32768**2 + 1e-13))


def strongest(signal: np.ndarray, count: int) -> list[float]:
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal))))
    peaks = [
        index
        for index in range(1, len(spectrum) - 1)
        if spectrum[index] > spectrum[index - 1] and spectrum[index] >= spectrum[index + 1]
    ]
    best = sorted(peaks, key=lambda index: -spectrum[index])[:count]
    return sorted(index * 8000 / len(signal) for index in best)


def test_us_ringback_sounds_two_seconds_of_six() -> None:
    signal = cadence(*US_RINGBACK).reshape(-1)
    assert len(signal) == 6 * 8000
    assert strongest(signal[:16000], 2) == [440.0, 480.0]
    assert level(signal[100:15900]) == pytest.approx(LEVEL_DBOV, abs=0.1)
    assert not signal[16000:].any()


def test_a_beat_of_several_bursts_is_kept() -> None:
    signal = cadence((400.0, 450.0), ((0.4, 0.2), (0.4, 2.0))).reshape(-1)  # United Kingdom
    sounding = [level(signal[start : start + 800]) > -40 for start in range(0, 24000, 800)]
    assert sounding == [True] * 4 + [False] * 2 + [True] * 4 + [False] * 20


def test_a_burst_shorter_than_a_frame_keeps_its_length() -> None:
    signal = cadence((480.0, 620.0), ((0.25, 0.25),)).reshape(-1)
    assert len(signal) == 4000
    assert np.flatnonzero(signal)[-1] in range(1990, 2001)


def test_bursts_begin_and_end_without_a_click() -> None:
    signal = cadence(*EU_BUSY).reshape(-1).astype(int)
    largest = np.abs(np.diff(signal[1000:3000])).max()
    assert np.abs(np.diff(np.concatenate((signal, signal)))).max() <= largest


@pytest.mark.parametrize("frequencies", [(425.0,), (350.0, 440.0), (1004.3,)])
@pytest.mark.parametrize("pattern", [(), ((1.0, 0.0),)])
def test_a_continuous_tone_runs_on_from_round_to_round(
    frequencies: tuple[float, ...], pattern: tuple[tuple[float, float], ...]
) -> None:
    signal = cadence(frequencies, pattern).reshape(-1).astype(int)
    inside = np.abs(np.diff(signal, 2)).max()
    assert np.abs(np.diff(np.concatenate((signal[-3:], signal[:3])), 2)).max() <= inside + 2


@given(
    st.lists(st.floats(allow_nan=True), max_size=4),
    st.lists(st.tuples(st.floats(allow_nan=True), st.floats(allow_nan=True)), max_size=4),
)
@example([425.0], [(1e305, 1.0)])
def test_any_numbers_make_some_frames(frequencies: list[float], pattern: list[tuple[float, float]]) -> None:
    frames = cadence(tuple(frequencies), tuple(pattern))
    assert 1 <= len(frames) <= LONGEST * 50 and frames.shape[1] == 160 and frames.dtype == np.int16


def test_nothing_audible_is_silence() -> None:
    for frequencies in ((), (0.0,), (math.nan,), (4000.0,)):
        assert not cadence(frequencies, ((1.0, 1.0),)).any()
