"""Offline recognition: a thread of its own, English alone."""

import numpy as np
import pytest

from media.stt import Scribe
from media.tts import SpeechError
from tests.support.speech import speech


async def test_english_is_written_down() -> None:
    pytest.importorskip("pocketsphinx", reason="the extra stt is not installed (dev group has it)")
    scribe = Scribe()
    try:
        spoken = np.concatenate((np.zeros(2000), speech("one two three four"), np.zeros(2000)))
        words = await scribe.transcribe((spoken * 20_000).astype("<i2").tobytes(), 8000, "en-US")
    finally:
        scribe.close()
    assert len(words.split()) >= 2, "the model hears words, if not always the right ones"


async def test_other_languages_are_refused() -> None:
    scribe = Scribe()
    try:
        with pytest.raises(SpeechError, match="English alone"):
            await scribe.transcribe(b"", 8000, "de-DE")
    finally:
        scribe.close()
