"""Seeded pieces of music in several styles, synthesised: what callers on hold, in cars and in shops bring."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.support.sound import RATE

Sound = NDArray[np.float64]
SECONDS: Final = 10.0
MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
MINOR: Final = (0, 2, 3, 5, 7, 8, 10)


def _hertz(pitch: float) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))


def _partials(hertz: float, seconds: float, weights: NDArray[np.float64], vibrato: float = 0.0) -> Sound:
    times = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * hertz * times + vibrato * hertz / 5.5 * np.sin(2 * np.pi * 5.5 * times)
    sound = np.zeros(len(times))
    for n, weight in enumerate(weights, 1):
        if hertz * n < 3800:
            sound += weight * np.sin(n * phase + n * n)
    return sound


def _shaped(sound: Sound, attack: float, release: float) -> Sound:
    times = np.arange(len(sound)) / RATE
    shape: Sound = np.minimum(times / attack, 1) * np.clip((len(sound) / RATE - times) / release, 0, 1)
    return sound * shape


def organ(random: np.random.Generator, pitch: float, seconds: float) -> Sound:
    return _shaped(
        _partials(_hertz(pitch), seconds, np.array([1, 0.8, 0.4, 0.6, 0, 0.3, 0, 0.3])), 0.02, 0.05
    )


def flute(random: np.random.Generator, pitch: float, seconds: float) -> Sound:
    tone = _partials(_hertz(pitch + 12), seconds, np.array([1, 0.3, 0.1]), vibrato=0.006)
    return _shaped(tone + 0.03 * random.standard_normal(len(tone)), 0.06, 0.06)


def brass(random: np.random.Generator, pitch: float, seconds: float) -> Sound:
    return _shaped(_partials(_hertz(pitch), seconds, 1 / np.arange(1, 16) ** 0.7, vibrato=0.003), 0.04, 0.04)


def bell(random: np.random.Generator, pitch: float, seconds: float) -> Sound:
    times = np.arange(int(1.5 * RATE)) / RATE
    hertz = _hertz(pitch + 12)
    ring = np.exp(-times * 4)
    sound: Sound = ring * np.sin(
        2 * np.pi * hertz * times + 3 * ring * np.sin(2 * np.pi * 1.41 * hertz * times)
    )
    return sound


def guitar(random: np.random.Generator, pitch: float, seconds: float) -> Sound:
    """Karplus and Strong's string: noise in a loop that smooths it."""
    period = max(2, round(RATE / _hertz(pitch)))
    rounds = int(np.ceil(max(seconds, 0.8) * RATE / period))
    loop, sound = random.uniform(-1, 1, period), []
    for _ in range(rounds):
        sound.append(loop)
        loop = 0.996 * (0.5 * loop + 0.5 * np.roll(loop, 1))
    return _shaped(np.concatenate(sound), 0.002, 0.05)


def _drum(random: np.random.Generator, deep: bool) -> Sound:
    times = np.arange(int(0.15 * RATE)) / RATE
    if deep:
        kick: Sound = np.sin(2 * np.pi * (50 * times + 6 * (1 - np.exp(-times * 30)))) * np.exp(-times * 20)
        return 1.5 * kick
    hiss: Sound = random.standard_normal(len(times)) * np.exp(-times * 35)
    return 0.7 * hiss


Instrument = Callable[[np.random.Generator, float, float], Sound]
STYLES: Final[dict[str, tuple[Instrument, Instrument, bool]]] = {
    "organ": (organ, organ, False),
    "flute": (flute, guitar, False),
    "guitar": (guitar, guitar, False),
    "brass": (brass, organ, True),
    "bells": (bell, bell, False),
    "band": (guitar, brass, True),
    "synth": (brass, brass, True),
}
"(melody, chords, with drums)"


def piece(random: np.random.Generator, style: str) -> Sound:
    """Ten seconds: a melody over broken or held chords, 70 to 150 beats a minute."""
    lead, chords, drums = STYLES[style]
    scale, root, beat = (
        (MAJOR, MINOR)[random.integers(2)],
        int(random.integers(43, 58)),
        60 / random.integers(70, 150),
    )
    broken = bool(random.integers(2))
    sound = np.zeros(int(SECONDS * RATE))

    def put(at: float, part: Sound, loudness: float) -> None:
        start = int(at * RATE)
        part = part[: max(0, len(sound) - start)]
        sound[start : start + len(part)] += (
            loudness * part / (np.abs(part).max() + 1e-9) if len(part) else 0.0
        )

    for n in range(int(SECONDS / beat)):
        if n % 4 == 0:
            degree = int(random.choice([0, 3, 4, 5]))
        for index, third in enumerate((0, 2, 4)):
            pitch = root + scale[(degree + third) % 7] + 12 * ((degree + third) // 7)
            if broken:
                put((n + index / 3) * beat, chords(random, pitch, beat / 2), 0.5)
            elif n % 4 == 0:
                put(n * beat, chords(random, pitch, 4 * beat), 0.4)
        at = 0.0
        while at < 1.0:
            step = float(random.choice([0.25, 0.5, 0.5, 1.0]))
            if random.random() < 0.8:
                put((n + at) * beat, lead(random, root + 12 + scale[random.integers(7)], step * beat), 1.0)
            at += step
        if drums:
            put(n * beat, _drum(random, deep=n % 2 == 0), 0.8)
            put((n + 0.5) * beat, _drum(random, deep=False), 0.4)
    return sound
