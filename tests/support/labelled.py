"""A seeded, labelled set of telephone sound: classes that are no speech, and speech; all of it G.711-coded.

Half of the set is for tuning and half for the report: whatever is random comes from the seed, and even
seeds are the first half, odd ones the second. Nothing is recorded; speech is espeak-ng's, in the languages,
voices and paces of `tests/support/utterance.py`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from media.codec.g711 import ALAW_TO_LINEAR, LINEAR_TO_ALAW, LINEAR_TO_ULAW, ULAW_TO_LINEAR
from media.tts import Speaker
from tests.support.disturbance import MUSIC, NOISES, melody
from tests.support.music import STYLES, piece
from tests.support.sound import RATE, Pcm, at_level, with_noise
from tests.support.utterance import Line, on_a_line, utterances

SECONDS: Final = 10.0
"Of a clip that is no speech."
LEVELS: Final = (-15.0, -22.0, -30.0, -38.0)
"[dBov]"
BELOW: Final = (20.0, 35.0, 50.0)
"[dB] that the noise of the line is below what is heard."
NETWORK: Final = (
    *(name for name in NOISES if "ring" in name or "busy" in name),
    *("reorder", "dial tone", "call waiting", "fax", "test tone", "low tone"),
)
KEYS: Final = ("keys", "fast keys")
SAYINGS: Final = (
    ("Welcome to our service. How may I help you today? You can ask me about your orders.", "en-us"),
    ("One moment please, I am looking at your account. Your balance is forty two dollars.", "en-us+f3"),
    ("Guten Tag, was kann ich für Sie tun? Unsere Öffnungszeiten sind von neun bis siebzehn Uhr.", "de"),
    ("Buenos días, ¿en qué puedo ayudarle? Puedo darle una cita para mañana por la tarde.", "es+f2"),
    ("Bonjour, que puis-je faire pour vous? Votre commande arrivera demain dans la matinée.", "fr"),
    ("Good afternoon, this is the clinic. Please tell me your name and your date of birth.", "en-gb-x-rp"),
)


@dataclass(frozen=True, slots=True)
class Clip:
    name: str
    pcm: Pcm
    "What comes from the caller."
    sent: Pcm | None = None
    "What the agent says meanwhile."


def coded(pcm: Pcm, random: np.random.Generator) -> Pcm:
    """Through µ-law or A-law and back."""
    if random.random() < 0.5:
        return ULAW_TO_LINEAR[LINEAR_TO_ULAW[pcm.view(np.uint16)]]
    return ALAW_TO_LINEAR[LINEAR_TO_ALAW[pcm.view(np.uint16)]]


def on_line(sound: NDArray[np.floating], level: float, random: np.random.Generator) -> Pcm:
    """After half a second of the line's own noise, which stays."""
    loud = at_level(sound[: int(SECONDS * RATE)].astype(np.float64), level)
    lead = np.concatenate([np.zeros(RATE // 2, np.int16), loud])
    noisy = with_noise(lead, max(level - random.choice(BELOW), -75.0), int(random.integers(1 << 30)))
    return coded(noisy, random)


def from_files(folder: Path, seed: int, count: int) -> list[Clip]:
    """`count` pieces, or as many as there are, of the sounds in `folder` that FFmpeg reads, named by file."""
    random = np.random.default_rng(seed)
    pieces: list[tuple[str, NDArray[np.float32]]] = []
    for path in sorted(folder.iterdir()):
        sound = _decoded(path)
        step = int(SECONDS * RATE)
        pieces += [(path.stem, sound[at : at + step]) for at in range(0, len(sound) - step + 1, step)]
    chosen = random.permutation(len(pieces))[:count].tolist()
    return [
        Clip(pieces[which][0], on_line(pieces[which][1], LEVELS[n % len(LEVELS)], random))
        for n, which in enumerate(chosen)
        if pieces[which][1].any()
    ]


def _decoded(path: Path) -> NDArray[np.float32]:
    """At `RATE`, one channel; nothing of what is no sound."""
    try:
        with av.open(str(path)) as file:
            resampler = av.AudioResampler("fltp", "mono", RATE)
            found = [
                made.to_ndarray()[0]
                for frame in (*file.decode(audio=0), None)
                for made in resampler.resample(frame)
            ]
    except (av.FFmpegError, IndexError):
        found = []
    return np.concatenate(found) if found else np.zeros(0, np.float32)


def _made(
    names: tuple[str, ...],
    make: Callable[[np.random.Generator, str], NDArray[np.floating]],
    seed: int,
    count: int,
) -> list[Clip]:
    """`count` clips, the names and the levels in turn."""
    random = np.random.default_rng([seed, len(names)])
    return [
        Clip(name := names[n % len(names)], on_line(make(random, name), LEVELS[n // len(names) % 4], random))
        for n in range(count)
    ]


def noises(seed: int, count: int) -> list[Clip]:
    names = tuple(name for name in NOISES if name not in NETWORK + KEYS)
    return _made(names, lambda random, name: NOISES[name](random), seed, count)


def network(seed: int, count: int) -> list[Clip]:
    return _made(NETWORK, lambda random, name: NOISES[name](random), seed, count)


def keys(seed: int, count: int) -> list[Clip]:
    return _made(KEYS, lambda random, name: NOISES[name](random), seed, count)


def music(seed: int, count: int) -> list[Clip]:
    def make(random: np.random.Generator, style: str) -> NDArray[np.floating]:
        return melody(random, style) if style in MUSIC else piece(random, style)

    return _made((*MUSIC, *STYLES), make, seed, count)


def spoken(sayings: tuple[tuple[str, str], ...] = SAYINGS) -> list[NDArray[np.float64]]:
    """What agents say, at 8 kHz."""

    async def speak() -> list[NDArray[np.float64]]:
        async with Speaker() as speaker:
            said = [await speaker.speak(text, voice) for text, voice in sayings]
        return [
            soxr.resample(np.frombuffer(one.pcm, "<i2").astype(np.float64), one.sample_rate, RATE)
            for one in said
        ]

    return asyncio.run(speak())


def echoes(seed: int, count: int) -> list[Clip]:
    """The agent's own voice, 20 to 350 ms later and 6 to 40 dB weaker, through a loudspeaker in a room."""
    random = np.random.default_rng([seed, 1])
    voices = spoken()
    clips = []
    for n in range(count):
        level, loss = float(random.uniform(-24, -14)), float(random.uniform(6, 40))
        said = np.concatenate([voices[n % len(voices)]] * 3)[: int(SECONDS * RATE)]
        sent = coded(np.concatenate([np.zeros(RATE // 2, np.int16), at_level(said, level)]), random)
        # Direct sound, then reflections that die away within 20 to 120 ms.
        reach = int(random.uniform(0.02, 0.12) * RATE)
        room = random.standard_normal(reach) * np.exp(-5 * np.arange(reach) / reach) * random.uniform(0, 0.3)
        room[0] += 1.0
        delay = int(random.uniform(0.02, 0.35) * RATE)
        back = np.convolve(np.concatenate([np.zeros(delay), sent.astype(np.float64)]), room)[: len(sent)]
        heard = np.clip(np.rint(back * 10 ** (-loss / 20)), -32768, 32767).astype(np.int16)
        noisy = with_noise(heard, float(random.choice([-75.0, -60.0, -52.0])), int(random.integers(1 << 30)))
        clips.append(Clip(f"{loss:.0f} dB {delay // 8} ms", coded(noisy, random), sent))
    return clips


UNSPOKEN: Final[dict[str, Callable[[int, int], list[Clip]]]] = {
    "noise": noises,
    "ringback and tones": network,
    "DTMF": keys,
    "music": music,
    "own echo": echoes,
}


def speech(seed: int, count: int) -> list[tuple[str, Line]]:
    """Beginnings of speech, at levels and in noise of all kinds; every third comes after some music."""
    random = np.random.default_rng([seed, 2])
    lines = []
    for n, utterance in enumerate(utterances(count, seed)):
        level = (-12.0, -20.0, -28.0, -35.0)[n % 4]
        noise = max(level - random.choice([20, 25, 35, 50]), -75.0)
        line = on_a_line(utterance, level, noise, int(random.integers(1 << 30)))
        if line is not None:
            name = f"{utterance.name} at {level:.0f}"
            line = Line(coded(line.pcm, random), line.begins, line.clear)
            lines.append((f"{name} after music", _after_music(line, random)) if n % 3 == 0 else (name, line))
    return lines


def _after_music(line: Line, random: np.random.Generator) -> Line:
    """One to five seconds of it before the line's own lead."""
    names = (*MUSIC, *STYLES)
    style = names[random.integers(len(names))]
    sound = melody(random, style) if style in MUSIC else piece(random, style)
    length = int(random.integers(50, 250))
    tune = coded(at_level(sound[: length * 160].astype(np.float64), float(random.choice([-20, -30]))), random)
    return Line(np.concatenate([tune, line.pcm]), length + line.begins, length + line.clear)
