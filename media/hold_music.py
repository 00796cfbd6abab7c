"""The loop that a held caller hears when nobody configured another one: a slow tune of soft bells.

Made by arithmetic, so that nobody's rights are touched: four broken chords, sixteen seconds, no click
where it begins again.
"""

import os
import tempfile
import wave
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 8_000
"[Hz]"
_STEP: Final = RATE // 2  # samples from note to note
_RING: Final = RATE * 2  # samples of one bell
_LEVEL: Final = 3_000.0  # of one bell at its start; at most four sound together

_CHORDS: Final = (
    (261.63, 329.63, 392.00, 523.25, 392.00, 329.63, 293.66, 329.63),
    (220.00, 261.63, 329.63, 440.00, 329.63, 261.63, 246.94, 261.63),
    (174.61, 261.63, 349.23, 440.00, 349.23, 261.63, 220.00, 261.63),
    (196.00, 246.94, 293.66, 392.00, 349.23, 293.66, 246.94, 293.66),
)
"[Hz]: C, A minor, F, G."


def melody() -> NDArray[np.int16]:
    """One round, shape ``(samples,)``, 8 kHz mono; what rings at the end goes on at the beginning."""
    notes = [hertz for chord in _CHORDS for hertz in chord]
    samples = len(notes) * _STEP
    mixed = np.zeros(samples)
    time = np.arange(_RING) / RATE
    fade = np.exp(-2.2 * time) * np.minimum(1.0, time / 0.008) * np.minimum(1.0, time[::-1] / 0.05)
    for place, hertz in enumerate(notes):
        bell = np.sin(2 * np.pi * hertz * time) + 0.3 * np.sin(4 * np.pi * hertz * time)
        where = (np.arange(_RING) + place * _STEP) % samples
        mixed[where] += _LEVEL * fade * bell
    return np.clip(np.rint(mixed), -32768, 32767).astype(np.int16)


def save(path: Path) -> None:
    """Write the loop as a WAV; it appears whole or not at all, also where two threads write it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(".part", path.stem, path.parent)
    with os.fdopen(descriptor, "wb") as stream, wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(melody().astype("<i2").tobytes())
    Path(part).replace(path)
