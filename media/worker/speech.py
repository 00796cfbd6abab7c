"""Speech for agents that know text alone, asked of the daemon by a worker: its providers do it there.

::

    worker: plane ─▶ FarProviders ── Speak · Transcribe ─▶ daemon: Desk ─▶ the account's voice or scribe
                                  ◀─ Spoken · Written · Unspoken ─┘
"""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from config.value import dataclass
from media.speech import Providers, Scribe, Voice
from media.tts import Speech, SpeechError


@dataclass(frozen=True, slots=True)
class Speak:
    number: int
    account: str
    text: str
    voice: str
    words_per_minute: int
    path: str
    "Of the WAV to write; empty: the samples are wanted."


@dataclass(frozen=True, slots=True)
class Transcribe:
    number: int
    account: str
    pcm: bytes
    rate: int
    language: str


@dataclass(frozen=True, slots=True)
class Spoken:
    number: int
    pcm: bytes
    sample_rate: int


@dataclass(frozen=True, slots=True)
class Written:
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Unspoken:
    number: int
    why: str


Wish = Speak | Transcribe
Outcome = Spoken | Written | Unspoken


class FarProviders:
    """In the worker: `media.speech.Providers`."""

    def __init__(self, tell: Callable[[Wish], None]) -> None:
        self._tell = tell
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Outcome]] = {}

    def voice(self, account: str) -> Voice:
        return _FarVoice(self, account)

    def scribe(self, account: str) -> Scribe:
        return _FarScribe(self, account)

    def received(self, outcome: Outcome) -> None:
        waiting = self._waiting.get(outcome.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)

    async def ask(self, make: Callable[[int], Wish]) -> Outcome:
        """Raises: SpeechError, as the provider did."""
        number = next(self._numbers)
        self._waiting[number] = waiting = asyncio.get_running_loop().create_future()
        try:
            self._tell(make(number))
            outcome: Outcome = await waiting
        finally:
            del self._waiting[number]
        if isinstance(outcome, Unspoken):
            raise SpeechError(outcome.why)
        return outcome

    def __len__(self) -> int:
        return len(self._waiting)


class _FarVoice:
    def __init__(self, providers: FarProviders, account: str) -> None:
        self._providers = providers
        self._account = account

    async def speak(self, text: str, voice: str = "en-us", words_per_minute: int = 165) -> Speech:
        spoken = await self._providers.ask(
            lambda number: Speak(number, self._account, text, voice, words_per_minute, "")
        )
        assert isinstance(spoken, Spoken), "what answers `Speak`"
        return Speech(spoken.pcm, spoken.sample_rate)

    async def save(self, path: Path, text: str, voice: str = "en-us", words_per_minute: int = 165) -> None:
        await self._providers.ask(
            lambda number: Speak(number, self._account, text, voice, words_per_minute, str(path))
        )


class _FarScribe:
    def __init__(self, providers: FarProviders, account: str) -> None:
        self._providers = providers
        self._account = account

    async def transcribe(self, pcm: bytes, rate: int, language: str) -> str:
        written = await self._providers.ask(
            lambda number: Transcribe(number, self._account, pcm, rate, language)
        )
        assert isinstance(written, Written), "what answers `Transcribe`"
        return written.text


class Desk:
    """In the daemon: carries out what one worker wishes.

    Args: spawn: owns the tasks.
    """

    def __init__(
        self,
        providers: Providers | None,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        tell: Callable[[Outcome], None],
    ) -> None:
        self._providers = providers
        self._spawn = spawn
        self._tell = tell

    def received(self, wish: Wish) -> None:
        self._spawn(self._serve(wish))

    async def _serve(self, wish: Wish) -> None:
        try:
            self._tell(await self._outcome(wish))
        except SpeechError as error:
            self._tell(Unspoken(wish.number, str(error)))
        except Exception:
            self._tell(Unspoken(wish.number, "the speech provider failed: see the daemon's log"))
            raise

    async def _outcome(self, wish: Wish) -> Outcome:
        if self._providers is None:
            raise SpeechError("no speech provider is set up")
        if isinstance(wish, Transcribe):
            scribe = self._providers.scribe(wish.account)
            return Written(wish.number, await scribe.transcribe(wish.pcm, wish.rate, wish.language))
        voice = self._providers.voice(wish.account)
        if wish.path:
            await voice.save(Path(wish.path), wish.text, wish.voice, wish.words_per_minute)
            return Spoken(wish.number, b"", 0)
        speech = await voice.speak(wish.text, wish.voice, wish.words_per_minute)
        return Spoken(wish.number, speech.pcm, speech.sample_rate)
