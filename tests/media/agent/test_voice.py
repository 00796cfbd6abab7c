"""Texts as a phone hears them."""

import numpy as np
import pytest

from media.agent.voice import speak_all
from media.codec.g711 import ULAW_TO_LINEAR
from media.tts import SpeechError


async def test_each_text_is_audible_mu_law_at_8_khz() -> None:
    voice = await speak_all("Hello there.", "Goodbye.")
    assert set(voice) == {"Hello there.", "Goodbye."}
    for ulaw in voice.values():
        pcm = ULAW_TO_LINEAR[np.frombuffer(ulaw, np.uint8)].astype(float)
        assert 0.3 < len(pcm) / 8000 < 3.0 and np.sqrt((pcm**2).mean()) > 300


async def test_a_text_that_cannot_be_spoken_says_why() -> None:
    with pytest.raises(SpeechError, match="longer than"):
        await speak_all("x" * 1_000_000)
