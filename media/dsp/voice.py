"""Do these 240 ms sound like a voice, or like music? The first word on a beginning of speech.

::

    12 frames of traits, points ─┬ means, counts ─────────────────┐
                                 ├ bands: mean, spread, change ───┼▶ 144 figures ─▶ 32 tanh ─▶ one score
                                 ├ as they are, but the bands ────┤
    2 s of memory ───────────────┴────────────────────────────────┘

Rules by hand catch held tones; music with drums and plucked strings is held for 60 ms at a time. What sets a
voice apart is how its figures go together: its pitch glides, neither still nor jumping, its spectrum moves
between syllables, its level too. The weights (`voice.json`) come from `python -m tests.bench.voice_training`,
made with the even seeds of `tests/support/labelled.py` and with recordings; `python -m tests.bench.voice`
judges with odd ones.
"""

import json
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.dsp.gate import BANDS, TONE, TRAITS, UNVOICED

Floats = NDArray[np.float32]

COLUMNS: Final = TRAITS + 2
"Of a frame: the gate's traits, its points after webrtcvad, 1 where webrtcvad took them away."
FRAMES: Final = 12
"That are judged together."
MEMORIES: Final = 3
"Shares of the last frames, the older the less: tones, loud ones, voiced ones."
FIGURES: Final = 17 + MEMORIES + 4 * (len(BANDS) - 1) + 8 * FRAMES
WEIGHTS: Final = Path(__file__).with_name("voice.json")
ENOUGH: Final = np.float32(0.5)
"A score from which on `timbre.py` is asked: most of the music never comes so far."
FAR: Final = np.float32(6.0)
"Deviations from the mean; what is rarer says no more."
_BANDS: Final = TRAITS - len(BANDS) + 1  # the first column of theirs
_PITCHED: Final = 0.5  # share of the power that comes again after a period
_STILL: Final = 0.02  # of a period: less than a note's vibrato
_JUMP: Final = 0.15  # more than a voice glides in 20 ms
_LEAP: Final = np.float32(0.3)  # the most that one glide counts
_FAINT: Final = np.float32(1e-3)  # share of the power below which a band is silent
_LITTLE: Final = np.float32(1e-6)  # to divide by where nothing was found


def figures(frames: Floats, memory: Floats) -> Floats:
    """Shape (k, FIGURES).

    Args:
        frames: shape (k, FRAMES, COLUMNS), oldest first.
        memory: shape (k, MEMORIES).
    """
    columns = frames.transpose(2, 0, 1)
    loud, level, period, lag, alike_20, alike = columns[:_BANDS]
    points, vetoed = columns[TRAITS:]
    pitched = period > _PITCHED
    both = pitched[:, 1:] & pitched[:, :-1]
    follow = loud[:, 1:] * loud[:, :-1]
    pitch = np.log(np.maximum(lag, np.float32(1.0)))
    glide = np.abs(pitch[:, 1:] - pitch[:, :-1])
    told = frames.copy()
    bands = told[:, :, _BANDS:TRAITS]
    bands += _FAINT
    np.log10(bands, out=bands)
    # There are few rows, and each call costs: what is summed alike over the frames is summed at once.
    masks = np.empty((len(frames), 2, FRAMES), np.float32)
    masks[:, 0], masks[:, 1] = loud, pitched
    means = masks @ told
    louds, pitches = means[:, 0, 0].copy(), means[:, 1, 0].copy()
    means /= np.maximum(means[:, :, :1], _LITTLE)
    of_loud, of_pitched = means[:, 0], means[:, 1]
    parts = np.zeros((9, *lag.shape), np.float32)
    np.multiply(points, points > UNVOICED, out=parts[0])
    parts[1] = (points > 0) & (points <= UNVOICED)
    parts[2] = points == TONE
    parts[3] = vetoed
    np.multiply(np.minimum(glide, _LEAP), both, out=parts[4, :, 1:])
    parts[5, :, 1:] = both & (glide < _STILL)
    parts[6, :, 1:] = both & (glide > _JUMP)
    np.multiply(np.abs(level[:, 1:] - level[:, :-1]), follow, out=parts[7, :, 1:])
    parts[8, :, 1:] = both
    sums = parts.sum(axis=2)
    sums[4] /= np.maximum(sums[8], _LITTLE)
    divisor = np.maximum(louds, _LITTLE)
    sums[7] /= divisor
    peak = level.max(axis=1)
    hand = (
        *(*sums[:4], of_pitched[:, 5], of_pitched[:, 4], of_loud[:, 5], of_loud[:, 4], of_loud[:, 2]),
        *(pitches, louds, *sums[4:8], peak - of_loud[:, 1], of_pitched[:, 3]),
    )
    mean = of_loud[:, _BANDS:TRAITS]
    squares = (masks[:, :1] @ np.square(bands))[:, 0] / divisor[:, None]
    spread = np.sqrt(np.maximum(squares - np.square(mean), 0.0))
    change = (follow[:, None] @ np.abs(bands[:, 1:] - bands[:, :-1]))[:, 0] / divisor[:, None]
    spectral = (mean, spread, of_pitched[:, _BANDS:TRAITS], change)
    below = (level - peak[:, None]) * loud * np.float32(0.1)
    raw = (loud, below, period, pitch * pitched, alike_20, alike, points * np.float32(0.1), vetoed)
    return np.concatenate((np.stack(hand, axis=1), memory, *spectral, *raw), axis=1)


class Likeness:
    """The weights, and what they say."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        stored = json.loads(weights.read_text())
        read = {name: np.array(value, np.float32) for name, value in stored.items()}
        self._mean, self._scale = read["mean"], read["scale"]
        self._first, self._first_bias = read["first"], read["first_bias"]
        self._second, self._bias = read["second"], read["bias"]

    def score(self, figures: Floats) -> Floats:
        """Shape (k,), from shape (k, FIGURES)."""
        scaled = (figures - self._mean) * self._scale
        np.maximum(np.minimum(scaled, FAR, out=scaled), -FAR, out=scaled)
        scores: Floats = np.tanh(scaled @ self._first + self._first_bias) @ self._second + self._bias
        return scores
