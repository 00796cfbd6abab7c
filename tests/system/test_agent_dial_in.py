"""A bot dials `/agent-socket` and is placed into calls; when it dies its caller is not left in silence."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import yaml
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support import wav
from tests.support.address import loopback
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon

TOKEN = "a-token-of-the-tests"
ACCOUNT = {
    "extensions": [{"number": "9000", "target": {"agent": "bot"}}],
    "agents": {
        "bot": {"dialect": "tandem", "url": "inbound", "token": TOKEN, "connect_timeout": "5s"},
    },
}


class DialIn:
    """A bot in a thread of its own, whose sockets each serve one call by `talk`."""

    def __init__(self, daemon: Daemon, talk: Callable[[ClientConnection], Awaitable[None]]) -> None:
        host, port = daemon.http
        self._url = f"ws://{host}:{port}/agent-socket?account=acc_demo&agent=bot"
        self._talk = talk
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._stop = asyncio.Event()

    def __enter__(self) -> "DialIn":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5.0)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        working = asyncio.create_task(self._work())
        await self._stop.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            try:
                async with connect(self._url, additional_headers=headers, compression=None) as socket:
                    await self._talk(socket)
            except (ConnectionClosed, OSError):
                await asyncio.sleep(0.1)  # a daemon that comes up


async def say_tone(socket: ClientConnection) -> None:
    """Wait for the call, then say one second of 440 Hz, and leave."""
    async for message in socket:
        if isinstance(message, str) and '"start"' in message:
            break
    tone = 8000 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    await socket.send(tone.astype("<i2").tobytes())
    await socket.send('{"type":"hangup","reason":"done"}')
    async for _ in socket:
        pass


async def die(socket: ClientConnection) -> None:
    async for message in socket:
        if isinstance(message, str) and '"start"' in message:
            socket.transport.abort()
            return


def test_a_bot_that_dialled_us_talks_to_callers_one_after_another(tmp_path: Path) -> None:
    with (
        Daemon(tmp_path / "daemon", account=ACCOUNT) as daemon,
        DialIn(daemon, say_tone),
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        for _ in range(2):
            call = phone.dial("9000")
            call.wait_ended(15.0)
            heard = wav.loudest(call.signal(), 0.5)
            assert call.ended_by_peer and abs(wav.peak_frequency(heard) - 440.0) < 3.0


def test_a_bot_that_dies_in_the_call_has_failed(tmp_path: Path) -> None:
    with (
        Daemon(tmp_path / "daemon", account=ACCOUNT) as daemon,
        DialIn(daemon, die),
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        call = phone.dial("9000")
        call.wait_ended(20.0)
        events = [row["event"] for row in daemon.trace(call.id)]
        assert "AgentFailed" in events and wav.voiced_seconds(call.signal()) > 0.5


def test_a_bot_that_reads_no_more_has_failed_and_its_socket_goes(tmp_path: Path) -> None:
    """The flow goes on by `failed`; of the bot nothing is left, though it has not closed."""
    talk = {"kind": "agent", "agent": "bot", "next": {"failed": "after", "default": "never"}}
    nodes = {"talk": talk, "after": {"kind": "hangup"}, "never": {"kind": "hangup", "cause": "congestion"}}
    flow = tmp_path / "deaf.yaml"
    flow.write_text(yaml.safe_dump({"entry": "talk", "nodes": nodes}))
    flows = {"flows": {"deaf": str(flow)}, "extensions": [{"number": "9001", "target": {"flow": "deaf"}}]}
    limits = {"http": {"unread_seconds": "1s"}, "media": {"agent_write_buffer": 16_384}}
    cut_off = threading.Event()

    async def go_deaf(socket: ClientConnection) -> None:
        """Read nothing any more, and have very much to be told."""
        async for message in socket:
            if isinstance(message, str) and '"start"' in message:
                break
        socket.transport.pause_reading()
        try:
            while True:
                await socket.send(json.dumps({"type": "mark", "name": "m" * 1_000}))
        except ConnectionClosed:
            cut_off.set()
            raise

    with (
        Daemon(tmp_path / "daemon", account=ACCOUNT | flows, settings={"limits": limits}) as daemon,
        DialIn(daemon, go_deaf),
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        call = phone.dial("9001")
        call.wait_ended(20.0)
        assert cut_off.wait(20.0)
        rows = daemon.trace(call.id)
        (failed,) = [row for row in rows if row["event"] == "AgentFailed"]
        assert "stopped reading" in json.dumps(failed)
        went = {row["node_id"] for row in rows}
        assert "after" in went and "never" not in went
