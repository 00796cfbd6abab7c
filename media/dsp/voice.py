"""Do these 240 ms sound like a voice, or like music? The last word on a beginning of speech.

::

    12 frames of traits, points ─┐ means, counts ─▶ 20 figures ─▶ 16 tanh ─▶ one score
    2 s of memory ───────────────┘

Rules by hand catch held tones; music with drums and plucked strings is held for 60 ms at a time. What sets a
voice apart is how its figures go together: its pitch glides, neither still nor jumping, its spectrum moves
between syllables, its level too. The weights (`voice.json`) come from `python -m tests.bench.voice_training`,
made with the even seeds of `tests/support/labelled.py`; `python -m tests.bench.voice` judges with odd ones.
"""

import json
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.dsp.gate import TONE, TRAITS, UNVOICED

Floats = NDArray[np.float32]

COLUMNS: Final = TRAITS + 2
"Of a frame: the gate's traits, its points after webrtcvad, 1 where webrtcvad took them away."
FIGURES: Final = 20
MEMORIES: Final = 3
"Shares of the last frames, the older the less: tones, loud ones, voiced ones."
WEIGHTS: Final = Path(__file__).with_name("voice.json")
ENOUGH: Final = np.float32(2.0)
"A score from which on it is a voice."

_PITCHED: Final = 0.5  # share of the power that comes again after a period
_STILL: Final = 0.02  # of a period: less than a note's vibrato
_JUMP: Final = 0.15  # more than a voice glides in 20 ms
_LEAP: Final = np.float32(0.3)  # the most that one glide counts
_LITTLE: Final = np.float32(1e-6)  # to divide by where nothing was found


def figures(frames: Floats, memory: Floats) -> Floats:
    """Shape (k, FIGURES).

    Args:
        frames: shape (k, frames, COLUMNS), oldest first.
        memory: shape (k, MEMORIES).
    """
    loud, level, period, lag, alike_20, alike, points, vetoed = frames.transpose(2, 0, 1)
    pitched = period > _PITCHED
    both = pitched[:, 1:] & pitched[:, :-1]
    pitch = np.log(np.maximum(lag, 1.0))
    glide = np.abs(pitch[:, 1:] - pitch[:, :-1])
    # All that is summed over the frames lies in one array: there are few rows, and each call costs.
    parts = np.zeros((18, *lag.shape), np.float32)
    parts[0] = points * (points > UNVOICED)
    parts[1] = (points > 0) & (points <= UNVOICED)
    parts[2] = points == TONE
    parts[3] = vetoed
    np.multiply(alike, pitched, out=parts[4])
    np.multiply(alike_20, pitched, out=parts[5])
    np.multiply(alike, loud, out=parts[6])
    np.multiply(alike_20, loud, out=parts[7])
    np.multiply(period, loud, out=parts[8])
    parts[9] = pitched
    parts[10] = loud
    np.multiply(np.minimum(glide, _LEAP), both, out=parts[11, :, 1:])
    parts[12, :, 1:] = both & (glide < _STILL)
    parts[13, :, 1:] = both & (glide > _JUMP)
    parts[14, :, 1:] = np.abs(level[:, 1:] - level[:, :-1]) * (loud[:, 1:] * loud[:, :-1])
    np.multiply(level, loud, out=parts[15])
    np.multiply(lag, pitched, out=parts[16])
    parts[17, :, 1:] = both
    found = parts.sum(axis=2)
    pitches, louds, pairs = (np.maximum(found[row], _LITTLE) for row in (9, 10, 17))
    found[4:6] /= pitches
    found[6:9] /= louds
    found[11] /= pairs
    found[14] /= louds
    found[15] = level.max(axis=1) - found[15] / louds
    found[16] /= pitches
    return np.concatenate((found[:17].T, memory), axis=1)


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
        hidden = np.tanh((figures - self._mean) * self._scale @ self._first + self._first_bias)
        scores: Floats = hidden @ self._second + self._bias
        return scores
