"""Cadenced call-progress tones: ringback, busy, dial tone, special information (ITU-T E.180, Supplement 2).

A tone is made once as a loop of 20 ms frames; playing it is then taking one row after another.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

_RATE: Final = 8000
_SAMPLES: Final = 160
_RAMP: Final = 40  # samples, 5 ms, at either end of each burst

LEVEL_DBOV: Final = -16.0
"Of a burst: a little below speech."
LONGEST: Final = 60.0
"Of one round of the cadence [s]; what is longer is cut."


Frequencies = tuple[float, ...]


def cadence(
    frequencies: Frequencies, pattern: tuple[tuple[float, float], ...], bursts: tuple[Frequencies, ...] = ()
) -> NDArray[np.int16]:
    """One round of the tone of `media.port.Tone`, to be repeated.

    Args:
        frequencies: [Hz], mixed at equal level; those outside 20–3900 Hz are left out.
        pattern: pairs of (on, off) [s]; empty or without any pause: continuous. On and off are
            rounded to 20 ms frames together, so that the rhythm does not drift.
        bursts: instead of `frequencies` those of each burst, in turn; then `pattern` must have a pause.

    Returns:
        Shape ``(frames, 160)``, at least one frame, 8 kHz. Round after round the phase runs on.
    """
    rounds = [[hertz for hertz in mix if 20.0 <= hertz <= 3900.0] for mix in bursts or (frequencies,)]
    rhythm = [(_bounded(on), _bounded(off)) for on, off in pattern if math.isfinite(on + off)]
    if not any(rounds):
        return np.zeros((1, _SAMPLES), np.int16)
    if sum(off for _, off in rhythm) == 0.0:
        return _continuous(next(filter(None, rounds)))
    total = min(sum(on + off for on, off in rhythm), LONGEST)
    frames = max(round(total * _RATE / _SAMPLES), 1)
    gains = np.zeros((len(rounds), frames * _SAMPLES))
    start = 0.0
    for number, (on, off) in enumerate(rhythm):
        _burst(gains[number % len(rounds)], round(start * _RATE), round((start + on) * _RATE))
        start += on + off
        if start >= total:
            break
    mixes = (gain * _sines(mix, len(gain)) for mix, gain in zip(rounds, gains, strict=True) if mix)
    return _framed(sum(mixes, np.zeros(gains.shape[1])))


def _bounded(seconds: float) -> float:
    """What is longer than the longest round is not heard to its end, and its samples could not be counted."""
    return min(max(seconds, 0.0), LONGEST)


def _burst(gain: NDArray[np.float64], first: int, last: int) -> None:
    """Open `gain` from `first` to `last`, with a ramp at either end."""
    length = len(gain[first:last])
    if length == 0:
        return
    position = np.arange(length) + 0.5
    gain[first:last] = np.clip(np.minimum(position, length - position) / _RAMP, 0.0, 1.0)


def _continuous(frequencies: list[float]) -> NDArray[np.int16]:
    """A second, with each frequency moved to a whole number of Hz so that its phase runs on."""
    return _framed(_sines([float(round(hertz)) for hertz in frequencies], _RATE))


def _sines(frequencies: list[float], samples: int) -> NDArray[np.float64]:
    """The mix, with the burst level of `LEVEL_DBOV` as a whole."""
    time = np.arange(samples) / _RATE
    mixed = np.zeros(samples)
    for hertz in frequencies:
        mixed += np.sin(2 * np.pi * hertz * time)
    amplitude = 32768 * 10 ** (LEVEL_DBOV / 20) * math.sqrt(2 / len(frequencies))
    return mixed * amplitude


def _framed(signal: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.clip(np.rint(signal), -32768, 32767).astype(np.int16).reshape(-1, _SAMPLES)
