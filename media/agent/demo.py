"""The built-in demo agent, and an example of how to write one.

It is a bot in its own process that waits for calls on a WebSocket and speaks Twilio Media Streams::

    edge ── connected, start, media, dtmf, mark, stop ──▶ bot
    edge ◀─ media, mark, clear ────────────────────────── bot

Run `python -m media.agent.demo --port 9000` and name `ws://127.0.0.1:9000/` as an agent's URL. The first
line it prints is its URL as JSON; it ends when its stdin closes or on SIGTERM.
"""

import argparse
import asyncio
import base64
import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from media.agent.ear import FRAME_SAMPLES, Ear
from media.agent.phrase import recogniser
from media.agent.voice import Voice, speak_all
from media.codec.g711 import ULAW_TO_LINEAR
from media.tts import SpeechError

GREETING = "Hello, this is the demo agent. Interrupt me whenever you like. "
MENU = "Press 1 or say opening hours. Press 2 or say who are you. Press 9 or say goodbye."
LOST = "Sorry, I did not understand. "
GOODBYE = "Goodbye."
ANSWERS = {
    "1": "We are open day and night. What else can I do for you?",
    "2": "I am a small program on a web socket. I hear you, I speak, and I stop when you do. What else?",
    "0": MENU,
}
SAID = {"opening hours": "1", "who are you": "2", "repeat that": "0", "goodbye": "9"}

Send = Callable[[dict[str, Any]], Awaitable[None]]
Understand = Callable[[NDArray[np.int16]], Awaitable[str | None]]  # speech at 8 kHz → a phrase of SAID


class Call:
    """One caller. `handle` takes each message of the edge and is False when the call is over."""

    def __init__(self, send: Send, voice: Voice, understand: Understand) -> None:
        self._send, self._voice, self._understand = send, voice, understand
        self._stream = ""
        self._ear = Ear()
        self._names = itertools.count()
        self._playing: set[str] = set()  # marks that have not come back: what the caller still has to hear
        self._leaving = False

    async def handle(self, message: dict[str, Any]) -> bool:
        match message["event"]:
            case "start":
                self._stream = message["start"]["streamSid"]
                await self.speak(GREETING + MENU)
            case "media":
                await self.hear(base64.b64decode(message["media"]["payload"]))
            case "dtmf":
                await self.choose(message["dtmf"]["digit"])
            case "mark":  # played to its end or dropped by a clear: either way nobody will hear it any more
                self._playing.discard(message["mark"]["name"])
            case "stop":
                return False
        return not (self._leaving and not self._playing)

    async def hear(self, ulaw: bytes) -> None:
        """Fall silent when the caller begins to speak; answer when the caller has ended."""
        pcm = ULAW_TO_LINEAR[np.frombuffer(ulaw, np.uint8)]
        for start in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            began, said = self._ear.hear(pcm[start : start + FRAME_SAMPLES])
            if began:
                await self.hush()
            if said is not None:
                await self.choose(SAID.get(await self._understand(said) or "", ""))

    async def choose(self, key: str) -> None:
        if self._leaving:
            return
        await self.hush()
        self._leaving = key in ("9", "#")
        await self.speak(GOODBYE if self._leaving else ANSWERS.get(key, LOST + MENU))

    async def hush(self) -> None:
        """Drop what the caller has not heard yet; its marks come back."""
        if self._playing and not self._leaving:
            await self._send({"event": "clear", "streamSid": self._stream})

    async def speak(self, text: str) -> None:
        audio = base64.b64encode(self._voice[text]).decode()
        name = f"said-{next(self._names)}"
        self._playing.add(name)
        await self._send({"event": "media", "streamSid": self._stream, "media": {"payload": audio}})
        await self._send({"event": "mark", "streamSid": self._stream, "mark": {"name": name}})


async def run(host: str, port: int) -> None:
    """Serve any number of calls until stdin closes, SIGTERM comes, or Ctrl-C at a terminal of our own."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    # A Ctrl-C at the terminal of a daemon is not meant for us: it drains its calls first, then closes stdin.
    loop.add_signal_handler(signal.SIGINT, ended.set if sys.stdin.isatty() else lambda: None)
    threading.Thread(target=_read_to_end, args=(loop, ended), daemon=True).start()
    recognise = recogniser(tuple(SAID))
    voice = await speak_all(GREETING + MENU, LOST + MENU, GOODBYE, *ANSWERS.values())

    async def understand(said: NDArray[np.int16]) -> str | None:
        return await loop.run_in_executor(worker, recognise, said) if recognise else None

    async def answer(socket: ServerConnection) -> None:
        call = Call(lambda message: socket.send(json.dumps(message)), voice, understand)
        try:
            async for message in socket:
                if not await call.handle(json.loads(message)):
                    break
        except (ConnectionClosed, KeyError, TypeError, ValueError) as error:
            print(f"call ended: {error!r}", file=sys.stderr)

    with ThreadPoolExecutor(1) as worker:
        async with serve(answer, host, port, compression=None) as server:
            bound = server.sockets[0].getsockname()
            name = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
            print(json.dumps({"url": f"ws://{name}:{bound[1]}/"}), flush=True)
            await ended.wait()


def _read_to_end(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    while os.read(0, 4096):  # not sys.stdin: its lock, held here, would abort the interpreter's exit
        pass
    loop.call_soon_threadsafe(ended.set)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The demo agent: a bot that speaks Twilio Media Streams.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    arguments = parser.parse_args()
    try:
        asyncio.run(run(arguments.host, arguments.port))
    except (OSError, SpeechError) as error:
        sys.exit(f"the demo agent cannot start: {error}")
