"""Speech over HTTP against a server of ours that keeps what it is sent, and a program of the operator's."""

import io
import json
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from config.speech import SpeechToText, TextToSpeech
from controlplane.provider.speech import CommandVoice, Web, WebScribe, WebVoice, read_wav
from media.tts import SpeechError
from tests.support.address import loopback

PCM = bytes(range(200))


class Vendor:
    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer = web.Response(body=PCM)
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        form = await request.post() if request.content_type.startswith("multipart") else None
        fields = {} if form is None else {name: v for name, v in form.items() if isinstance(v, str)}
        body = b"" if form is not None else await request.read()
        self.asked.append(
            {"path": request.path_qs, "headers": dict(request.headers), "fields": fields, "body": body}
        )
        return self.answer


@asynccontextmanager
async def vendor() -> AsyncIterator[tuple[Vendor, Web]]:
    made, client = Vendor(), Web()
    app = web.Application()
    app.router.add_post("/{rest:.*}", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    address = loopback()
    await web.TCPSite(runner, address, 8099).start()
    made.url = f"http://{address}:8099/v1"
    try:
        yield made, client
    finally:
        await client.close()
        await runner.cleanup()


@pytest.mark.parametrize(
    ("provider", "path", "header", "rate"),
    [
        ("openai", "/v1/audio/speech", ("Authorization", "Bearer k"), 24_000),
        ("deepgram", "/v1/speak?model=v", ("Authorization", "Token k"), 24_000),
        ("elevenlabs", "/v1/text-to-speech/v?output_format=pcm_16000", ("xi-api-key", "k"), 16_000),
    ],
)
async def test_each_vendor_speaks(provider: str, path: str, header: tuple[str, str], rate: int) -> None:
    async with vendor() as (made, client):
        fields = {"provider": provider, "url": made.url, "api_key": "k", "voice": "v"}
        speech = await WebVoice(client, TextToSpeech.model_validate(fields)).speak("Hello.")
    (asked,) = made.asked
    assert (speech.pcm, speech.sample_rate) == (PCM, rate)
    assert asked["path"].startswith(path) and asked["headers"][header[0]] == header[1]
    assert "Hello." in json.loads(asked["body"]).values()


@pytest.mark.parametrize(
    ("provider", "path", "answer"),
    [
        ("openai", "/v1/audio/transcriptions", {"text": "hi"}),
        ("elevenlabs", "/v1/speech-to-text", {"text": "hi"}),
        (
            "deepgram",
            "/v1/listen?model=nova-3&language=en-US",
            {"results": {"channels": [{"alternatives": [{"transcript": "hi"}]}]}},
        ),
    ],
)
async def test_each_vendor_listens(provider: str, path: str, answer: dict[str, Any]) -> None:
    async with vendor() as (made, client):
        made.answer = web.json_response(answer)
        part = SpeechToText.model_validate({"provider": provider, "url": made.url, "api_key": "k"})
        assert await WebScribe(client, part).transcribe(PCM, 16_000, "en-US") == "hi"
    (asked,) = made.asked
    assert asked["path"].startswith(path)
    if provider == "deepgram":
        assert read_wav(asked["body"]).pcm == PCM
    else:
        assert "en" in asked["fields"].values()


async def test_a_vendor_that_fails_is_told_in_one_line_without_the_key() -> None:
    async with vendor() as (made, client):
        part = TextToSpeech.model_validate({"provider": "openai", "url": made.url, "api_key": "sk-secret"})
        voice = WebVoice(client, part)
        made.answer = web.Response(status=401, text="bad key")
        with pytest.raises(SpeechError, match="401: bad key"):
            await voice.speak("Hello.")
        gone = TextToSpeech.model_validate({"provider": "openai", "url": f"http://{loopback()}:9/v1"})
        with pytest.raises(SpeechError, match="cannot be reached"):
            await WebVoice(client, gone).speak("Hello.")
        with pytest.raises(SpeechError, match="longer than"):
            await voice.speak("x" * 4_001)


async def test_an_answer_without_a_transcript_is_an_error() -> None:
    async with vendor() as (made, client):
        made.answer = web.json_response([])
        part = SpeechToText.model_validate({"provider": "openai", "url": made.url})
        with pytest.raises(SpeechError, match="no transcript"):
            await WebScribe(client, part).transcribe(PCM, 16_000, "en")


async def test_a_file_is_written_whole(tmp_path: Path) -> None:
    async with vendor() as (made, client):
        part = TextToSpeech.model_validate({"provider": "openai", "url": made.url})
        await WebVoice(client, part).save(tmp_path / "a.wav", "Hello.")
    assert read_wav((tmp_path / "a.wav").read_bytes()).pcm == PCM
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


PROGRAM = """
import sys, wave
text = sys.stdin.read()
out = wave.open(sys.stdout.buffer, "wb")
out.setnchannels(1); out.setsampwidth(2); out.setframerate(16000)
out.writeframes(bytes(2 * len(text))); out.close()
"""


def command(*words: str, **more: object) -> CommandVoice:
    return CommandVoice(
        TextToSpeech.model_validate({"provider": "command", "command": [sys.executable, *words], **more})
    )


async def test_a_program_of_the_operator_speaks(tmp_path: Path) -> None:
    voice = command("-c", PROGRAM)
    speech = await voice.speak("twelve chars")
    assert (len(speech.pcm), speech.sample_rate) == (24, 16_000)
    await voice.save(tmp_path / "b.wav", "ab")
    assert read_wav((tmp_path / "b.wav").read_bytes()).pcm == bytes(4)


LEAVES_ANOTHER = "import os, time; os.fork(); time.sleep(600)"


@pytest.mark.parametrize(
    "code",
    ["raise SystemExit(3)", "print('no wav')", LEAVES_ANOTHER, "while True: print('x' * 65536)"],
)
async def test_a_program_that_fails_is_told(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing of it is left running, not even what it started and what holds its pipe."""
    monkeypatch.setattr("controlplane.provider.speech.LONGEST_BYTES", 1_000_000)
    with pytest.raises(SpeechError):
        await command("-c", code, timeout=1.5).speak("Hello.")


def test_stereo_is_refused() -> None:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8))
    with pytest.raises(SpeechError, match="mono"):
        read_wav(made.getvalue())
