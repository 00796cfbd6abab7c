"""An AI agent that a test commands: a WebSocket server in a child process that says, hears and reports.

`Bot` is the test's handle; `python -m tests.support.bot '<json>'` is the agent. Everything that
happens is printed as a JSON line with a monotonic time, which is the same clock in every process.
It speaks Twilio Media Streams as Twilio documents them, or the bare-audio `tandem` dialect.
"""

import asyncio
import base64
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.support import wav
from tests.support.address import loopback
from tests.support.process import Child
from tests.support.wav import Signal


@dataclass(frozen=True, slots=True)
class Manner:
    """How the bot behaves on every connection; times in seconds from its start."""

    dialect: str = "twilio"
    sample_rate: int = 8000
    greeting: str = ""
    "A WAV (of `sample_rate`) said at once, then the mark `greeting`."
    echo: bool = False
    "Send back what comes."
    clear_at: float = 0.0
    close_at: float = 0.0
    close_code: int = 1000
    heard: str = ""
    "Where what it hears is kept, as a WAV."


class Bot:
    def __init__(self, folder: Path, *, greeting: Signal | None = None, **manner: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.rate = int(manner.get("sample_rate", 8000))
        self._heard = folder / "bot-heard.wav"
        if greeting is not None:
            manner["greeting"] = str(wav.write(folder / "greeting.wav", greeting, rate=self.rate))
        self.manner = Manner(heard=str(self._heard), **manner)
        address = loopback()
        self.url = f"ws://{address}:9000/media"
        settings = json.dumps({"address": address, **asdict(self.manner)})
        self.child = Child([sys.executable, "-m", "tests.support.bot", settings], name="bot")
        self.child.wait_for('"ready"')

    def agent(self, **more: Any) -> dict[str, Any]:
        """Its entry under `agents:`."""
        return {"dialect": self.manner.dialect, "url": self.url, "sample_rate": self.rate, **more}

    def events(self, kind: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.child.lines if line.startswith('{"at"')]
        return [event for event in found if event["event"] == kind]

    def wait(self, kind: str, timeout: float = 10.0) -> dict[str, Any]:
        """The first event of this kind."""
        event: dict[str, Any] = json.loads(self.child.wait_for(f'"event": "{kind}"', timeout).string)
        return event

    def heard(self) -> Signal:
        """What it heard in its last call, once that is over (`wait("gone")`)."""
        return wav.read(self._heard)[0]

    def __enter__(self) -> "Bot":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.child.stop()
        if error is not None:
            error.add_note(self.child.report())


def say(event: str, **fields: object) -> None:
    print(json.dumps({"at": time.monotonic(), "event": event, **fields}), flush=True)


class Conversation:
    """One connection on the bot's side."""

    def __init__(self, socket: ServerConnection, manner: Manner) -> None:
        self.socket = socket
        self.manner = manner
        self.heard: list[Signal] = []
        self.stream = ""

    async def run(self) -> None:
        say(
            "connected",
            path=self.socket.request.path if self.socket.request else "",
            subprotocol=self.socket.subprotocol,
            traceparent=self.socket.request.headers.get("traceparent", "") if self.socket.request else "",
        )
        async with asyncio.TaskGroup() as tasks:
            timed = [
                tasks.create_task(self._at(self.manner.clear_at, self._clear)),
                tasks.create_task(self._at(self.manner.close_at, self._close)),
            ]
            if self.manner.dialect == "tandem":
                await self._greet()
            try:
                async for message in self.socket:
                    if isinstance(message, bytes):
                        await self._binary(message)
                    elif self.manner.dialect == "twilio":
                        await self._twilio(json.loads(message))
                    else:
                        say("text", text=message)
            except ConnectionClosed:
                pass
            for task in timed:
                task.cancel()
        if self.heard:
            wav.write(Path(self.manner.heard), np.concatenate(self.heard), rate=self.manner.sample_rate)
        say("gone", code=self.socket.close_code, reason=self.socket.close_reason)

    async def _at(self, seconds: float, do: Any) -> None:
        if seconds:
            await asyncio.sleep(seconds)
            await do()

    async def _greet(self) -> None:
        if not self.manner.greeting:
            return
        signal, _ = wav.read(Path(self.manner.greeting))
        if self.manner.dialect == "tandem":
            await self.socket.send((signal * 32768).astype("<i2").tobytes())
            await self.socket.send(json.dumps({"type": "mark", "name": "greeting"}))
        else:
            # Synthesis is faster than speech: all of it at once, in pieces of no particular size.
            code = wav.ulaw_encode(signal)
            for at in range(0, len(code), 1000):
                payload = base64.b64encode(code[at : at + 1000]).decode()
                await self._send("media", media={"payload": payload})
            await self._send("mark", mark={"name": "greeting"})
        say("greeted", seconds=len(signal) / self.manner.sample_rate)

    async def _clear(self) -> None:
        if self.manner.dialect == "tandem":
            await self.socket.send(json.dumps({"type": "clear"}))
        else:
            await self._send("clear")
        say("cleared")

    async def _close(self) -> None:
        await self.socket.close(self.manner.close_code)

    async def _send(self, event: str, **fields: object) -> None:
        await self.socket.send(json.dumps({"event": event, "streamSid": self.stream, **fields}))

    async def _binary(self, message: bytes) -> None:
        if not self.heard:
            say("media", bytes=len(message))
        self.heard.append(np.frombuffer(message, "<i2") / 32768.0)
        if self.manner.echo:
            await self.socket.send(message)

    async def _twilio(self, message: dict[str, Any]) -> None:
        match message["event"]:
            case "media":
                if not self.heard:
                    say("media", message=message)
                self.heard.append(wav.ulaw_decode(base64.b64decode(message["media"]["payload"])))
                if self.manner.echo:
                    await self._send("media", media={"payload": message["media"]["payload"]})
            case "start":
                self.stream = message["streamSid"]
                say("start", message=message)
                await self._greet()
            case kind:
                say(kind, message=message)


async def main() -> None:
    settings = json.loads(sys.argv[1])
    address = settings.pop("address")
    manner = Manner(**settings)

    async def converse(socket: ServerConnection) -> None:
        await Conversation(socket, manner).run()

    async with serve(converse, address, 9000, compression=None) as server:
        say("ready")
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
