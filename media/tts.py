"""Offline text to speech: a client of the espeak-ng process (`media/espeak.py`).

::

    speak() ─▶ bounded queue ─▶ one request at a time ─▶ child process
                                     ◀─ PCM16 ──────────

The child starts with the first request and again whenever it has died.
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from config.schema import MediaLimits
from config.value import dataclass
from media import espeak

_LIMITS = MediaLimits()

COMMAND = (sys.executable, "-P", espeak.__file__)
"By file, so that it is found from any folder, and `-P`, so that its neighbours are not taken for modules."


class SpeechError(Exception):
    """There is no speech; the text says why and, where it can be helped, how."""


@dataclass(frozen=True, slots=True)
class Speech:
    pcm: bytes
    "PCM16, little-endian, mono."
    sample_rate: int
    "[Hz]"

    @property
    def milliseconds(self) -> int:
        return len(self.pcm) // 2 * 1000 // self.sample_rate


class Speaker:
    """Speaks texts, one after another, for any number of callers at once."""

    def __init__(self, limits: MediaLimits = _LIMITS, *, command: tuple[str, ...] = COMMAND) -> None:
        self._limits = limits
        self._command = command
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._child: asyncio.subprocess.Process | None = None
        self._killed: list[asyncio.subprocess.Process] = []  # until waited for

    async def speak(self, text: str, voice: str = "en-us", words_per_minute: int = 165) -> Speech:
        """The spoken `text`.

        Args:
            voice: language, with `+f1`…`+f5` or `+m1`…`+m8` for a woman's or a man's voice: `de+f2`.

        Raises:
            SpeechError: no such voice, too many requests, deadline passed, or espeak-ng is not there.
        """
        return await self._request(text, voice, words_per_minute, None)

    async def save(self, path: Path, text: str, voice: str = "en-us", words_per_minute: int = 165) -> None:
        """Write the spoken `text` to a WAV, which appears at the absolute `path` complete or not at all.

        Raises:
            SpeechError: as `speak`, or the file cannot be written.
        """
        await self._request(text, voice, words_per_minute, str(path))

    async def close(self) -> None:
        """End the child process."""
        await self._bury()
        child, self._child = self._child, None
        if child is None:
            return
        try:
            async with asyncio.timeout(1.0):
                assert child.stdin is not None and child.stdout is not None, "started with pipes"
                child.stdin.close()  # at which it ends
                await child.stdout.read()
                await child.wait()
        except TimeoutError:
            self._kill(child)
            await self._bury()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _request(self, text: str, voice: str, words_per_minute: int, path: str | None) -> Speech:
        if len(text) > self._limits.speech_characters:
            raise SpeechError(f"text is longer than {self._limits.speech_characters} characters")
        if self._waiting >= self._limits.speech_queue:
            raise SpeechError(f"{self._limits.speech_queue} texts are waiting to be spoken already")
        request = {"text": text, "voice": voice, "words_per_minute": words_per_minute, "path": path}
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.speech_deadline), self._turn:
                return await self._exchange(json.dumps(request).encode() + b"\n")
        except TimeoutError:
            raise SpeechError(f"not spoken within {self._limits.speech_deadline:g} s") from None
        finally:
            self._waiting -= 1

    async def _exchange(self, request: bytes) -> Speech:
        """One request and its answer; a child that died is replaced once."""
        for last_try in (False, True):
            child = self._child if self._child and self._child.returncode is None else await self._start()
            self._child = None  # until the answer is complete: a half-read child is of no use to anybody
            try:
                speech = await _converse(child, request)
            except (OSError, EOFError, ValueError) as error:
                self._kill(child)
                if last_try:
                    raise SpeechError(f"the speech process died twice over this text: {error!r}") from error
            except SpeechError:
                self._child = child
                raise
            except BaseException:  # cancelled or out of time
                self._kill(child)
                raise
            else:
                self._child = child
                return speech
        raise AssertionError("the second try returns or raises")

    def _kill(self, child: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        self._killed.append(child)

    async def _bury(self) -> None:
        """Wait for the ends of those killed. What is left in their pipes is read: a loop waits for both."""
        while self._killed:
            child = self._killed.pop()
            assert child.stdout is not None, "started with pipes"
            await child.stdout.read()
            await child.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        await self._bury()
        try:
            return await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C at the daemon's terminal is not meant for it
            )
        except OSError as error:
            raise SpeechError(f"cannot start the speech process: {error}") from error


async def _converse(child: asyncio.subprocess.Process, request: bytes) -> Speech:
    assert child.stdin is not None and child.stdout is not None, "started with pipes"
    child.stdin.write(request)
    await child.stdin.drain()
    answer = json.loads(await child.stdout.readline())
    if "error" in answer:
        raise SpeechError(answer["error"])
    return Speech(await child.stdout.readexactly(answer["bytes"]), answer["sample_rate"])
