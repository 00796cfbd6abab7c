"""Seeded sounds of a telephone line that nobody says, at equal loudness: noises, tones, music."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tests.support.sound import RATE, digits, noise, tones

Sound = NDArray[np.floating]
SECONDS = 10.0
MUSIC = ("piano", "strings", "square")


def _times() -> NDArray[np.float64]:
    return np.arange(int(SECONDS * RATE)) / RATE


def breathing(random: np.random.Generator) -> Sound:
    """In and out every two to four seconds."""
    phase = _times() / random.uniform(2.0, 4.0) % 1.0
    swell = np.sin(np.pi * np.clip(phase / 0.4, 0, 1)) ** 2 + 0.5 * np.sin(
        np.pi * np.clip((phase - 0.5) / 0.45, 0, 1)
    )
    return noise(SECONDS, -20, int(random.integers(1 << 30)), random.uniform(0, 1.5)) * swell


def wind(random: np.random.Generator) -> Sound:
    gusts = 1 + 0.9 * np.sin(2 * np.pi * random.uniform(0.5, 4) * _times())
    return noise(SECONDS, -20, int(random.integers(1 << 30)), 2.0) * gusts


def bursts(random: np.random.Generator, count: int, shortest: int, longest: int) -> Sound:
    """Noise that starts at once and dies away: clicks, keys of a keyboard, knocks."""
    sound = np.zeros(int(SECONDS * RATE))
    for at in random.integers(0, len(sound) - longest, count):
        length = int(random.integers(shortest, longest))
        sound[at : at + length] += random.standard_normal(length) * np.exp(-4 * np.arange(length) / length)
    return sound


def hum(random: np.random.Generator) -> Sound:
    """Six harmonics of the mains, for two seconds out of four."""
    base = random.choice([50, 60])
    harmonics = random.choice(np.arange(1, 20), 6, replace=False)
    sound = np.add.reduce([np.sin(2 * np.pi * base * h * _times() + h) / h for h in harmonics])
    return sound * (_times() % 4.0 < 2.0)


def melody(random: np.random.Generator, style: str) -> Sound:
    """A tune over chords, 80 to 140 beats a minute."""
    scale, root = [0, 2, 4, 5, 7, 9, 11], int(random.integers(45, 60))
    beat = 60 / random.integers(80, 140)
    sound = np.zeros(int(SECONDS * RATE))

    def note(at: float, pitch: int, seconds: float, loudness: float) -> None:
        start = int(at * RATE)
        times = np.arange(min(int(seconds * RATE), len(sound) - start)) / RATE
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        if style == "square":
            tone = 0.5 * np.sign(np.sin(2 * np.pi * hertz * times))
        else:
            fade = 1.5 if style == "piano" else 0.0
            tone = np.zeros(len(times))
            for harmonic in range(1, int(min(8, 3800 // hertz)) + 1):
                phase = random.uniform(0, 6)
                tone += (
                    np.sin(2 * np.pi * hertz * harmonic * times + phase)
                    * np.exp(-times * harmonic * fade)
                    / harmonic
                )
        attack = 0.08 if style == "strings" else 0.01
        envelope = np.minimum(times / attack, 1) * np.clip((seconds - times) / 0.03, 0, 1)
        sound[start : start + len(times)] += loudness * tone * envelope

    for bar in range(int(SECONDS / beat)):
        if bar % 4 == 0:
            for third in (0, 2, 4):
                note(bar * beat, root + scale[(int(random.integers(7)) + third) % 7], beat * 4, 0.5)
        for half in (0.0, 0.5):
            if random.random() < 0.7:
                note((bar + half) * beat, root + 12 + scale[random.integers(7)], beat * 0.5, 1.0)
    return sound


def _network(
    *hertz: float, cadence: tuple[float, float] | None = None
) -> Callable[[np.random.Generator], Sound]:
    """Tones of a network, 1.5 % high or low."""
    return lambda random: tones(SECONDS, *(f * random.uniform(0.985, 1.015) for f in hertz), cadence=cadence)


def _coloured(colour: float) -> Callable[[np.random.Generator], Sound]:
    return lambda random: noise(SECONDS, -20, int(random.integers(1 << 30)), colour)


def _keys(on: float, off: float) -> Callable[[np.random.Generator], Sound]:
    return lambda random: digits(SECONDS, on, off, -20, int(random.integers(1 << 30)))


NOISES: dict[str, Callable[[np.random.Generator], Sound]] = {
    "white": _coloured(0.0),
    "pink": _coloured(1.0),
    "brown": _coloured(2.0),
    "breathing": breathing,
    "wind": wind,
    "knocks": lambda random: bursts(random, int(random.integers(8, 40)), 80, 2000),
    "clicks": lambda random: bursts(random, 30, 8, 40),
    "typing": lambda random: bursts(random, 45, 60, 300),
    "hum": hum,
    "us ringback": _network(440, 480, cadence=(2, 4)),
    "eu ringback": _network(425, cadence=(1, 4)),
    "uk ringback": _network(400, 450, cadence=(0.4, 0.2)),
    "us busy": _network(480, 620, cadence=(0.5, 0.5)),
    "eu busy": _network(425, cadence=(0.48, 0.48)),
    "reorder": _network(480, 620, cadence=(0.25, 0.25)),
    "dial tone": _network(350, 440),
    "call waiting": _network(440, cadence=(0.2, 3)),
    "fax": _network(1100, cadence=(0.5, 3)),
    "test tone": _network(1004),
    "low tone": _network(200),
    "keys": _keys(0.1, 0.06),
    "fast keys": _keys(0.05, 0.05),
}
