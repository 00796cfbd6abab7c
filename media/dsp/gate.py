"""The gate before a decision on speech: how much does this frame sound like a human voice?

::

    frame ─▶ louder than this slot's noise?            all rows
                  └▶ spectrum of 40 ms below 2 kHz     only the rows still in
                         ├▶ periodic, 60 to 400 Hz?    noise is not; fricatives and stops are not either
                         ├▶ changed since 40 ms ago?   held tones and chords have not
                         └▶ more than two lines?       ringback, busy, DTMF and test tones have one or two

Whispering has no pitch and earns next to nothing. The floor follows the quietest of the last 200 ms, so
that neither a word nor the fricative before it takes itself for noise.
"""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float32]
Points: TypeAlias = NDArray[np.int8]

TONE: Final = -1
"A loud frame with pitch that is held, or of one or two lines."
UNVOICED: Final = 2
"Points of a loud frame without pitch, as a consonant has none, and clicks and noise have none."
VOICED: Final = 4
"Points from which on a frame is taken for a voice by itself."
FULL: Final = 10
"Points of a clear vowel."

BANDS: Final = (8, 13, 20, 29, 42, 61, 90, 129)
"Edges [bins of 15.6 Hz] of the bands of a frame's spectrum, 125 Hz to 2 kHz."
TRAITS: Final = 6 + len(BANDS) - 1
"Columns of `VoiceGate.traits`."

_HALF: Final = 80  # samples of one frame at 4 kHz
_FFT: Final = 256
_RUMBLE: Final = 8  # bins below 125 Hz: wind and hum are strong there, and no telephone has to carry them
_BINS: Final = _FFT // 2 + 1 - _RUMBLE
_LAGS: Final = slice(10, 67)  # 400 Hz down to 60 Hz, in samples at 4 kHz
_PERIODS: Final = _LAGS.stop - _LAGS.start
_EMPHASIS: Final = np.float32(0.9)  # levels the fall of the voice's spectrum, so that pitch stands out
_LOBE: Final = 4  # bins to either side that one line fills through the window

_LOUDER: Final = np.float32(2.5)  # times the noise floor (4 dB): a vowel counts
_CLEARLY_LOUDER: Final = np.float32(4.0)  # times the noise floor (6 dB): anything counts
_QUIETEST: Final = np.float32(10.0)  # mean square that is never a voice
# Share of the power that comes again after one pitch period: noise seldom reaches half, and never
# `_VOWEL`; half of a voice's frames are above it.
_PERIODIC: Final = np.float32(0.5)
_VOWEL: Final = np.float32(0.8)
_ALIKE: Final = np.float32(0.90)  # at most this cosine between the spectrum and that of 40 ms ago
_BESIDE_LINES: Final = np.float32(0.035)  # at least this share of the power is outside the two main lines
_NOISE_SHARE: Final = np.float32(0.25)  # at most this much of a frame is explained away as noise
_LOOK_BACK: Final = 10  # frames of which the quietest is the noise
_FALL: Final = np.float32(0.3)  # of the way per frame
_RISE: Final = np.float32(0.1)
_STEEPNESS: Final = np.float32((FULL - UNVOICED) / (_VOWEL - _PERIODIC))


class VoiceGate:
    """Noise floor and latest sound of every slot, and the judgement over many rows at once."""

    def __init__(self, slots: int) -> None:
        self._floor = np.full(slots, _QUIETEST, np.float32)  # mean square of the noise
        self._energies = np.full((slots, _LOOK_BACK), np.inf, np.float32)  # mean squares, a ring
        self._next = np.zeros(slots, np.intp)  # place in that ring
        self._previous = np.zeros((slots, _HALF), np.float32)  # the last sample first
        self._sample = np.zeros(slots, np.float32)  # the last one, for the emphasis
        self._shapes = np.zeros((2, slots, _BINS), np.float32)  # of the latest two loud frames, in turns
        self._newer = np.zeros(slots, np.uint8)  # which of the two is newer
        self.traits = np.zeros((0, TRAITS), np.float32)
        """Of each frame judged last, all 0 where not loud: 1, level [dB], share of the power that comes
        again after one period, that period [samples at 4 kHz], likeness to 20 and to 40 ms ago; then the
        shares of the power in each of `BANDS`."""
        self._cosines, self._sines = _wave_matrices()
        # One product finds both.
        self._periods_and_bands = np.concatenate((_period_matrix(), _band_matrix()), axis=1)
        # Power that noise with a mean square of 1 has in the spectrum.
        self._noise_gain = np.float32(_FFT / 2 * np.square(_window()).sum())

    def process(self, rows: NDArray[np.int32], pcm: NDArray[np.int16]) -> Points:
        """Judge one frame of each leg in `rows`, which are different slots.

        Args:
            pcm: shape ``(len(rows), 160)``, 8 kHz.

        Returns:
            Shape ``(len(rows),)``: 0 for noise, up to `FULL` for a voice, or `TONE`.
        """
        band = np.add(pcm[:, 0::2], pcm[:, 1::2], dtype=np.float32)
        emphasised = np.empty_like(band)
        np.multiply(band[:, :-1], -_EMPHASIS, out=emphasised[:, 1:])
        np.multiply(self._sample[rows], -_EMPHASIS, out=emphasised[:, 0])
        emphasised += band
        self._sample[rows] = band[:, -1]
        energy = np.einsum("ij,ij->i", emphasised, emphasised) * np.float32(1 / _HALF)

        floor = self._floor[rows]
        points = np.zeros(len(rows), np.int8)
        traits = np.zeros((len(rows), TRAITS), np.float32)
        (loud,) = (energy > np.maximum(floor * _LOUDER, _QUIETEST)).nonzero()
        if len(loud):
            slots, power = rows[loud], energy[loud]
            over = power > floor[loud] * _CLEARLY_LOUDER
            spectrum = self._power(emphasised[loud], self._previous[slots])
            points[loud], traits[loud, 2:] = self._judge(slots, spectrum, floor[loud], over)
            traits[loud, 0] = 1.0
            traits[loud, 1] = 10 * np.log10(power)
        self.traits = traits
        self._previous[rows] = emphasised[:, ::-1]

        # A voice does not lift the floor.
        place = self._next[rows]
        self._energies[rows, place] = energy
        place += 1
        place[place == _LOOK_BACK] = 0
        self._next[rows] = place
        quietest = self._energies[rows].min(axis=1)
        step = np.where(quietest < floor, _FALL, _RISE) * (points < VOICED)
        self._floor[rows] = floor + step * (quietest - floor)
        return points

    def reset(self, slot: int) -> None:
        """Forget what the slot heard, as at the start of a call."""
        self._floor[slot] = _QUIETEST
        self._energies[slot] = np.inf
        self._previous[slot] = 0.0
        self._sample[slot] = 0.0
        self._shapes[:, slot] = 0.0

    def _power(self, frames: Floats, before: Floats) -> Floats:
        """Spectra of 40 ms, shape ``(k, _BINS)``.

        Args:
            frames: shape ``(k, 80)``, at 4 kHz.
            before: the 20 ms before them, turned round.
        """
        # About its middle the window is even: cosines see the sum of its halves, sines the difference.
        power = np.square((frames + before) @ self._cosines)
        power += np.square((frames - before) @ self._sines)
        return power

    def _judge(
        self, slots: NDArray[np.int32], power: Floats, floor: Floats, over: Bools
    ) -> tuple[Points, Floats]:
        """Points of loud frames, and their traits from the third on.

        Args:
            power: their spectra, shape ``(len(slots), _BINS)``.
            over: those that count even without a pitch.
        """
        total = power.sum(axis=1)
        # Noise has no period and no lines, so it would hide those of a voice in it.
        noise = np.minimum(floor * self._noise_gain, total * _NOISE_SHARE)
        own = total - noise
        own += np.float32(1.0)

        shape = np.sqrt(power)
        shape /= np.sqrt(total + np.float32(1.0))[:, None]
        newer = self._newer[slots]
        older = newer ^ 1
        alike_20 = np.einsum("ij,ij->i", shape, self._shapes[newer, slots])
        alike = np.einsum("ij,ij->i", shape, self._shapes[older, slots])
        self._shapes[older, slots] = shape
        self._newer[slots] = older

        found = power @ self._periods_and_bands
        lag = found[:, :_PERIODS].argmax(axis=1)
        period = found[np.arange(len(slots)), lag] / own
        traits = np.empty((len(slots), TRAITS - 2), np.float32)
        traits[:, 0], traits[:, 1], traits[:, 2], traits[:, 3] = period, lag + _LAGS.start, alike_20, alike
        np.divide(found[:, _PERIODS:], (total + np.float32(1.0))[:, None], out=traits[:, 4:])
        period = period - _PERIODIC
        earned = np.clip(period * _STEEPNESS, 0.0, FULL - UNVOICED)
        earned += UNVOICED * over
        points: Points = earned.astype(np.int8)
        pitched = period > 0.0
        points[pitched & (alike >= _ALIKE)] = TONE
        (left,) = (pitched & (points >= 0)).nonzero()
        if len(left):
            few = _beside_lines(power[left]) - noise[left] <= _BESIDE_LINES * own[left]
            points[left[few]] = TONE
        points[total <= _QUIETEST * self._noise_gain] = 0
        return points, traits


def _beside_lines(power: Floats) -> Floats:
    """What remains of each row's power without its two strongest lines."""
    framed = np.zeros((len(power), _BINS + 2 * _LOBE), np.float32)
    framed[:, _LOBE:-_LOBE] = power
    flat = framed.reshape(-1)
    begin = np.arange(len(power)) * framed.shape[1]
    lobe = np.arange(2 * _LOBE + 1)
    for _ in range(2):
        peak = framed[:, _LOBE:-_LOBE].argmax(axis=1)
        flat[(begin + peak)[:, None] + lobe] = 0.0
    remains: Floats = framed.sum(axis=1)
    return remains


def _window() -> Floats:
    return np.hanning(2 * _HALF + 2)[1:-1].astype(np.float32)


def _wave_matrices() -> tuple[Floats, Floats]:
    """Half a window of cosines and of sines about its middle; each of shape ``(80, _BINS)``."""
    phase = 2 * np.pi / _FFT * np.outer(np.arange(_HALF) + 0.5, np.arange(_RUMBLE, _FFT // 2 + 1))
    half = _window()[_HALF:, None]
    return (half * np.cos(phase)).astype(np.float32), (half * np.sin(phase)).astype(np.float32)


def _period_matrix() -> Floats:
    """Power spectrum → autocorrelation at `_LAGS`, freed of the window's own.

    Scaled so that a signal which repeats after that lag has the value `power.sum()`.
    """
    own = np.fft.irfft(np.abs(np.fft.rfft(_window(), _FFT)) ** 2)
    lags = np.arange(_LAGS.start, _LAGS.stop)
    bins = np.arange(_RUMBLE, _FFT // 2 + 1)
    matrix = np.cos(2 * np.pi * np.outer(bins, lags) / _FFT) * (own[0] / own[lags])
    periods: Floats = matrix.astype(np.float32)
    return periods


def _band_matrix() -> Floats:
    """Power spectrum → power in each of `BANDS`."""
    bins = np.arange(_RUMBLE, _FFT // 2 + 1)[:, None]
    lows, highs = np.array(BANDS[:-1]), np.array(BANDS[1:])
    return ((bins >= lows) & (bins < highs)).astype(np.float32)
