"""WAV files and what is heard in them: made, read, and judged by number.

Signals are float64 arrays, shape (samples,), full scale ±1.0; levels are in dBFS of a full-scale sine (0 dB).
"""

import math
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]


def tone(frequency: float, seconds: float, *, rate: int = 8000, level_db: float = -12.0) -> Signal:
    """A sine with 5 ms ramps at both ends, so that it does not click."""
    times = np.arange(int(seconds * rate)) / rate
    signal = 10 ** (level_db / 20) * np.sin(2 * np.pi * frequency * times)
    ramp = np.clip(np.arange(len(times)) / (0.005 * rate), 0.0, 1.0)
    return signal * ramp * ramp[::-1]


def silence(seconds: float, *, rate: int = 8000) -> Signal:
    return np.zeros(int(seconds * rate))


def write(path: Path, signal: Signal, *, rate: int = 8000) -> Path:
    """A 16-bit mono WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(signal, -1, 1) * 32767).round().astype("<i2").tobytes())
    return path


def read(path: Path) -> tuple[Signal, int]:
    """(signal, rate) of a 16-bit WAV; of several channels the first.

    The length fields of a file that is still being written are not trusted: what is there counts.
    """
    data = path.read_bytes()
    at = data.index(b"fmt ")
    channels = int.from_bytes(data[at + 10 : at + 12], "little")
    rate = int.from_bytes(data[at + 12 : at + 16], "little")
    body = data[data.index(b"data", at) + 8 :]
    body = body[: len(body) // (2 * channels) * 2 * channels]
    return np.frombuffer(body, "<i2").reshape(-1, channels)[:, 0] / 32768.0, rate


def level_db(signal: Signal) -> float:
    """Mean level; a full-scale sine is 0 dB, digital silence is −120."""
    if not len(signal):
        return -120.0
    return 10 * math.log10(max(2 * float(np.mean(signal**2)), 1e-12))


def tone_level_db(signal: Signal, frequency: float, *, rate: int = 8000) -> float:
    """Level of one frequency (the DFT at exactly `frequency`, Hann window)."""
    if not len(signal):
        return -120.0
    window = np.hanning(len(signal))
    turn = np.exp(-2j * np.pi * frequency / rate * np.arange(len(signal)))
    amplitude = 2 * abs(np.sum(signal * window * turn)) / max(window.sum(), 1e-9)
    return float(20 * np.log10(max(amplitude, 1e-6)))


def peak_frequency(signal: Signal, *, rate: int = 8000) -> float:
    """The strongest frequency [Hz], interpolated between the bins of a zero-padded FFT."""
    size = 1 << max(12, (len(signal) * 4 - 1).bit_length())
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal)), size))
    top = int(np.argmax(spectrum[1:-1])) + 1
    left, mid, right = np.log(spectrum[top - 1 : top + 2] + 1e-12)
    shift = 0.5 * (left - right) / (left - 2 * mid + right)
    return float((top + shift) * rate / size)


def loudest(signal: Signal, seconds: float, *, rate: int = 8000) -> Signal:
    """The stretch of `seconds` with the most energy, found in steps of 10 ms."""
    size, step = int(seconds * rate), rate // 100
    if len(signal) <= size:
        return signal
    energy = np.concatenate(([0.0], np.cumsum(signal**2)))
    starts = np.arange(0, len(signal) - size, step)
    start = int(starts[np.argmax(energy[starts + size] - energy[starts])])
    return signal[start : start + size]


def similarity(heard: Signal, reference: Signal) -> float:
    """Greatest normalised cross-correlation of `reference` anywhere in `heard`: 0 … 1.

    Both must have the same rate. A prompt that came through G.711 and a jitter buffer scores above 0.9.
    """
    if len(heard) < len(reference) or not len(reference):
        return 0.0
    size = 1 << (len(heard) + len(reference) - 1).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(reference, size))
    correlation = np.fft.irfft(product, size)[: len(heard) - len(reference) + 1]
    energy = np.concatenate(([0.0], np.cumsum(heard**2)))
    local = energy[len(reference) :] - energy[: len(energy) - len(reference)]
    norm = np.sqrt(np.maximum(local * np.sum(reference**2), 1e-12))
    return float(np.max(np.abs(correlation) / norm))


def voiced_seconds(signal: Signal, *, rate: int = 8000, above_db: float = -45.0) -> float:
    """How much of the signal is louder than `above_db`, in frames of 20 ms [s]."""
    size = rate // 50
    frames = signal[: len(signal) // size * size].reshape(-1, size)
    levels = 10 * np.log10(np.maximum(2 * np.mean(frames**2, axis=1), 1e-12))
    return float(np.count_nonzero(levels > above_db) * 0.02)


# G.711, for peers that speak RTP themselves; written from ITU-T G.711, not shared with media/.


def ulaw_decode_table() -> NDArray[np.int16]:
    """Shape (256,): code → sample."""
    code = ~np.arange(256) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return np.where(code & 0x80, 0x84 - magnitude, magnitude - 0x84).astype(np.int16)


ULAW = ulaw_decode_table()


def ulaw_decode(payload: bytes) -> Signal:
    return ULAW[np.frombuffer(payload, np.uint8)] / 32768.0


def ulaw_encode(signal: Signal) -> bytes:
    """The nearest code of each sample."""
    order = np.argsort(ULAW, kind="stable")
    values = ULAW[order].astype(np.float64)
    samples = np.clip(signal, -1, 1) * 32767
    right = np.clip(np.searchsorted(values, samples), 1, 255)
    nearest = np.where(samples - values[right - 1] <= values[right] - samples, right - 1, right)
    return order[nearest].astype(np.uint8).tobytes()
