"""A limiter for sums of voices: louder than full scale becomes softer, not clipped.

The factor falls within 2.5 ms where a frame needs it and comes back by some 1 dB in 20 ms, evenly, so that
it is not heard as a click, and loud members are not heard as a buzz.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_FULL: Final = 32_767.0
_ATTACK: Final = 8  # of a frame
_RELEASE: Final = np.float32(1.1)  # times, in one frame


class Limiter:
    def __init__(self, slots: int) -> None:
        self._factor = np.ones(slots, np.float32)
        self._working = False
        "Any factor is below 1."

    def begin(self, slot: int) -> None:
        self._factor[slot] = 1.0

    def process(self, slots: NDArray[np.intp], mixed: NDArray[np.int32]) -> NDArray[np.int16]:
        """Sums of 20 ms, one row for each of `slots`, as samples; `mixed` may be overwritten."""
        if not mixed.size:
            return mixed.astype(np.int16)
        if self._working or mixed.max() > _FULL or mixed.min() < -_FULL - 1:
            self._limit(slots, mixed)
        return mixed.astype(np.int16)

    def _limit(self, slots: NDArray[np.intp], mixed: NDArray[np.int32]) -> None:
        peak = np.maximum(mixed.max(axis=1), -mixed.min(axis=1)).astype(np.float32)
        need = np.minimum(_FULL / np.maximum(peak, 1.0), 1.0).astype(np.float32)
        before = self._factor[slots]
        after = np.minimum(need, before * _RELEASE)
        self._factor[slots] = after
        self._working = bool((self._factor < 1).any())
        rows = np.flatnonzero((before < 1) | (after < 1))
        samples = mixed.shape[1]
        rise = np.arange(1, samples + 1, dtype=np.float32) / samples
        gone = np.where((after < before)[rows, None], np.minimum(rise * _ATTACK, 1.0), rise)
        factor = before[rows, None] + (after - before)[rows, None] * gone
        mixed[rows] = np.clip(np.rint(mixed[rows] * factor), -32768, 32767).astype(np.int32)
