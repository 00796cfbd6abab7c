import json

import numpy as np
import pytest

from media.dsp.gate import TONE, TRAITS
from media.dsp.voice import COLUMNS, FIGURES, MEMORIES, WEIGHTS, Likeness, figures

BAND = 6
"Column of a frame with the share of the lowest band."
BAND_MEAN = 17 + MEMORIES


def window(*, glide: float = 0.0, points: int = 10) -> np.ndarray:
    """Twelve loud frames with pitch, whose period grows by `glide` a frame."""
    frames = np.zeros((1, 12, COLUMNS), np.float32)
    frames[:, :, 0] = 1.0
    frames[:, :, 1] = 50.0
    frames[:, :, 2] = 0.9
    frames[:, :, 3] = 30 * (1 + glide) ** np.arange(12)
    frames[:, :, TRAITS] = points
    return frames


def test_the_weights_fit_the_figures() -> None:
    stored = json.loads(WEIGHTS.read_text())
    assert np.shape(stored["first"])[0] == len(stored["mean"]) == FIGURES
    assert Likeness().score(np.zeros((3, FIGURES), np.float32)).shape == (3,)


def test_a_held_pitch_a_glide_and_a_jump_are_told_apart() -> None:
    memory = np.zeros((1, MEMORIES), np.float32)
    still, glide, jump = (figures(window(glide=by), memory)[0] for by in (0.0, 0.05, 0.2))
    assert (still[12], glide[12], jump[12]) == (11, 0, 0)
    assert (still[13], glide[13], jump[13]) == (0, 0, 11)


def test_frames_of_silence_have_no_figures() -> None:
    found = figures(np.zeros((1, 12, COLUMNS), np.float32), np.zeros((1, MEMORIES), np.float32))
    assert found.shape == (1, FIGURES) and np.isfinite(found).all()


def test_tones_count_as_such() -> None:
    found = figures(window(points=TONE), np.zeros((1, MEMORIES), np.float32))
    assert found[0, 2] == 12 and found[0, 0] == 0


def test_a_loud_frames_bands_are_told_and_a_silent_ones_are_not() -> None:
    memory = np.zeros((1, MEMORIES), np.float32)
    heard = window()
    heard[:, 6:, 0] = heard[:, 6:, TRAITS] = 0.0
    heard[:, :6, BAND] = 0.5
    low = figures(heard, memory)
    heard[:, 6:, BAND] = 0.9
    np.testing.assert_array_equal(figures(heard, memory)[:, BAND_MEAN], low[:, BAND_MEAN])
    heard[:, :6, BAND] = 0.05
    assert figures(heard, memory)[0, BAND_MEAN] == pytest.approx(low[0, BAND_MEAN] - 1.0, abs=0.02)
