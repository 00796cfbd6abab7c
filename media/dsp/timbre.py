"""Does this second sound like a voice, or like music? The last word on a beginning of speech.

::

    1 s ─▶ spectra of 32 ms, every 20 ms ─▶ 24 bands ─▶ three convolutions over time ─┐
    score of `voice.py` ──────────────────────────────────────────────────────────────┴▶ 32 tanh ─▶ one score

`voice.py` sees 240 ms below 2 kHz as a dozen figures a frame; singing, brass and plucked strings pass it now
and then. How all of the band goes on through a whole second tells them from somebody who begins to talk. This
costs 0.2 ms, so it is asked only about what `voice.py` has let pass. The weights (`timbre.npz`) come from
`python -m tests.bench.timbre_training`; `python -m tests.bench.voice` judges.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from media.frame import FRAME_SAMPLES

Floats = NDArray[np.float32]

FRAMES: Final = 50
"That are judged together: 1 s."
WEIGHTS: Final = Path(__file__).with_name("timbre.npz")
SURE: Final = np.float32(1.0)
"A score from which on it is a voice."
BANDS: Final = 24
WINDOW: Final = 256
"Samples of one spectrum: 32 ms."
HOP: Final = 160
SPECTRA: Final = (FRAMES * FRAME_SAMPLES - WINDOW) // HOP + 1
CONVOLUTIONS: Final = 3
STRIDE: Final = 2
"Of each convolution, in time."
_LOWEST, _HIGHEST = 100.0, 3800.0  # [Hz] of the bands' edges
_FAINT: Final = np.float32(3e3)  # power of a band below which it is silent
_RANGE: Final = np.float32(0.25)  # one over the decades of power that the figures span
_SHARE: Final = np.float32(0.3)  # brings scores of `voice.py` to about one
_SPARE: Final = (FRAMES * FRAME_SAMPLES - WINDOW) % HOP  # oldest samples in no spectrum


class Timbre:
    """The latest second of every slot, and the weights that say what it is."""

    def __init__(self, slots: int, weights: Path | None = WEIGHTS) -> None:
        """
        Args:
            weights: None for who asks what is `seen`, and for no score.
        """
        self._sound = np.zeros((slots, FRAMES, FRAME_SAMPLES), np.int16)
        self._next = np.zeros(slots, np.intp)  # place of the oldest frame
        self._heard = np.zeros(slots, np.bool_)  # since the last reset
        self._bands = _band_matrix()
        self._window = np.hanning(WINDOW + 2)[1:-1].astype(np.float32)
        self._weights: dict[str, Floats] = {}
        if weights is not None:
            with np.load(weights) as stored:
                self._weights = {name: stored[name].astype(np.float32) for name in stored.files}

    def hear(self, rows: NDArray[np.int32], pcm: NDArray[np.int16]) -> None:
        """Keep one frame of each leg in `rows`, which are different slots; shape ``(len(rows), 160)``."""
        place = self._next[rows]
        self._sound[rows, place] = pcm
        place += 1
        place[place == FRAMES] = 0
        self._next[rows] = place
        self._heard[rows] = True

    def reset(self, slot: int) -> None:
        """Forget what the slot heard; one that heard nothing has no memory yet, and needs none."""
        if self._heard[slot]:
            self._sound[slot] = 0
            self._heard[slot] = False

    def seen(self, slots: NDArray[np.int32]) -> Floats:
        """Shape (k, SPECTRA, BANDS): powers of the latest second, 0.5 for the greatest, -1 for the least."""
        seen = np.empty((len(slots), SPECTRA, BANDS), np.float32)
        # One by one: what one needs stays in the cache.
        for one, slot in zip(seen, slots.tolist(), strict=True):
            sound = np.roll(self._sound[slot], -int(self._next[slot]), axis=0).reshape(-1)[_SPARE:]
            spectra = np.fft.rfft(sliding_window_view(sound, WINDOW)[::HOP] * self._window)
            power = np.square(spectra.real) + np.square(spectra.imag)
            np.log10(power @ self._bands + _FAINT, out=one)
            one -= one.max()
        np.maximum(seen * _RANGE + np.float32(0.5), np.float32(-1.0), out=seen)
        return seen

    def score(self, slots: NDArray[np.int32], likely: Floats) -> Floats:
        """Shape (k,).

        Args:
            likely: what `Likeness.score` says of the same slots, shape (k,).
        """
        net, seen = self._weights, self.seen(slots)
        for n in range(CONVOLUTIONS):
            above = parts(seen, net[f"over_time_{n}"]) @ net[f"over_time_{n}"] + net[f"over_time_{n}_bias"]
            seen = np.maximum(above, np.float32(0.0))
        hidden = np.tanh(known(seen, likely) @ net["first"] + net["first_bias"])
        scores: Floats = (hidden @ net["second"] + net["second_bias"])[:, 0]
        return scores


def parts(levels: Floats, weights: Floats) -> Floats:
    """What each step of a convolution takes of `levels`, (k, times, channels): (k, steps, len(weights))."""
    flat = levels.reshape(len(levels), -1)
    # A product of rows that overlap in memory is slow.
    return sliding_window_view(flat, len(weights), axis=1)[:, :: STRIDE * levels.shape[2]].copy()


def known(levels: Floats, likely: Floats) -> Floats:
    """What the last convolution found, and the score of `voice.py`: a row each."""
    return np.concatenate((levels.reshape(len(levels), -1), likely[:, None] * _SHARE), axis=1)


def _band_matrix() -> Floats:
    """Power spectrum → mean power in `BANDS` triangles that are equally wide to the ear (mel)."""
    lowest, highest = (1127 * np.log1p(hertz / 700) for hertz in (_LOWEST, _HIGHEST))
    edges = 700 * np.expm1(np.linspace(lowest, highest, BANDS + 2) / 1127)
    hertz = np.fft.rfftfreq(WINDOW, 1 / 8000)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rise, fall = (hertz - low) / (middle - low), (high - hertz) / (high - middle)
    bands = np.maximum(np.minimum(rise, fall), 0.0)
    means: Floats = (bands / bands.sum(axis=0)).astype(np.float32)
    return means
