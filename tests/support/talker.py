"""Agents of every dialect that can be interrupted, in one child process: each talks for ten seconds.

`Talker` is the test's handle; `python -m tests.support.talker ADDRESS` serves `ws://ADDRESS:9000/DIALECT`.
Vendors' messages are those of `tests/support/vendor_server.py`.
"""

import asyncio
import base64
import json
import sys
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.support.address import loopback
from tests.support.process import Child
from tests.support.vendor_server import SCRIPTS, tone, ulaw

SECONDS = 10
TELEPHONY = ("asterisk", "conversationrelay", "jambonz", "tandem", "twilio")
DIALECTS = tuple(sorted((*TELEPHONY, *SCRIPTS)))
WORDS = "and so our opening hours are from nine to seventeen and on saturdays from ten to fifteen " * 4
"Without a pause."


class Talker:
    def __init__(self) -> None:
        self._address = loopback()
        self.child = Child([sys.executable, "-m", "tests.support.talker", self._address], name="talker")
        self.child.wait_for("ready", 60.0)

    def agents(self) -> dict[str, Any]:
        """The section `agents:`, each of them by the name of its dialect."""
        return {name: {"dialect": name, "url": f"ws://{self._address}:9000/{name}"} for name in DIALECTS}

    def __enter__(self) -> "Talker":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.child.stop()
        if error is not None:
            error.add_note(self.child.report())


def _greeting(name: str, first: dict[str, Any]) -> list[str | bytes]:
    """What one of the telephony side's bots says, once it has had the first message."""
    match name:
        case "twilio":
            payload = base64.b64encode(ulaw()).decode()
            said = {"event": "media", "streamSid": first["streamSid"], "media": {"payload": payload}}
            return [json.dumps(said)] * SECONDS
        case "asterisk":
            return [ulaw()] * SECONDS
        case "conversationrelay":
            return [json.dumps({"type": "text", "token": WORDS, "last": True})]
        case _:
            return [tone(8_000)] * SECONDS


def _carries_audio(message: Any) -> bool:
    return isinstance(message, bytes) or message.get("type") in ("audio", "response.output_audio.delta") or (
        "modelTurn" in message.get("serverContent", {})
    )  # fmt: skip


def _wire(message: Any, binary: bool) -> str | bytes:
    if isinstance(message, bytes):
        return message
    text = json.dumps(message)
    return text.encode() if binary else text


async def _talk(socket: ServerConnection) -> None:
    name = socket.request.path.strip("/") if socket.request else ""
    greeted = False
    script = SCRIPTS.get(name)
    try:
        if script is not None:
            for message in script.at_once:
                for _ in range(SECONDS if _carries_audio(message) else 1):
                    await socket.send(_wire(message, script.binary))
        async for data in socket:
            if greeted or (isinstance(data, bytes) and script is None):
                continue
            first = json.loads(data) if data[:1] in ("{", b"{") else {}
            if name == "twilio" and first.get("event") != "start":
                continue
            greeted = True
            if script is None:
                for said in _greeting(name, first):
                    await socket.send(said)
                continue
            audio = [message for message in script.settled if _carries_audio(message)]
            for message in [*script.settled, *audio * (SECONDS - 1)]:
                await socket.send(_wire(message, script.binary))
    except ConnectionClosed:
        pass


async def main(address: str) -> None:
    async with serve(_talk, address, 9000, compression=None) as server:
        print("ready", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
