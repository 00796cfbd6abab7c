"""Seeded sounds of a telephone line as int16 at 8 kHz; levels are RMS in dB below full scale."""

import numpy as np
from numpy.typing import NDArray

RATE = 8000
Pcm = NDArray[np.int16]


def at_level(signal: NDArray[np.float64], dbov: float) -> Pcm:
    """`signal` with the root mean square of its sounding part at `dbov`, clipped."""
    sounding = signal[np.abs(signal) > 1e-9]
    rms = np.sqrt(np.mean(sounding**2)) if len(sounding) else 1.0
    return np.clip(np.rint(signal / rms * 32768 * 10 ** (dbov / 20)), -32768, 32767).astype(np.int16)


def silence(seconds: float) -> Pcm:
    return np.zeros(int(seconds * RATE), np.int16)


def noise(seconds: float, dbov: float = -20.0, seed: int = 1, colour: float = 0.0) -> Pcm:
    """`colour` 0 is white, 1 pink, 2 brown."""
    samples = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
    hertz = np.maximum(np.fft.rfftfreq(samples, 1 / RATE), 20.0)
    return at_level(np.fft.irfft(spectrum * hertz ** (-colour / 2), samples), dbov)


def tones(
    seconds: float, *hertz: float, dbov: float = -20.0, cadence: tuple[float, float] | None = None
) -> Pcm:
    """Sines of equal level; `cadence` is (on, off) [s]."""
    t = np.arange(int(seconds * RATE)) / RATE
    signal = np.add.reduce([np.sin(2 * np.pi * f * t) for f in hertz])
    if cadence is not None:
        signal = signal * (t % sum(cadence) < cadence[0])
    return at_level(signal, dbov)


def digits(seconds: float, on: float = 0.1, off: float = 0.06, dbov: float = -20.0, seed: int = 1) -> Pcm:
    """Random DTMF keys (ITU-T Q.23)."""
    random = np.random.default_rng(seed)
    t = np.arange(int(on * RATE)) / RATE
    key = []
    for _ in range(int(seconds / (on + off)) + 1):
        low, high = random.choice([697, 770, 852, 941]), random.choice([1209, 1336, 1477, 1633])
        key += [np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t), np.zeros(int(off * RATE))]
    return at_level(np.concatenate(key)[: int(seconds * RATE)], dbov)


def with_noise(signal: Pcm, dbov: float, seed: int = 7) -> Pcm:
    mixed = signal.astype(np.int32) + noise(len(signal) / RATE, dbov, seed)[: len(signal)]
    return np.clip(mixed, -32768, 32767).astype(np.int16)


def frames(signal: Pcm, samples: int = 160) -> Pcm:
    """Shape (frames, samples); the last frame is filled up with silence."""
    whole = -(-len(signal) // samples) * samples
    return np.pad(signal, (0, whole - len(signal))).reshape(-1, samples)
