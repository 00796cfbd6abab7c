"""Spoken texts as files: those of all flows are made ahead, those with variables when a call needs them.

A file is named after what is spoken, so it is never out of date::

    <data>/prompts/texts/<hash>.wav       of the flows' fixed texts
    <data>/prompts/said/<hash>.wav        of texts with variables; the longest unused give way
"""

import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import structlog

from media.tts import SpeechError

Text = tuple[str, str, str]
"Text, voice and whose speech provider speaks."

_log = structlog.get_logger(__name__)


class Speaks(Protocol):
    async def save(self, path: Path, text: str, voice: str = "en-us") -> None: ...


class Chooses(Protocol):
    """Whom an account has chosen to speak."""

    def voice(self, account: str) -> Speaks: ...

    def key(self, account: str) -> str:
        """What is different about its voice; empty: nothing."""


class SpokenTexts:
    def __init__(self, folder: Path, most: int) -> None:
        """Args: most: texts with variables that are kept."""
        self._texts = folder / "texts"
        self._said = folder / "said"
        self._most = most
        self._speaker: Speaks | None = None
        self._providers: Chooses | None = None
        self._ready: set[str] = set()
        self._recent: OrderedDict[str, None] = OrderedDict()

    def open(self, speaker: Speaks, providers: Chooses | None = None) -> None:
        """Blocks for two folders' listing. Args: providers: of accounts; None: `speaker` speaks for all."""
        self._speaker, self._providers = speaker, providers
        for folder in (self._texts, self._said):
            folder.mkdir(parents=True, exist_ok=True)
        self._ready = {path.stem for path in self._texts.glob("*.wav")}
        old = sorted(self._said.glob("*.wav"), key=lambda path: path.stat().st_mtime_ns)
        self._recent = OrderedDict.fromkeys(path.stem for path in old)

    def path(self, text: str, voice: str, account: str = "") -> str | None:
        """Of a WAV that is there."""
        name = self._name(text, voice, account)
        if name in self._ready:
            return str(self._texts / f"{name}.wav")
        if name in self._recent:
            self._recent.move_to_end(name)
            return str(self._said / f"{name}.wav")
        return None

    async def make(self, texts: Iterable[Text]) -> None:
        """Speak what is missing, one after another; the log tells what cannot be spoken."""
        for text, voice, account in dict.fromkeys(texts):
            name = self._name(text, voice, account)
            path = self._texts / f"{name}.wav"
            if name not in self._ready and await self._speak(path, text, voice, account):
                self._ready.add(name)

    async def say(self, text: str, voice: str, account: str = "") -> str | None:
        """Speak a text for one call; None: it cannot be spoken."""
        found = self.path(text, voice, account)
        if found is not None:
            return found
        name = self._name(text, voice, account)
        path = self._said / f"{name}.wav"
        if not await self._speak(path, text, voice, account):
            return None
        self._recent[name] = None
        while len(self._recent) > self._most:
            oldest, _ = self._recent.popitem(last=False)
            with contextlib.suppress(OSError):
                (self._said / f"{oldest}.wav").unlink()
        return str(path)

    def _name(self, text: str, voice: str, account: str) -> str:
        key = "" if self._providers is None else self._providers.key(account)
        return _name(f"{key}\n{text}" if key else text, voice)

    async def _speak(self, path: Path, text: str, voice: str, account: str) -> bool:
        if self._speaker is None:
            return False
        speaker = self._speaker if self._providers is None else self._providers.voice(account)
        try:
            await speaker.save(path, text, voice)
        except SpeechError as error:
            _log.warning("a text cannot be spoken", characters=len(text), voice=voice, why=str(error))
            return False
        return True


def _name(text: str, voice: str) -> str:
    return hashlib.sha256(f"{voice}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
