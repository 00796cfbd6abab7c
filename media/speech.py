"""Speech providers, as everybody who speaks or listens sees them: one small interface each way.

`media.tts.Speaker` (espeak-ng) and `media.stt.Scribe` (pocketsphinx) are the offline ones; those over HTTP
live with everything else that asks the network, in `controlplane/provider`.
"""

from pathlib import Path
from typing import Protocol

from media.tts import Speech


class Voice(Protocol):
    """Text to speech."""

    async def speak(self, text: str, voice: str = ..., words_per_minute: int = ...) -> Speech:
        """Raises `media.tts.SpeechError`."""

    async def save(self, path: Path, text: str, voice: str = ..., words_per_minute: int = ...) -> None:
        """Write a WAV to the absolute `path`, complete or not at all. Raises `media.tts.SpeechError`."""


class Scribe(Protocol):
    """Speech to text."""

    async def transcribe(self, pcm: bytes, rate: int, language: str) -> str:
        """The words of PCM16 mono at `rate` [Hz], empty where there are none. Raises `SpeechError`."""


class Providers(Protocol):
    """Whom an account has chosen."""

    def voice(self, account: str) -> Voice: ...

    def scribe(self, account: str) -> Scribe: ...
