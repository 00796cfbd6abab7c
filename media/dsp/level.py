"""Level of audio in dBov: decibels below the overload point of 16 bits (ITU-T G.100.1)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

SILENCE_DBOV: Final = -127.0
"What digital silence has; nothing is lower (RFC 6465 §3 uses the same bound)."


def mean_squares(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """Mean square of each row of `pcm`, shape ``(rows, samples)``; these may be averaged, decibels not."""
    wide = pcm.astype(np.float32)
    sums: NDArray[np.float32] = np.einsum("ij,ij->i", wide, wide)
    return sums * np.float32(1 / pcm.shape[1])


def dbov(mean_square: NDArray[np.float32]) -> NDArray[np.float32]:
    """Level: 0 for a full-scale square wave, −3 for a full-scale sine, at least `SILENCE_DBOV`."""
    floor = np.float32(32768.0**2 * 10 ** (SILENCE_DBOV / 10))
    scaled: NDArray[np.float32] = np.log10(np.maximum(mean_square, floor) * np.float32(1 / 32768.0**2))
    return scaled * np.float32(10.0)
