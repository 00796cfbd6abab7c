"""Keys heard as tones in the audio of many legs at once (ITU-T Q.23, Q.24).

Goertzel's filters over one frame are inner products with sines and cosines, so all legs and all
frequencies are one matrix product. Each frequency is tried a little below and above, too, since
20 ms resolve 50 Hz and a sender may be 1.5 % off. A key is heard in a frame when one low and one
high tone, of about one level, hold most of its energy. It is a press when it lasted for 35 ms (talk and
music rarely do), what the frames before and behind hold of it included, so that 40 ms are enough wherever
the frames begin; and it is over when two frames are without it.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from config.value import dataclass

KEYS: Final = "123A456B789C*0#D"
"By row and column of the keypad."
LOW: Final = (697.0, 770.0, 852.0, 941.0)
"[Hz]"
HIGH: Final = (1209.0, 1336.0, 1477.0, 1633.0)
FREQUENCIES: Final = {key: (LOW[place // 4], HIGH[place % 4]) for place, key in enumerate(KEYS)}
"By key [Hz]."
HELD_FRAMES: Final = 100
"A key held for so long, 2 s, is told before it ends."

_RATE: Final = 8_000
_SAMPLES: Final = 160
_SHIFTS: Final = (1.0, 0.988, 1.012)
_SHARE: Final = np.float32(0.7)  # of the frame's energy in the two tones
_STRONGER: Final = np.float32(6.3)  # 8 dB above the next tone of the same group
_TWIST: Final = np.float32(10.0)  # 10 dB between low and high at most
_QUIETEST: Final = np.float32(2.0e3)  # mean square of each tone, about -57 dBov
_WAVES: Final = len(_SHIFTS) * len(LOW + HIGH)
_NONE: Final = -1
_OVER: Final = 2  # frames without it
_SILENCE: Final = np.zeros(9, np.float32)
_SURE: Final = 1.75  # frames: 35 ms
_PURE: Final = 0.75  # of what a frame would hold of two tones that sound in a part of it and of nothing else


@dataclass(frozen=True, slots=True)
class Heard:
    """One press."""

    row: int
    "Its place among the rows asked."
    key: str
    frames: int
    "For how many frames it was heard."


class ToneKeys:
    """What keys every slot was heard to press."""

    def __init__(self, slots: int) -> None:
        self._matrix = _matrix()
        self._key = np.full(slots, _NONE, np.int8)  # being heard
        self._frames = np.zeros(slots, np.int16)  # of it so far
        self._length = np.zeros(slots, np.float32)  # of it, with parts of frames
        self._power = np.zeros((slots, 9), np.float32)  # of the frame before: each tone's, and all of it
        self._loud = np.zeros(slots, np.float32)  # the tones of the key in a whole frame
        self._missed = np.zeros(slots, np.int8)  # frames in a row without it
        self._told = np.zeros(slots, np.bool_)

    def reset(self, slots: NDArray[np.intp] | int) -> None:
        """Forget what one or several slots heard."""
        self._key[slots] = _NONE
        self._frames[slots] = self._missed[slots] = 0
        self._told[slots] = False
        self._power[slots] = 0

    def process(self, rows: NDArray[np.int32], pcm: NDArray[np.int16]) -> list[Heard]:
        """Listen to one frame of each leg in `rows`, which are different slots.

        Args:
            pcm: shape ``(len(rows), 160)``, 8 kHz.

        Returns:
            The presses that are over, or held for so long that they are told now.
        """
        key, power = self._keys(pcm)
        before = self._key[rows]
        heard: list[Heard] = []
        if power is not None:
            for row in np.flatnonzero((key != _NONE) | (before != _NONE)).tolist():
                press = self._follow(row, int(rows[row]), int(key[row]), power[row])
                if press is not None:
                    heard.append(press)
            self._power[rows] = power
            return heard
        for row in np.flatnonzero(before != _NONE).tolist():
            press = self._follow(row, int(rows[row]), _NONE, _SILENCE)
            if press is not None:
                heard.append(press)
        self._power[rows] = 0
        return heard

    def sounding(self, rows: NDArray[np.int32]) -> NDArray[np.int8]:
        """Which of `KEYS` the latest frame of each row was full of; -1: none."""
        return np.where(self._missed[rows] == 0, self._key[rows], np.int8(_NONE))

    def hears(self, slot: int, key: str) -> bool:
        """Whether the key is being held down."""
        return int(self._key[slot]) == KEYS.find(key)

    def _follow(self, row: int, slot: int, key: int, power: NDArray[np.float32]) -> Heard | None:
        before = int(self._key[slot])
        if key == before:
            self._frames[slot] += 1
            self._length[slot] += 1
            self._missed[slot] = 0
            if self._frames[slot] >= HELD_FRAMES and not self._told[slot]:
                self._told[slot] = True
                return Heard(row, KEYS[key], HELD_FRAMES)
            return None
        if before == _NONE:
            self._begin(slot, key, power)
            return None
        self._missed[slot] += 1
        if self._missed[slot] == 1:
            self._length[slot] += _part(before, power, float(self._loud[slot]))
        sure = self._length[slot] >= _SURE
        if key == _NONE and self._missed[slot] < _OVER and sure:
            return None
        frames, told = round(float(self._length[slot])), bool(self._told[slot])
        self._begin(slot, key, power)
        return Heard(row, KEYS[before], frames) if sure and not told else None

    def _begin(self, slot: int, key: int, power: NDArray[np.float32]) -> None:
        self._key[slot] = key
        self._frames[slot] = key != _NONE
        self._missed[slot], self._told[slot] = 0, False
        if key != _NONE:
            self._loud[slot] = _of(key, power)
            self._length[slot] = 1 + _part(key, self._power[slot], float(self._loud[slot]))

    def _keys(self, pcm: NDArray[np.int16]) -> tuple[NDArray[np.int64], NDArray[np.float32] | None]:
        """The key in each row, -1: none; and their powers, (rows, 9), None: all are quiet."""
        keys = np.full(len(pcm), _NONE, np.int64)
        samples = pcm.astype(np.float32)
        energy = np.einsum("ij,ij->i", samples, samples) * np.float32(1 / _SAMPLES)
        if energy.max(initial=0) <= _QUIETEST:
            return keys, None
        products = self._matrix @ samples.T
        products *= products
        # By shift, group and tone; a sine of amplitude a has the mean square a²/2.
        power = products[:_WAVES] + products[_WAVES:]
        power *= np.float32(2 / _SAMPLES**2)
        tones = np.maximum(np.maximum(power[:8], power[8:16]), power[16:])
        # Most frames are no key at the first look, and the others are few.
        likely = np.flatnonzero(tones[:4].max(axis=0) + tones[4:].max(axis=0) > energy * _SHARE)
        if len(likely):
            keys[likely] = _decide(tones[:, likely].T.reshape(-1, 2, 4))
        return keys, np.concatenate((tones, energy[None, :])).T


def _of(key: int, power: NDArray[np.float32]) -> float:
    return float(power[key // 4] + power[4 + key % 4])


def _part(key: int, power: NDArray[np.float32], loud: float) -> float:
    """For what part of a frame its tones sound and nothing else; a part of a sine has its square of power."""
    part = min(math.sqrt(_of(key, power) / loud), 1.0)
    return part if _of(key, power) >= _PURE * part * float(power[8]) else 0.0


def _decide(tones: NDArray[np.float32]) -> NDArray[np.int64]:
    """The keys of frames that the strongest tones make up: shape (frames, 2, 4), mean squares; -1: none."""
    order = np.sort(tones, axis=2)
    top, next_ = order[:, :, 3], order[:, :, 2]
    low, high = top[:, 0], top[:, 1]
    clear = (top > next_ * _STRONGER).all(axis=1)
    clear &= (top > _QUIETEST).all(axis=1)
    clear &= (low < high * _TWIST) & (high < low * _TWIST)
    at = tones.argmax(axis=2)
    return np.where(clear, at[:, 0] * 4 + at[:, 1], _NONE)


def _matrix() -> NDArray[np.float32]:
    """The cosines of all tones, shift by shift, then their sines; shape (48, 160)."""
    time = np.arange(_SAMPLES) / _RATE
    tones = np.array([frequency * shift for shift in _SHIFTS for frequency in LOW + HIGH])
    phase = 2 * np.pi * tones[:, None] * time
    return np.concatenate((np.cos(phase), np.sin(phase))).astype(np.float32)
