"""The interface of speech providers, and that ours keep to it."""

from media.speech import Scribe, Voice
from media.stt import Scribe as OfflineScribe
from media.tts import Speaker


async def test_the_offline_ones_fit() -> None:
    voice: Voice = Speaker()
    offline = OfflineScribe()
    scribe: Scribe = offline
    assert voice and scribe
    offline.close()
