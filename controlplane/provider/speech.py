"""Speech over HTTP, and by a program of the operator's: OpenAI-compatible services, Deepgram, ElevenLabs.

https://platform.openai.com/docs/api-reference/audio · https://developers.deepgram.com/reference ·
https://elevenlabs.io/docs/api-reference. Every URL and program here is the operator's own, from the YAML.
"""

import asyncio
import contextlib
import io
import os
import signal
import wave
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import orjson

from config.speech import DEEPGRAM, ELEVENLABS, OPENAI, SpeechToText, TextToSpeech
from media.tts import Speech, SpeechError

LONGEST_BYTES: Final = 16_777_216
"Longest audio taken from a provider (about 6 min)."
CHARACTERS: Final = 4_000
"Longest text spoken at once."
AT_ONCE: Final = 32
"Requests to one provider; others wait, within their deadline."
_RATE: Final = 24_000
_ELEVENLABS_RATE: Final = 16_000
_REASON: Final = 200  # characters
_PIECE: Final = 65_536


class Web:
    """One session for every provider; opens with the first request; use it on one loop and close it."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, seconds: float, **request: Any) -> bytes:
        """The body of a 200. Raises `SpeechError`."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit_per_host=AT_ONCE)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with (
                asyncio.timeout(seconds),
                self._session.post(url, allow_redirects=False, **request) as response,
            ):
                body = bytearray()
                async for piece in response.content.iter_any():
                    body += piece
                    if len(body) > LONGEST_BYTES:
                        raise SpeechError(f"the provider sent more than {LONGEST_BYTES} bytes")
        except TimeoutError:
            raise SpeechError(f"the speech provider did not answer within {seconds:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SpeechError(f"the speech provider cannot be reached: {error}"[:_REASON]) from None
        if response.status != 200:
            why = bytes(body[:_REASON]).decode(errors="replace")
            raise SpeechError(f"the speech provider answered {response.status}: {why}"[:_REASON])
        return bytes(body)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class WebVoice:
    """Text to speech: a `media.speech.Voice`."""

    def __init__(self, web: Web, part: TextToSpeech) -> None:
        self._web = web
        self._part = part

    async def speak(self, text: str, voice: str = "", words_per_minute: int = 0) -> Speech:
        """`voice` and speed are the provider's own."""
        if len(text) > CHARACTERS:
            raise SpeechError(f"text is longer than {CHARACTERS} characters")
        part, rate = self._part, _RATE
        match part.provider:
            case "openai":
                body = {
                    "model": part.model or "gpt-4o-mini-tts",
                    "voice": part.voice or "alloy",
                    "input": text,
                    "response_format": "pcm",
                }
                pcm = await self._post(f"{part.url or OPENAI}/audio/speech", _bearer(part.api_key), body)
            case "deepgram":
                model = quote(part.voice or part.model or "aura-2-thalia-en", safe="")
                query = f"model={model}&encoding=linear16&sample_rate={rate}&container=none"
                url = f"{part.url or DEEPGRAM}/speak?{query}"
                pcm = await self._post(url, _token(part.api_key), {"text": text})
            case _:
                rate = _ELEVENLABS_RATE
                voice_id = quote(part.voice, safe="")
                url = f"{part.url or ELEVENLABS}/text-to-speech/{voice_id}?output_format=pcm_{rate}"
                body = {"text": text, "model_id": part.model or "eleven_flash_v2_5"}
                pcm = await self._post(url, _xi(part.api_key), body)
        return Speech(pcm[: len(pcm) & ~1], rate)

    async def save(self, path: Path, text: str, voice: str = "", words_per_minute: int = 0) -> None:
        speech = await self.speak(text)
        await asyncio.to_thread(write_wav, path, speech)

    async def _post(self, url: str, headers: dict[str, str], body: dict[str, Any]) -> bytes:
        given = {"headers": {**headers, "Content-Type": "application/json"}, "data": orjson.dumps(body)}
        return await self._web.post(url, self._part.timeout, **given)


class CommandVoice:
    """A program of the operator's for each text: a `media.speech.Voice`."""

    def __init__(self, part: TextToSpeech) -> None:
        self._part = part
        self._at_once = asyncio.Semaphore(4)

    async def speak(self, text: str, voice: str = "", words_per_minute: int = 0) -> Speech:
        if len(text) > CHARACTERS:
            raise SpeechError(f"text is longer than {CHARACTERS} characters")
        try:
            async with asyncio.timeout(self._part.timeout), self._at_once:
                return await self._run(text)
        except TimeoutError:
            raise SpeechError(f"the speech program took longer than {self._part.timeout:g} s") from None
        except (OSError, EOFError, wave.Error) as error:
            raise SpeechError(f"the speech program gave no WAV: {error}"[:_REASON]) from None

    async def save(self, path: Path, text: str, voice: str = "", words_per_minute: int = 0) -> None:
        speech = await self.speak(text)
        await asyncio.to_thread(write_wav, path, speech)

    async def _run(self, text: str) -> Speech:
        child = await asyncio.create_subprocess_exec(
            *self._part.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C at the daemon's terminal is not meant for it
        )
        assert child.stdin is not None and child.stdout is not None, "started with pipes"
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                child.stdin.write(text.encode(errors="replace"))
                await child.stdin.drain()
            child.stdin.close()
            made = bytearray()
            while piece := await child.stdout.read(_PIECE):
                made += piece
                if len(made) > LONGEST_BYTES:
                    raise SpeechError(f"the speech program wrote more than {LONGEST_BYTES} bytes")
            status = await child.wait()
        except BaseException:
            await _kill(child)
            raise
        if status != 0:
            raise SpeechError(f"the speech program ended with {status}")
        return await asyncio.to_thread(read_wav, bytes(made))


async def _kill(child: asyncio.subprocess.Process) -> None:
    """End it with all that it has started, which may hold its pipe; unread, that would stay open."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    assert child.stdout is not None, "started with pipes"
    while await child.stdout.read(_PIECE):
        pass
    await child.wait()


class WebScribe:
    """Speech to text: a `media.speech.Scribe`."""

    def __init__(self, web: Web, part: SpeechToText) -> None:
        self._web = web
        self._part = part

    async def transcribe(self, pcm: bytes, rate: int, language: str) -> str:
        part = self._part
        short = language.partition("-")[0].lower()
        audio = _wav(Speech(pcm, rate))
        match part.provider:
            case "deepgram":
                model = quote(part.model or "nova-3", safe="")
                query = f"model={model}&language={quote(language, safe='')}&smart_format=true"
                headers = {**_token(part.api_key), "Content-Type": "audio/wav"}
                url = f"{part.url or DEEPGRAM}/listen?{query}"
                found = await self._web.post(url, part.timeout, headers=headers, data=audio)
                return _dig(found, "results", "channels", 0, "alternatives", 0, "transcript")
            case "elevenlabs":
                url, headers = f"{part.url or ELEVENLABS}/speech-to-text", _xi(part.api_key)
                fields = {"model_id": part.model or "scribe_v1", "language_code": short}
            case _:
                url, headers = f"{part.url or OPENAI}/audio/transcriptions", _bearer(part.api_key)
                fields = {"model": part.model or "gpt-4o-mini-transcribe", "language": short}
        form = aiohttp.FormData()
        for name, value in fields.items():
            form.add_field(name, value)
        form.add_field("file", audio, filename="speech.wav", content_type="audio/wav")
        return _dig(await self._web.post(url, part.timeout, headers=headers, data=form), "text")


def write_wav(path: Path, speech: Speech) -> None:
    """Complete or not at all. Raises `SpeechError`."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(_wav(speech))
        part.replace(path)
    except OSError as error:
        raise SpeechError(f"cannot write {path}: {error.strerror}") from None


def read_wav(data: bytes) -> Speech:
    """Raises `wave.Error`, `EOFError` or `SpeechError`."""
    with wave.open(io.BytesIO(data)) as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise SpeechError("the speech program gave no mono PCM16")
        return Speech(file.readframes(file.getnframes()), file.getframerate())


def _wav(speech: Speech) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(speech.sample_rate)
        file.writeframes(speech.pcm)
    return made.getvalue()


def _dig(data: bytes, *path: str | int) -> str:
    """The text at `path` of a JSON answer. Raises `SpeechError`."""
    try:
        found = orjson.loads(data)
        for step in path:
            found = found[step]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
        raise SpeechError("the speech provider's answer has no transcript") from None
    return found if isinstance(found, str) else ""


def _bearer(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def _token(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Token {key}"} if key else {}


def _xi(key: str | None) -> dict[str, str]:
    return {"xi-api-key": key} if key else {}
