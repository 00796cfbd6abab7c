"""Servers of vendors: each settles, says a second of a tone, and notices the caller after half a second.

What they say is of the shapes in `tests/support/vendor.py`, which the vendors' SDKs have judged.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from media.codec.g711 import LINEAR_TO_ULAW
from tests.support.address import loopback
from tests.support.vendor import OPENAI, b64

NOTICES_AFTER = 25
"Messages with audio of the caller."


def tone(rate: int) -> bytes:
    """One second, PCM16."""
    return (8_000 * np.sin(np.arange(rate) * 2 * np.pi * 440 / rate)).astype("<i2").tobytes()


def ulaw() -> bytes:
    return LINEAR_TO_ULAW[np.frombuffer(tone(8_000), "<i2").view(np.uint16)].tobytes()


def _deltas() -> list[dict[str, Any]]:
    [delta] = [message for message in OPENAI if message["type"] == "response.output_audio.delta"]
    sound = ulaw()
    return [{**delta, "delta": b64(sound[start : start + 800])} for start in range(0, len(sound), 800)]


@dataclass(frozen=True)
class Script:
    """What a vendor says, `bytes` as binary messages."""

    first: str
    "What the client's settings have in them: nothing but audio may come before."
    at_once: list[Any] = field(default_factory=list)
    settled: list[Any] = field(default_factory=list)
    noticed: list[Any] = field(default_factory=list)
    binary: bool = False
    "JSON travels in binary messages."


def _openai(kind: str) -> dict[str, Any]:
    return next(message for message in OPENAI if message["type"] == kind)


SCRIPTS = {
    "openai": Script(
        "session.update",
        [_openai("session.created")],
        [_openai("session.updated"), _openai("response.created"), *_deltas()],
        [_openai("input_audio_buffer.speech_started")],
    ),
    "elevenlabs": Script(
        "conversation_initiation_client_data",
        [],
        [
            {
                "type": "conversation_initiation_metadata",
                "conversation_initiation_metadata_event": {
                    "conversation_id": "conv_1",
                    "agent_output_audio_format": "ulaw_8000",
                    "user_input_audio_format": "ulaw_8000",
                },
            },
            {"type": "ping", "ping_event": {"event_id": 1, "ping_ms": None}},
            {"type": "audio", "audio_event": {"audio_base_64": b64(ulaw()), "event_id": 1}},
        ],
        [{"type": "interruption", "interruption_event": {"event_id": 1}}],
    ),
    "deepgram": Script(
        "Settings",
        [{"type": "Welcome", "request_id": "r"}],
        [{"type": "SettingsApplied"}, ulaw()],
        [{"type": "UserStartedSpeaking"}],
    ),
    "gemini": Script(
        "setup",
        [],
        [
            {"setupComplete": {}},
            {
                "serverContent": {
                    "modelTurn": {
                        "role": "model",
                        "parts": [
                            {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": b64(tone(24_000))}}
                        ],
                    }
                }
            },
        ],
        [{"serverContent": {"interrupted": True}}],
        binary=True,
    ),
    "ultravox": Script(
        "", [{"type": "call_started", "callId": "c"}, tone(8_000)], [], [{"type": "playback_clear_buffer"}]
    ),
}


@dataclass
class Server:
    """One vendor: `heard` has every message of its clients but audio, which `frames` counts."""

    url: str
    heard: list[dict[str, Any]] = field(default_factory=list)
    frames: int = 0
    early: int = 0
    "Messages with audio before the settings."
    calls: int = 0
    sockets: list[ServerConnection] = field(default_factory=list)
    binary: bool = False

    async def say(self, *messages: Any) -> None:
        """On the connection that came last."""
        for message in messages:
            if isinstance(message, bytes):
                await self.sockets[-1].send(message)
            else:
                text = json.dumps(message)
                await self.sockets[-1].send(text.encode() if self.binary else text)

    def break_off(self) -> None:
        """Cut the last connection without a word."""
        self.sockets[-1].transport.abort()

    def kinds(self) -> list[str]:
        return [str(message.get("type") or next(iter(message))) for message in self.heard]


@asynccontextmanager
async def vendor(name: str) -> AsyncIterator[Server]:
    script = SCRIPTS[name]

    async def talk(socket: ServerConnection) -> None:
        made.calls += 1
        made.sockets.append(socket)
        settled = not script.first
        frames = 0

        try:
            await made.say(*script.at_once)
            async for data in socket:
                message = {} if isinstance(data, bytes) else json.loads(data)
                if isinstance(data, bytes) or _is_audio(message):
                    made.frames += 1
                    frames += 1
                    made.early += not settled
                    if frames == NOTICES_AFTER:
                        await made.say(*script.noticed)
                    continue
                made.heard.append(message)
                if not settled and script.first in (message.get("type"), next(iter(message))):
                    settled = True
                    await made.say(*script.settled)
        except (ConnectionClosed, asyncio.CancelledError):
            pass

    async with serve(talk, loopback(), 0, compression=None) as server:
        address, port = server.sockets[0].getsockname()[:2]
        made = Server(f"ws://{address}:{port}/v1/realtime?model=gpt-realtime", binary=script.binary)
        yield made


def _is_audio(message: dict[str, Any]) -> bool:
    return (
        message.get("type") == "input_audio_buffer.append"
        or "user_audio_chunk" in message
        or "audio" in message.get("realtimeInput", {})
    )
