"""A seeded set of spoken beginnings: many first words, voices, languages, speeds, and when each is clear."""

import asyncio
import random
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from media.tts import Speaker, Speech
from tests.support.sound import Pcm, with_noise

FRAME = 160
CLEAR = -40.0
"[dBov] that a frame must exceed before anybody can expect it to be heard."
ABOVE_NOISE = 12.0
"[dB] that it must be over the noise of the line besides."
ENGLISH = ("en-us", "en-gb-scotland", "en-gb-x-rp")
TEXTS = (
    *((text, ENGLISH) for text in (
        "Hello?", "Yes.", "No.", "Stop.", "Wait.", "Six.", "Zero.", "Mhm, yes.", "Hold on.", "What?",
        "Excuse me, I would like to change my order.", "Exactly.", "Extra time, please.", "Stop talking.",
        "No, wait a moment, please.", "Could you repeat that?", "Please be quiet.", "She said so.",
        "Thanks, that is enough.", "Forget it.", "How much is it?", "Seven five three.", "Sorry, a question.",
        "Just tell me the price.", "Transfer me to support.", "Two o'clock.", "Cancel my appointment.",
        "Hey, wait.", "Uh, let me think.", "Operator.", "I see.", "My name is Anna.", "Faster, please.",
    )),
    *((text, ("de",)) for text in ("Ja.", "Entschuldigung, eine Frage.", "Stopp.", "Guten Tag.", "Zwei.")),
    *((text, ("es",)) for text in ("Sí.", "Perdone, una pregunta.", "Hola.", "Quiero un agente.")),
    *((text, ("fr",)) for text in ("Oui.", "Excusez-moi.", "C'est faux.", "Attendez.")),
    *((text, ("it",)) for text in ("Pronto?", "Scusi, una domanda.", "Basta.")),
    *((text, ("ru",)) for text in ("Да.", "Извините.", "Стоп.")),
    *((text, ("cmn",)) for text in ("你好。", "等一下。", "不是。")),
    *((text, ("hi",)) for text in ("नमस्ते।", "रुकिए।")),
    *((text, ("pl",)) for text in ("Przepraszam.", "Tak.")),
)  # fmt: skip
VARIANTS = ("", "+f1", "+f2", "+f3", "+f4", "+f5", "+m1", "+m2", "+m3", "+m4", "+m7", "+klatt", "+Alex")


@dataclass(frozen=True, slots=True)
class Utterance:
    name: str
    signal: NDArray[np.float64]
    "8 kHz, as loud as the synthesiser made it; no silence before it."


@dataclass(frozen=True, slots=True)
class Line:
    """An utterance as it comes over a telephone line."""

    pcm: Pcm
    begins: int
    "Frame in which it begins."
    clear: int
    "Its first frame that is clearly above the noise."


def utterances(count: int, seed: int) -> list[Utterance]:
    """Speak `count` of the texts, each in a voice and at a speed of its own."""
    choose = random.Random(seed)
    asked = []
    for text, languages in (choose.sample(TEXTS, len(TEXTS)) * (count // len(TEXTS) + 1))[:count]:
        voice = choose.choice(languages) + choose.choice(VARIANTS)
        asked.append((text, voice, choose.choice([130, 150, 165, 180, 200])))

    async def speak() -> list[Utterance]:
        async with Speaker() as speaker:
            return [Utterance(f"{voice} {pace}: {text}", _trimmed(await speaker.speak(text, voice, pace)))
                    for text, voice, pace in asked]  # fmt: skip

    return asyncio.run(speak())


def on_a_line(utterance: Utterance, dbov: float, noise_dbov: float, seed: int) -> Line | None:
    """Half a second or more of noise, then the utterance at `dbov`, at any place within a frame.

    None when no frame of it is clear.
    """
    random = np.random.default_rng(seed)
    lead = int(random.integers(4000, 8160))
    signal = utterance.signal / _active(utterance.signal) * 32768 * 10 ** (dbov / 20)
    clean = np.concatenate([np.zeros(lead), signal, np.zeros(4000 + -(lead + len(signal)) % FRAME)])
    power = np.mean(clean[: len(clean) // FRAME * FRAME].reshape(-1, FRAME) ** 2, axis=1)
    level = 10 * np.log10(power / 32768**2 + 1e-12)
    (clear,) = (level > max(CLEAR, noise_dbov + ABOVE_NOISE)).nonzero()
    if not len(clear):
        return None
    pcm = np.clip(np.rint(clean), -32768, 32767).astype(np.int16)
    return Line(with_noise(pcm, noise_dbov, seed), lead // FRAME, int(clear[0]))


def _trimmed(speech: Speech) -> NDArray[np.float64]:
    pcm = np.frombuffer(speech.pcm, "<i2").astype(np.float64)
    pcm = soxr.resample(pcm, speech.sample_rate, 8000)
    trimmed: NDArray[np.float64] = pcm[np.flatnonzero(np.abs(pcm) > 1.0)[0] :]
    return trimmed


def _active(signal: NDArray[np.float64]) -> float:
    """Root mean square of the frames within 30 dB of the loudest."""
    power = np.mean(signal[: len(signal) // FRAME * FRAME].reshape(-1, FRAME) ** 2, axis=1)
    return float(np.sqrt(np.mean(power[power > power.max() * 1e-3])))
