"""Who talks in a room: a leg that is louder than its own noise has lately been.

For the eyes of whoever looks after the room. It interrupts nobody, so it is far cheaper than `vad.py` and may
take whistling or music for talk, as the detectors of conferences do; noise, hum and held tones become
the leg's noise within a second.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.blank import Blank
from media.frame import Mask, Pcm, Slots

LOUDER: Final = np.float32(6.0)
"Times the mean square of the noise (8 dB): talk."
QUIETEST: Final = np.float32(130.0**2)
"Mean square that is never talk: −48 dBov."
BEGINS: Final = np.float32(5.0)
"Loud frames that make a beginning, if few softer ones are among them: 100 ms."
_FADE: Final = np.float32(0.5)
"Of a loud frame that a softer one takes away."
NOISE_FRAMES: Final = 25
"""Whoever talks is softer for a moment in so many frames: the noise is the quietest of the last ones, one to
two times as many."""


class Talkers:
    """Talk on every slot; a slot's frames are expected every 20 ms."""

    def __init__(self, slots: int, *, release: float) -> None:
        """Args: release: time without a loud frame that ends talk [s]."""
        self.speaking = np.zeros(slots, np.bool_)
        self.onset = np.zeros(slots)
        "Arrival of the first loud frame of the latest talk [s]."
        self.heard = np.zeros(slots)
        "Arrival of the latest loud frame [s]."
        self._release = release
        self._points = np.zeros(slots, np.float32)
        self._quietest = np.full(slots, np.inf, np.float32)
        "Mean square, of the frames in `_frames`."
        self._before = np.full(slots, np.inf, np.float32)
        "The same of the `NOISE_FRAMES` before them."
        self._frames = np.zeros(slots, np.int64)
        self._blank = Blank(vars(self))

    def process(self, rows: Slots, pcm: Pcm, now: float) -> tuple[Slots, Slots]:
        """Take one frame of each leg in `rows`, which are different slots.

        Args:
            pcm: shape (len(rows), 160), 8 kHz.
            now: when these frames arrived [s].

        Returns:
            The slots where talk started and those where it stopped.
        """
        # Every other sample: what folds down has its energy all the same.
        samples = pcm[:, ::2].astype(np.float32)
        energy = np.einsum("ij,ij->i", samples, samples) * np.float32(1 / samples.shape[1])
        quietest = np.minimum(self._quietest[rows], energy)
        loud: Mask = energy > np.maximum(np.minimum(quietest, self._before[rows]) * LOUDER, QUIETEST)
        self._follow(rows, quietest)

        points = self._points[rows]
        self.onset[rows[loud & (points == 0) & ~self.speaking[rows]]] = now
        points = np.clip(np.where(loud, points + 1, points - _FADE), 0, BEGINS)
        self._points[rows] = points
        self.heard[rows[loud]] = now
        speaking = self.speaking[rows]
        started = rows[~speaking & (points >= BEGINS)]
        self.speaking[started] = True
        stopped = rows[speaking]
        stopped = stopped[now - self.heard[stopped] >= self._release]
        self.speaking[stopped] = False
        return started, stopped

    def reset(self, slot: int) -> None:
        """Forget the slot, as at the start of a call."""
        self._blank.reset(np.array([slot]))

    def _follow(self, rows: Slots, quietest: NDArray[np.float32]) -> None:
        frames = self._frames[rows] + 1
        full = frames == NOISE_FRAMES
        if full.any():
            self._before[rows[full]] = quietest[full]
            quietest[full] = np.inf
            frames[full] = 0
        self._frames[rows] = frames
        self._quietest[rows] = quietest
