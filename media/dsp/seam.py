"""Seams: how audio goes on that breaks off in the midst of a wave, and what comes instead, without a click.

What breaks off rings out: the two poles that predict its last 3 ms best run on by themselves, fading over
10 ms, while what comes instead rises. So a tone goes on as that tone, a sibilant as a sibilant, and neither
leaves a thump behind it as an offset that dies away would. What begins out of silence in the midst of a wave
rises over 5 ms.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

TAIL: Final = 24
"Samples of the past that are looked at, at 8 kHz; twice as many at 16 kHz."
_FRAME: Final = 160
_FALL: Final = 80  # samples: 10 ms at 8 kHz
_RISE: Final = 40
_ROUGH: Final = 2.0  # times what bends by itself, with the noise of companding in both
_AMID: Final = 1.25  # times its steepest rise
_QUIET: Final = 64  # a step that nobody hears as a click
_RIDGE: Final = 2e-4
_LEAST_POLE: Final = 0.05


def carried_on(before: NDArray[np.int16], after: NDArray[np.int16]) -> NDArray[np.int16]:
    """Rows of `after` so that each goes on from what was `before` it.

    A row that fits, or bends as much by itself, is left alone: nobody hears the seam. So is the beginning of
    a sound out of silence, unless it is in the midst of a wave.

    Args:
        before: shape ``(rows, TAIL)`` at 8 kHz or ``(rows, 2 * TAIL)`` at 16 kHz.
        after: shape ``(rows, samples of 20 ms)`` of the same rate.

    Returns:
        `after` itself where nothing had to be done, else a clipped copy.
    """
    past, wide = before[:, -2:].astype(np.float32), after[:, : 2 * _FRAME].astype(np.float32)
    last, rises = past[:, 1], np.diff(wide)
    slope = last - past[:, 0]
    bends = np.abs(np.diff(rises)).max(axis=1)
    kink = np.maximum(np.abs(last + slope - wide[:, 0]), np.abs(wide[:, 1] - 2 * wide[:, 0] + last))
    broken = kink > _ROUGH * np.maximum(bends, _QUIET)
    silent = np.abs(before).max(axis=1) <= _QUIET
    steep = np.abs(rises).max(axis=1)
    onset = np.maximum(np.abs(wide[:, 0]), np.abs(wide[:, 1] - 2 * wide[:, 0]))
    begins = silent & (onset > _AMID * np.maximum(steep, _QUIET))
    broken &= ~silent
    if not (broken.any() or begins.any()):
        return after
    times = after.shape[1] // _FRAME
    wide[begins, : times * _RISE] *= _half_wave(times * _RISE)
    falling = np.flatnonzero(broken)
    rise = _half_wave(times * _FALL)
    ringing, head = _rung_out(before[falling], len(rise)), wide[falling, : len(rise)]
    wide[falling, : len(rise)] = ringing + (head - ringing) * rise
    carried: NDArray[np.int16] = np.clip(np.rint(wide), -32768, 32767).astype(np.int16)
    return carried


def fading(last: NDArray[np.int16]) -> NDArray[np.int16]:
    """The 20 ms behind a frame, shape ``(160,)`` or ``(320,)``, that nothing follows."""
    tail = last[None, -TAIL * (len(last) // _FRAME) :]
    gone: NDArray[np.int16] = carried_on(tail, np.zeros((1, len(last)), np.int16))[0]
    return gone


def _rung_out(tail: NDArray[np.int16], samples: int) -> NDArray[np.float32]:
    """How each row of `tail` goes on, shape ``(rows, samples)``."""
    past = tail.astype(np.float64)
    next_, one, two = past[:, 2:], past[:, 1:-1], past[:, :-2]
    within = np.einsum("ij,ij->i", one, one) * (1 + _RIDGE) + 1.0
    across = np.einsum("ij,ij->i", one, two)
    earlier = np.einsum("ij,ij->i", two, two) * (1 + _RIDGE) + 1.0
    by_one, by_two = np.einsum("ij,ij->i", next_, one), np.einsum("ij,ij->i", next_, two)
    size = within * earlier - across * across
    first = (by_one * earlier - by_two * across) / size
    second = (by_two * within - by_one * across) / size
    root = np.sqrt((first * first + 4 * second).astype(np.complex128))
    # Two equal ones could not be told apart.
    root = np.where(np.abs(root) < _LEAST_POLE, _LEAST_POLE * 1j, root)
    poles = np.stack(((first + root) / 2, (first - root) / 2))
    poles /= np.maximum(np.abs(poles), 1.0)
    poles = np.where(np.abs(poles) < _LEAST_POLE, _LEAST_POLE, poles)
    back = 1 / poles
    apart = np.where(np.abs(back[0] - back[1]) < 1e-6, 1e-6, back[0] - back[1])
    share = (past[:, -2] - past[:, -1] * back[1]) / apart
    shares = np.stack((share, past[:, -1] - share))
    powers = poles[:, :, None] ** np.arange(1, samples + 1)
    peak = np.abs(past).max(axis=1, keepdims=True)
    ringing: NDArray[np.float64] = (shares[:, :, None] * powers).sum(axis=0).real
    return np.clip(ringing, -peak, peak).astype(np.float32)


def _half_wave(samples: int) -> NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(samples) + 0.5) / samples)).astype(np.float32)
