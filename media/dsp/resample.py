"""Sample-rate conversion of many legs at once, as one matrix product per 2.5 ms of audio.

::

    history ─┐
    frame ───┴▶ windows of (block + taps − 1) samples, one every block ─▶ @ matrix ─▶ blocks of output

The low-pass filter is a Kaiser-windowed sinc. Its polyphase branches are laid out as the columns of a
matrix that turns one window into one block of output, so a frame of k legs costs eight BLAS calls,
whatever k is. A matrix for the whole frame would be mostly zeros.
"""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

FRAMES_PER_SECOND: Final = 50
BLOCKS: Final = 8
"Blocks of one 20 ms frame."

_CHUNK: Final = 128  # rows handled together: windows, matrix and output stay in the second-level cache
_HALF_LENGTH: Final = 20  # zero crossings of the sinc on either side, at the lower of the two rates
_STOP_BAND_DB: Final = 66.0


class Resampler:
    """One direction of conversion for every slot, with the filter's memory per slot.

    Rates are 8000, 16000 and 24000 Hz, in any pairing of two different ones. The stop band begins at
    half the lower rate, 65 dB down or more; the gain is 1 within 0.01 dB up to 0.8 of that.
    """

    def __init__(self, slots: int, source_hz: int, target_hz: int) -> None:
        step = int(np.gcd(source_hz, target_hz))
        up, down = target_hz // step, source_hz // step
        self.samples_in: Final = source_hz // FRAMES_PER_SECOND
        "Per 20 ms frame."
        self.samples_out: Final = target_hz // FRAMES_PER_SECOND
        "Per 20 ms frame."
        self._block_in = self.samples_in // BLOCKS
        self._block_out = self.samples_out // BLOCKS
        assert source_hz != target_hz and self._block_in * up == self._block_out * down, "unsupported rates"
        taps = low_pass(up, down)
        self.delay: Final = (len(taps) - 1) / 2 / (up * source_hz)
        "Group delay of the filter [s]."
        self._matrix = _block_matrix(taps, up, down, self._block_in, self._block_out)
        self._memory = len(self._matrix) - self._block_in
        self._history = np.zeros((slots, self._memory), np.float32)
        rows = min(slots, _CHUNK)
        self._input = np.zeros((rows, self._memory + self.samples_in), np.float32)
        self._output = np.zeros((rows, self.samples_out), np.float32)
        # Block-major views: every window matrix then has plain rows, so that BLAS takes it without a copy.
        strides = (self._block_in * 4, self._input.strides[0], 4)
        self._windows = as_strided(self._input, (BLOCKS, rows, len(self._matrix)), strides, writeable=False)
        self._blocks = self._output.reshape(rows, BLOCKS, self._block_out).transpose(1, 0, 2)

    def process(self, rows: NDArray[np.int32], pcm: NDArray[np.int16]) -> NDArray[np.int16]:
        """Convert one frame of each leg in `rows`, which are different slots.

        Args:
            pcm: shape ``(len(rows), samples_in)``.

        Returns:
            Shape ``(len(rows), samples_out)``, rounded and saturated.
        """
        result = np.empty((len(rows), self.samples_out), np.int16)
        for start in range(0, len(rows), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            self._convert(rows[chunk], pcm[chunk], result[chunk])
        return result

    def reset(self, slot: int) -> None:
        """Forget what the slot heard, as at the start of a stream."""
        self._history[slot] = 0.0

    def _convert(self, rows: NDArray[np.int32], pcm: NDArray[np.int16], result: NDArray[np.int16]) -> None:
        count = len(rows)
        frame = self._input[:count]
        frame[:, : self._memory] = self._history[rows]
        frame[:, self._memory :] = pcm
        self._history[rows] = frame[:, self.samples_in :]
        np.matmul(self._windows[:, :count], self._matrix, out=self._blocks[:, :count])
        output = self._output[:count]
        np.rint(output, out=output)
        np.clip(output, -32768.0, 32767.0, out=output)
        result[...] = output


def low_pass(up: int, down: int) -> NDArray[np.float64]:
    """Taps of the anti-image and anti-alias filter at `up` times the source rate.

    Each of the `up` polyphase branches has gain 1, so that a constant stays that constant.
    """
    factor = max(up, down)
    reach = _HALF_LENGTH * factor
    # Kaiser's formula for the transition width [cycles per sample at the high rate].
    width = (_STOP_BAND_DB - 7.95) / (14.36 * 2 * reach)
    cutoff = 0.5 / factor - width / 2
    position = np.arange(-reach, reach + 1)
    beta = 0.1102 * (_STOP_BAND_DB - 8.7)
    taps: NDArray[np.float64] = 2 * cutoff * np.sinc(2 * cutoff * position) * np.kaiser(len(position), beta)
    for branch in range(up):
        taps[branch::up] /= taps[branch::up].sum()
    return taps


def _block_matrix(
    taps: NDArray[np.float64], up: int, down: int, block_in: int, block_out: int
) -> NDArray[np.float32]:
    """Column m holds the taps that make output m of a block from its window, oldest sample first."""
    per_branch = -(-len(taps) // up)
    matrix = np.zeros((per_branch - 1 + block_in, block_out), np.float32)
    for output in range(block_out):
        newest = output * down // up + per_branch - 1
        branch = taps[output * down % up :: up]
        matrix[newest - np.arange(len(branch)), output] = branch
    return matrix
