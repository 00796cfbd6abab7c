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


def figures(frames: Floats, memory: Floats) -> Floats:
    """Shape (k, FIGURES).

    Args:
        frames: shape (k, frames, COLUMNS), oldest first.
        memory: shape (k, MEMORIES).
    """
    loud, level, period, lag, alike_20, alike = np.moveaxis(frames[:, :, :TRAITS], 2, 0)
    points, vetoed = frames[:, :, TRAITS], frames[:, :, TRAITS + 1]
    pitched = period > _PITCHED
    glide = np.abs(np.diff(np.log(np.maximum(lag, 1.0)), axis=1))
    both = pitched[:, 1:] & pitched[:, :-1]
    step = np.abs(np.diff(level, axis=1)) * (loud[:, 1:] * loud[:, :-1])
    louds, pitches, pairs = (_count(x) for x in (loud > 0, pitched, both))
    found = (
        (points * (points > UNVOICED)).sum(axis=1),
        ((points > 0) & (points <= UNVOICED)).sum(axis=1),
        (points == TONE).sum(axis=1),
        vetoed.sum(axis=1),
        (alike * pitched).sum(axis=1) / pitches,
        (alike_20 * pitched).sum(axis=1) / pitches,
        (alike * loud).sum(axis=1) / louds,
        (alike_20 * loud).sum(axis=1) / louds,
        (period * loud).sum(axis=1) / louds,
        pitches,
        louds,
        (np.minimum(glide, 0.3) * both).sum(axis=1) / pairs,
        (both & (glide < _STILL)).sum(axis=1),
        (both & (glide > _JUMP)).sum(axis=1),
        step.sum(axis=1) / louds,
        level.max(axis=1) - (level * loud).sum(axis=1) / louds,
        (lag * pitched).sum(axis=1) / pitches,
    )
    return np.concatenate([np.stack(found, axis=1), memory], axis=1).astype(np.float32)


def _count(true: NDArray[np.bool_]) -> NDArray[np.float64]:
    """At least a little, to divide by."""
    counted: NDArray[np.float64] = true.sum(axis=1) + 1e-6
    return counted


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
