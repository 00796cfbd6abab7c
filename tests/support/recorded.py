"""Recordings of music and of people as they come over a telephone line, from files of anybody's.

A folder has `music/` and `speech/`, files that FFmpeg reads, in any depth. Nothing recorded is kept in this
repository.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from tests.support.labelled import LEVELS, SECONDS, Clip, coded, on_line
from tests.support.sound import RATE
from tests.support.utterance import Line, Utterance, on_a_line

CLIPS: Final = 8
"Of one piece of music, from its beginning."
SPEECH_LEVELS: Final = (-12.0, -20.0, -28.0, -35.0)
WORDS: Final = int(1.75 * RATE)
"Samples of speech, from its beginning."
QUIET: Final = 80.0
"Root mean square of a clip of music that is a pause."

Sound = NDArray[np.float64]


@cache
def read(path: Path, most: int) -> Sound:
    """At most the first `most` samples at 8 kHz, and a few more; empty if nothing can be decoded."""
    parts: list[Sound] = []
    to_8_khz = av.AudioResampler("s16", "mono", RATE)
    try:
        with av.open(str(path)) as file:
            for frame in file.decode(audio=0):
                parts += [part.to_ndarray()[0].astype(np.float64) for part in to_8_khz.resample(frame)]
                if sum(map(len, parts)) >= most:
                    break
    except (av.FFmpegError, IndexError, UnicodeDecodeError):  # the last of its tags
        pass
    return np.concatenate(parts) if parts else np.zeros(0)


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _paced(sound: Sound, paces: Sequence[float], random: np.random.Generator) -> Sound:
    """As played so many times faster, and higher."""
    pace = float(random.choice(paces))
    return sound if pace == 1.0 or not len(sound) else soxr.resample(sound, RATE * pace, RATE)


def music(folder: Path, seed: int, paces: Sequence[float] = (1.0,)) -> list[Clip]:
    random, length = np.random.default_rng([seed, 3]), int(SECONDS * RATE)
    clips: list[Clip] = []
    for path in files(folder):
        sound = _paced(read(path, CLIPS * length), paces, random)
        for start in range(0, len(sound) - length + 1, length)[:CLIPS]:
            part = sound[start : start + length]
            if np.sqrt(np.mean(part**2)) >= QUIET:
                clips.append(Clip(path.name, on_line(part, LEVELS[len(clips) % len(LEVELS)], random)))
    return clips


def speech(folder: Path, seed: int, paces: Sequence[float] = (1.0,)) -> list[tuple[str, Line]]:
    """The beginning of each file, after its silence."""
    random = np.random.default_rng([seed, 4])
    lines: list[tuple[str, Line]] = []
    for path in files(folder):
        sound = _paced(read(path, 4 * WORDS), paces, random)
        loud = np.flatnonzero(np.abs(sound) > np.abs(sound).max(initial=0.0) * 0.02)
        if len(loud) < RATE // 4:
            continue
        level = SPEECH_LEVELS[len(lines) % len(SPEECH_LEVELS)]
        noise = max(level - random.choice([20, 25, 35, 50]), -75.0)
        begin = max(0, int(loud[0]) - 160)
        said = Utterance(path.name, sound[begin : begin + WORDS])
        line = on_a_line(said, level, noise, int(random.integers(1 << 30)))
        if line is not None:
            lines.append((path.name, Line(coded(line.pcm, random), line.begins, line.clear)))
    return lines
