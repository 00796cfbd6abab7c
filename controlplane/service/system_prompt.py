"""The prompts that we speak ourselves: made once by our own TTS, kept in the data folder (S004-80)."""

import asyncio
import hashlib
from collections.abc import Container
from pathlib import Path
from typing import Final, Protocol

import structlog

from media import hold_music
from media.tts import SpeechError

TEXTS: Final = {
    "agent-unreachable": "We are sorry. The agent cannot be reached right now. Please call again later.",
    "welcome": "Welcome.",
    "please-hold": "Please hold the line.",
    "confirm-accept": "Press 1 to take the call.",
    "whisper-queue": "A call from the queue.",
    "all-busy": "All our people are busy right now.",
    "no-agents": "Nobody is there to take your call right now.",
    "vm-greeting": "Please leave a message after the tone.",
    "goodbye": "Goodbye.",
    "invalid": "That is not a choice.",
    "conference-pin": "Please enter the PIN of the conference, then press hash.",
    "conference-wrong-pin": "That PIN is not right.",
    "conference-wait": "The conference begins when its moderator is here.",
    "conference-refused": "You cannot join this conference.",
    "conference-muted": "You are muted.",
    "conference-unmuted": "You can be heard again.",
    "transferring": "One moment, I am connecting you.",
}
"Name → English text."

ALWAYS: Final = frozenset({"agent-unreachable"})
"Needed also when no flow plays it."

MUSIC: Final = "hold-music"
"The prompt that is a tune, made without TTS."

VOICE: Final = "en-us"

_log = structlog.get_logger(__name__)


class Saves(Protocol):
    """What is used of `media.tts.Speaker`."""

    async def save(self, path: Path, text: str, voice: str = ...) -> None: ...


class SystemPrompts(dict[str, str]):
    """Name → path of a WAV that is there; a name is missing until its WAV is made."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    async def make(self, speaker: Saves, wanted: Container[str] = TEXTS) -> None:
        """Make what is missing of `wanted`, and the music.

        Without TTS the callers hear a tone instead, and the log says why.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        music = self._folder / f"{MUSIC}.wav"
        if not music.exists():
            await asyncio.to_thread(hold_music.save, music)
        self[MUSIC] = str(music)
        for name, text in TEXTS.items():
            if name not in wanted:
                continue
            key = hashlib.sha256(f"{VOICE}\n{text}".encode()).hexdigest()[:16]
            path = self._folder / f"{name}-{key}.wav"
            if not path.exists():
                try:
                    await speaker.save(path, text, VOICE)
                except SpeechError as error:
                    _log.warning("a prompt cannot be spoken", prompt=name, why=str(error))
                    continue
            self[name] = str(path)
