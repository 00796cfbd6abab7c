"""Fading a frame in or out, so that playout which starts or breaks off does not click."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_LENGTH: Final = 80  # samples: 10 ms at 8 kHz
SMOOTHED: Final = _LENGTH
"Samples that `joined` changes at most."
_QUIET: Final = 64  # a step that nobody hears as a click


def _rise(samples: int) -> NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(samples) + 0.5) / samples)).astype(np.float32)


_FALL: Final = _rise(_LENGTH)[::-1].copy()
_RISES: Final = {times * 2 * _LENGTH: _rise(times * _LENGTH) for times in (1, 2)}
"By the samples of a frame: at 8 and 16 kHz."


def fade_in(pcm: NDArray[np.int16]) -> NDArray[np.int16]:
    """`pcm`, shape ``(rows, samples of 20 ms)`` at 8 or 16 kHz, rising from silence over 10 ms; a copy."""
    faded, rise = pcm.copy(), _RISES[pcm.shape[1]]
    faded[:, : len(rise)] = pcm[:, : len(rise)] * rise
    return faded


def ramped(
    pcm: NDArray[np.int16], before: NDArray[np.float32], after: NDArray[np.float32]
) -> NDArray[np.int16]:
    """Rows whose factor goes evenly from `before` to `after`, each shape ``(rows,)``; a clipped copy."""
    rise = np.arange(1, pcm.shape[1] + 1, dtype=np.float32) / pcm.shape[1]
    factor = before[:, None] + (after - before)[:, None] * rise
    louder: NDArray[np.int16] = np.clip(np.rint(pcm * factor), -32768, 32767).astype(np.int16)
    return louder


def fade_out(pcm: NDArray[np.int16]) -> NDArray[np.int16]:
    """`pcm`, shaped as in `fade_in`, falling over its first 10 ms and silent after them; a copy."""
    faded, rise = np.zeros_like(pcm), _RISES[pcm.shape[1]]
    faded[:, : len(rise)] = pcm[:, : len(rise)] * rise[::-1]
    return faded


def joined(before: NDArray[np.int16], after: NDArray[np.int16]) -> NDArray[np.int16]:
    """`after`, one-dimensional as `before` is, so that it follows without a click; a copy if it is changed.

    A step that is larger than any of the 10 ms on either side is spread over `after`'s first 10 ms.
    """
    step = int(after[0]) - int(before[-1])
    around = (before[-SMOOTHED:], after[:SMOOTHED])
    if abs(step) <= max(int(np.abs(np.diff(side.astype(np.int32))).max(initial=_QUIET)) for side in around):
        return after
    fitted = after.astype(np.float32)
    fitted[:SMOOTHED] -= step * _FALL[: len(after)]
    clipped: NDArray[np.int16] = np.clip(np.rint(fitted), -32768, 32767).astype(np.int16)
    return clipped
