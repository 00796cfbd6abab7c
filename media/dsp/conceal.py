"""Concealment of missing frames: the last pitch period goes on and fades (after ITU-T G.711 Appendix I).

::

    …heard│heard ✗ period period per│iod fading ✗ … silence ✗│crossfade heard│heard…

Unlike Appendix I nothing is delayed: the first repeated sample is brought to where the last one was by
an offset that dies away within 2 ms.
"""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# Numbers of samples are those at 8 kHz.
_FRAME: Final = 160
_SHORTEST: Final = 20  # period in samples: 400 Hz
_LONGEST: Final = 133  # 60 Hz
_COMPARED: Final = 96  # samples, 12 ms, that must look alike one period apart
_FULL: Final = 80  # samples of a gap at full level
_SILENT: Final = 640  # samples after which a gap is silent: 80 ms
_SILENT_FRAMES: Final = _SILENT // _FRAME
_REENTRY: Final = 40  # samples of crossfade back to what is heard: 5 ms


class Concealer:
    """The recent past of every slot, and what to put into its gaps.

    Args:
        rate: of the audio [Hz], 8000 or a multiple of it.
    """

    def __init__(self, slots: int, rate: int = 8_000) -> None:
        times = rate // 8_000
        self._frame = _FRAME * times
        self._shortest, self._longest = _SHORTEST * times, _LONGEST * times
        self._compared = _COMPARED * times
        self._full, self._silent = _FULL * times, _SILENT * times
        self._reentry = _REENTRY * times
        self._settle = np.exp(-np.arange(self._frame) / (4.0 * times)).astype(np.float32)
        self._crossfade = ((np.arange(self._reentry) + 0.5) / self._reentry).astype(np.float32)
        self._past = np.zeros((2, slots, self._frame), np.int16)  # the latest two frames, in turns
        self._latest = np.zeros(slots, np.uint8)  # which of the two is newer
        self._gap = np.zeros(slots, np.uint8)  # frames missing in a row
        self._period = np.full(slots, self._longest, np.int16)
        self._cycle = np.zeros((slots, self._longest), np.float32)
        self._offset = np.zeros(slots, np.float32)

    def process(
        self, rows: NDArray[np.int32], pcm: NDArray[np.int16], missing: NDArray[np.bool_]
    ) -> NDArray[np.int16]:
        """Fill the missing frames of the legs in `rows`, which are different slots.

        Args:
            pcm: shape ``(len(rows), samples of 20 ms)``; what stands in missing rows is not looked at.
            missing: shape ``(len(rows),)``.

        Returns:
            `pcm` itself where nothing had to be done, else a copy.
        """
        gap = self._gap[rows]
        if missing.any() or gap.any():
            pcm = pcm.copy()
            (lost,) = missing.nonzero()
            if len(lost):
                pcm[lost] = self._fill(rows[lost], gap[lost])
            (back,) = ((gap > 0) & ~missing).nonzero()
            if len(back):
                self._rejoin(rows[back], gap[back], pcm, back)
            self._gap[rows] = np.where(missing, np.minimum(gap, _SILENT_FRAMES) + 1, 0)
        latest = self._latest[rows] ^ 1
        self._latest[rows] = latest
        self._past[latest, rows] = pcm
        return pcm

    def patch(self, slot: int, pcm: NDArray[np.int16], there: NDArray[np.bool_]) -> NDArray[np.int16]:
        """What is not `there` of the frame `pcm` that comes next, crossfaded with what is; a copy.

        Args:
            there: shape ``(samples of 20 ms,)`` as `pcm`'s.
        """
        slots = np.array([slot], np.int32)
        gap = self._gap[slots]
        if not gap[0]:
            self._learn(slots)
        repeated = self._repeat(slots, gap, self._frame)[0]
        if not gap[0]:
            repeated += self._offset[slot] * self._settle
        away = np.abs(np.arange(self._frame)[:, None] - np.flatnonzero(~there)).min(axis=1)
        heard = np.clip((away - np.float32(0.5)) / np.float32(self._reentry), 0.0, 1.0)
        return _rounded(repeated + (pcm - repeated) * heard.astype(np.float32))

    def past(self, slot: int) -> NDArray[np.int16]:
        """The latest two frames, ``(2, samples of 20 ms)``."""
        latest = int(self._latest[slot])
        return self._past[[latest ^ 1, latest], slot]

    def recall(self, slot: int, past: NDArray[np.int16]) -> None:
        """Go on from other audio, as `past` gives it."""
        self._latest[slot] = self._gap[slot] = 0
        self._past[[1, 0], slot] = past

    def reset(self, slots: NDArray[np.intp]) -> None:
        """Forget what the slots heard, as at the start of a stream."""
        self._past[:, slots] = 0
        self._gap[slots] = 0
        self._cycle[slots] = 0.0
        self._offset[slots] = 0.0

    def _fill(self, slots: NDArray[np.int32], gap: NDArray[np.uint8]) -> NDArray[np.int16]:
        first = slots[gap == 0]
        if len(first):
            self._learn(first)
        frames = self._repeat(slots, gap, self._frame)
        (fresh,) = (gap == 0).nonzero()
        frames[fresh] += self._offset[slots[fresh], None] * self._settle
        return _rounded(frames)

    def _rejoin(
        self, slots: NDArray[np.int32], gap: NDArray[np.uint8], pcm: NDArray[np.int16], back: NDArray[np.intp]
    ) -> None:
        """Crossfade the rows `back` of `pcm` from the repetition to what is heard again."""
        repeated = self._repeat(slots, gap, self._reentry)
        heard = pcm[back, : self._reentry]
        pcm[back, : self._reentry] = _rounded(repeated + (heard - repeated) * self._crossfade)

    def _learn(self, slots: NDArray[np.int32]) -> None:
        """Find the last pitch period of each slot and make a cycle of it that joins its own start."""
        latest = self._latest[slots]
        past = np.concatenate((self._past[latest ^ 1, slots], self._past[latest, slots]), axis=1)
        past = past.astype(np.float32)
        end = past.shape[1]
        newest = past[:, -self._compared :]
        # Candidates one period back, the longest period first.
        older = sliding_window_view(past, self._compared, axis=1)
        older = older[:, end - self._compared - self._longest : end - self._compared - self._shortest + 1]
        likeness = np.einsum("ijk,ik->ij", older, newest)
        likeness /= np.sqrt(np.einsum("ijk,ijk->ij", older, older) + np.float32(1.0))
        period = self._longest - likeness.argmax(axis=1)
        self._period[slots] = period

        sample = np.arange(self._longest)[None, :]
        source = end - period[:, None] + np.minimum(sample, period[:, None] - 1)
        cycle = np.take_along_axis(past, source, axis=1)
        # The last quarter turns into what came before the cycle, so that the seam is no step.
        blend = np.clip((sample - period[:, None] + period[:, None] // 4 + 1) * 4 / period[:, None], 0.0, 1.0)
        before = np.take_along_axis(past, source - period[:, None], axis=1)
        self._cycle[slots] = cycle + (before - cycle) * blend
        self._offset[slots] = past[:, -1] - np.take_along_axis(past, end - 1 - period[:, None], axis=1)[:, 0]

    def _repeat(self, slots: NDArray[np.int32], gap: NDArray[np.uint8], samples: int) -> NDArray[np.float32]:
        """The next `samples` of the repetition that began `gap` frames ago, one row a slot."""
        position = gap.astype(np.int32)[:, None] * self._frame + np.arange(samples)
        gain = np.clip((self._silent - position) / np.float32(self._silent - self._full), 0.0, 1.0).astype(
            np.float32
        )
        repeated: NDArray[np.float32] = self._cycle[slots[:, None], position % self._period[slots, None]]
        return repeated * gain


def _rounded(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.clip(np.rint(samples), -32768.0, 32767.0).astype(np.int16)
