"""Comfort noise: what a peer that has stopped sending would sound like (RFC 3389 §3, §5).

Only the level is followed. The spectrum that a packet may bring is passed over, as §3 allows: the
noise is shaped once, like a quiet room on the telephone.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_SAMPLES: Final = 160
_TABLE: Final = 16_384
_STRIDE: Final = 6_151  # prime: neighbours are far apart in the table, and rounds come back late
_LOUDEST: Final = 20
"-dBov; a peer that asks for more gets this."


def amplitude(payload: memoryview) -> float:
    """Root mean square that a packet asks for; 0 for one that cannot be read."""
    if not len(payload):
        return 0.0
    level = max(payload[0] & 0x7F, _LOUDEST)
    return 32_768.0 * 10 ** (-level / 20)


def comfort(slots: NDArray[np.intp], rms: NDArray[np.float64], turn: int) -> NDArray[np.int16]:
    """One frame for each of `slots`, shape (k, 160).

    Args:
        turn: counts frames, so that the next one goes on with other noise.
    """
    start = (slots * _STRIDE + turn * _SAMPLES) % _TABLE
    frames = _NOISE[start[:, None] + np.arange(_SAMPLES)] * rms[:, None]
    pcm: NDArray[np.int16] = np.rint(frames).astype(np.int16)
    return pcm


def _room() -> NDArray[np.float64]:
    spectrum = np.fft.rfft(np.random.default_rng(3389).standard_normal(_TABLE))
    hertz = np.fft.rfftfreq(_TABLE, 1 / 8_000)
    shaped = np.fft.irfft(spectrum / np.sqrt(1 + (hertz / 800) ** 2) * (hertz > 60), _TABLE)
    shaped /= np.sqrt(np.mean(shaped**2))
    # The loop has no seam: the transform is periodic.
    return np.concatenate((shaped, shaped[:_SAMPLES]))


_NOISE: Final = _room()
