"""A few texts, spoken ahead of time as a phone hears them."""

from typing import TypeAlias

import numpy as np
import soxr

from media.codec.g711 import LINEAR_TO_ULAW
from media.tts import Speaker

Voice: TypeAlias = dict[str, bytes]
"Text → how it sounds, µ-law at 8 kHz."


async def speak_all(*texts: str) -> Voice:
    """What the agent will say, made before the first caller comes: it has but a few texts."""
    voice = {}
    async with Speaker() as speaker:
        for text in texts:
            speech = await speaker.speak(text)
            pcm = soxr.resample(np.frombuffer(speech.pcm, np.int16), speech.sample_rate, 8000)
            voice[text] = LINEAR_TO_ULAW[pcm.view(np.uint16)].tobytes()
    return voice
