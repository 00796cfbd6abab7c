"""The demo agent as it is run: its own process, a real WebSocket on this machine."""

import asyncio
import base64
import contextlib
import json
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from media.codec.g711 import LINEAR_TO_ULAW, ULAW_TO_LINEAR
from tests.support.sound import at_level, silence
from tests.support.speech import speech


@contextlib.asynccontextmanager
async def agent() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    command = (sys.executable, "-m", "media.agent.demo")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            yield process, json.loads(await process.stdout.readline())["url"]
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def send(socket: ClientConnection, event: str, **fields: Any) -> None:
    await socket.send(json.dumps({"event": event, "streamSid": "MZ1", **fields}))


async def begin(socket: ClientConnection) -> None:
    await send(socket, "connected", protocol="Call", version="1.0.0")
    await send(socket, "start", start={"streamSid": "MZ1", "callSid": "CA1"})


async def utterance(socket: ClientConnection) -> tuple[float, str, bool]:
    """The next thing said: its length [s], its mark, and whether a clear came first."""
    cleared, audio = False, b""
    while True:
        message = json.loads(await socket.recv())
        assert message["streamSid"] == "MZ1"
        if message["event"] == "clear":
            cleared = True
        elif message["event"] == "media":
            audio += base64.b64decode(message["media"]["payload"])
        elif message["event"] == "mark":
            pcm = ULAW_TO_LINEAR[np.frombuffer(audio, np.uint8)]
            assert np.abs(pcm.astype(int)).max() > 3000, "it is audible"
            return len(audio) / 8000, message["mark"]["name"], cleared


async def press(socket: ClientConnection, digit: str) -> None:
    await send(socket, "dtmf", dtmf={"track": "inbound_track", "digit": digit})


async def test_greets_answers_keys_and_takes_its_leave() -> None:
    async with agent() as (_, url), connect(url, compression=None) as socket:
        await begin(socket)
        seconds, greeting, _ = await utterance(socket)
        assert 5 < seconds < 20
        await press(socket, "1")
        seconds, _, cleared = await utterance(socket)
        assert cleared and 1 < seconds < 8
        await send(socket, "mark", mark={"name": greeting})
        await press(socket, "9")
        seconds, _, _ = await utterance(socket)
        assert seconds < 2
        for name in ("said-1", "said-2"):
            await send(socket, "mark", mark={"name": name})
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1000


async def test_understands_speech_and_is_interrupted_by_it() -> None:
    pytest.importorskip("pocketsphinx")
    async with agent() as (_, url), connect(url, compression=None) as socket:
        await begin(socket)
        await utterance(socket)
        spoken = np.concatenate([silence(0.3), at_level(speech("opening hours"), -20), silence(1)])
        ulaw = LINEAR_TO_ULAW[spoken.view(np.uint16)].tobytes()
        for start in range(0, len(ulaw), 160):
            payload = base64.b64encode(ulaw[start : start + 160]).decode()
            await send(socket, "media", media={"track": "inbound", "payload": payload})
        _, _, cleared = await utterance(socket)
        assert cleared


async def test_serves_many_calls_at_once_and_survives_nonsense() -> None:
    async with agent() as (process, url):
        async with contextlib.AsyncExitStack() as stack:
            calls = [await stack.enter_async_context(connect(url, compression=None)) for _ in range(20)]
            for nonsense in ("no json", "[]", "{}", '{"event":"start"}', '{"event":"media","media":{}}'):
                async with connect(url, compression=None) as socket:
                    await socket.send(nonsense)
                    with pytest.raises(ConnectionClosed):
                        await socket.recv()
            for call in calls:
                await begin(call)
            greetings = await asyncio.gather(*(utterance(call) for call in calls))
            assert len({seconds for seconds, _, _ in greetings}) == 1
        assert process.returncode is None


async def test_says_why_it_cannot_start() -> None:
    taken = ("--host", "192.0.2.1")  # RFC 5737: not an address of this machine
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "media.agent.demo", *taken, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    _, error = await process.communicate()
    assert process.returncode == 1 and b"the demo agent cannot start" in error


async def test_ends_on_sigterm_and_when_its_stdin_closes_but_not_by_a_ctrl_c_at_the_daemons_terminal() -> (
    None
):
    async with agent() as (process, url), connect(url, compression=None):
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    async with agent() as (process, url), connect(url, compression=None):
        assert process.stdin is not None
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        assert await process.wait() == 0
