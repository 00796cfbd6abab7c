"""A prompt or tone as the tick takes it: companded by each law, a frame from any sample on.

Places are samples at 8 kHz, also where the sound is there at 16 kHz as well.

::

    │ frame │ frame │ … │ frame 00│      once: whole frames, the last one filled up
    │ frame │ frame │ … │ fra╎me  │…     looped: its first sample follows its last one, fitted to it
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import as_strided

from media.codec.table import LAWS
from media.dsp.fade import SMOOTHED, joined
from media.frame import FRAME_SAMPLES, Frames, Pcm

_SHORT: Final = 2 * FRAME_SAMPLES
_LEAD: Final = FRAME_SAMPLES  # samples before the seam of a loop


class Track:
    def __init__(self, laws: Sequence[Frames], samples: int, fine: Pcm | None = None) -> None:
        """
        Args:
            laws: by number of the law, whole frames; any shape.
            samples: that are sound; those behind them fill up the last frame.
            fine: the same sound at 16 kHz, twice as many samples; None: there is no more to it.
        """
        self._laws = tuple(np.ascontiguousarray(law).reshape(-1) for law in laws)
        self.samples = samples
        self.length = len(self._laws[0])
        "Samples, filled up to whole frames."
        count = max(0, self.length - FRAME_SAMPLES + 1)
        self.windows = tuple(as_strided(law, (count, FRAME_SAMPLES), (1, 1)) for law in self._laws)
        "By law, shape (samples, 160): the frame from every sample on."
        self._seams: dict[int, Frames] = {}
        self._fine = None if fine is None else fine.reshape(-1)
        self._fine_seam: Pcm | None = None

    @property
    def is_fine(self) -> bool:
        """`fine` has something to give."""
        return self._fine is not None

    def last_plain(self, *, loop: bool) -> int:
        """The last start of a frame that is taken from `windows` and ends nothing; negative: none is."""
        return self.samples - FRAME_SAMPLES if loop else self.length - 2 * FRAME_SAMPLES

    def frame(self, law: int, at: int, *, loop: bool) -> Frames:
        """The 160 bytes from `at` on; silence where nothing is left."""
        if not loop:
            if at >= self.length:
                return np.full(FRAME_SAMPLES, LAWS[law].silence, np.uint8)
            return self._laws[law][at : at + FRAME_SAMPLES]
        if self.samples < _SHORT:
            return self._laws[law][(at + np.arange(FRAME_SAMPLES)) % self.samples]
        into = at - (self.samples - _LEAD)
        return (
            self._laws[law][at : at + FRAME_SAMPLES]
            if into <= 0
            else self._seam(law)[into : into + FRAME_SAMPLES]
        )

    def fine(self, at: int, *, loop: bool) -> Pcm:
        """The 320 samples from `at` on, at 16 kHz."""
        assert self._fine is not None, "only who has more than 8 kHz is asked"
        first, count = 2 * at, 2 * FRAME_SAMPLES
        if not loop:
            if at >= self.length:
                return np.zeros(count, np.int16)
            return self._fine[first : first + count]
        if self.samples < _SHORT:
            return self._fine[(first + np.arange(count)) % (2 * self.samples)]
        into = first - 2 * (self.samples - _LEAD)
        if into <= 0:
            return self._fine[first : first + count]
        if self._fine_seam is None:
            tail = self._fine[2 * (self.samples - _LEAD) : 2 * self.samples]
            self._fine_seam = np.concatenate((tail, joined(tail, self._fine[: 2 * count])))
        return self._fine_seam[into : into + count]

    def after(self, at: int, *, loop: bool) -> int:
        """Where the frame behind the one at `at` begins; a loop goes round when its seam is over."""
        at += FRAME_SAMPLES
        if not loop:
            return at
        if self.samples < _SHORT:
            return at % self.samples
        return at - self.samples if at >= self.samples + SMOOTHED else at

    def clamp(self, at: int, *, loop: bool) -> int:
        """`at` as a start that there is."""
        if loop:
            return at % self.samples if self.samples else 0
        return min(max(at, 0), self.length)

    def _seam(self, law: int) -> Frames:
        """What is heard where the loop goes round: its end, and its beginning fitted to it."""
        seam = self._seams.get(law)
        if seam is None:
            coder, data = LAWS[law], self._laws[law]
            tail, head = data[self.samples - _LEAD : self.samples], data[: 2 * FRAME_SAMPLES]
            fitted = joined(coder.to_linear[tail], coder.to_linear[head])
            seam = np.concatenate((tail, coder.from_linear[fitted.view(np.uint16)]))
            self._seams[law] = seam
        return seam
