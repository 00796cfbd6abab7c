"""Agents of every dialect, one row each: calls per core, and where the time between RTP and socket goes.

Load and latency are measured one after the other: a hundred callers of agents in another process, then one
caller of an agent in this one, whose clock sees both ends of each way. What is added counts the jitter
buffer, the tick and resampling. The last call's agent breaks off, to see how soon it is dialled again.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np

from tests.bench import sources
from tests.bench.agent import Echo, serve
from tests.bench.audio import Ground, offer
from tests.bench.datagrams import Datagrams
from tests.bench.measure import Row
from tests.bench.streams import LOUD, QUIET, Payload, Streams

DIALECTS: Final = (
    "tandem", "twilio", "jambonz", "asterisk", "openai", "elevenlabs", "deepgram", "gemini", "ultravox"
)  # fmt: skip
"All that carry audio."
LOADED: Final = {name: str(12_025_550_200 + n) for n, name in enumerate(DIALECTS)}
PROBED: Final = {name: str(12_025_550_300 + n) for n, name in enumerate(DIALECTS)}
"DIDs."
RESUMES: Final = frozenset({"tandem", "gemini"})
_ULAW: Final = frozenset({"twilio", "asterisk", "openai", "deepgram", "elevenlabs"})
_FRAME, _EVERY = 0.02, 25
"[s], and a loud packet among so many."
_DRIFT = 0.0013
"[s] that the next packet comes later, so that every place between two ticks is tried."
_HEARD_WITHIN = 0.4
"[s]"


class Probe:
    """An agent in a thread of its own that notes when it hears something loud."""

    def __init__(self) -> None:
        self.heard: list[float] = []
        self.dialled: list[float] = []
        self.last: Echo | None = None
        self._loop = asyncio.new_event_loop()

    @contextmanager
    def serving(self, address: str, port: int) -> Iterator["Probe"]:
        server = self._loop.run_until_complete(serve(address, port, self._hear, self._made))
        thread = threading.Thread(target=self._loop.run_forever)
        thread.start()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(server.close)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()

    def break_off(self) -> None:
        """As a process does that dies."""
        assert self.last is not None
        self._loop.call_soon_threadsafe(self.last.break_off)

    def _hear(self, dialect: str, audio: bytes) -> None:
        if dialect in _ULAW:
            loud = bool((np.frombuffer(audio, np.uint8) & 0x7F).min() < 0x20)
        else:
            loud = bool(np.abs(np.frombuffer(audio, "<i2").astype(np.int32)).max() > 6_000)
        if loud:
            self.heard.append(time.monotonic())

    def _made(self, echo: Echo) -> None:
        self.last = echo
        self.dialled.append(time.monotonic())


def settings(
    host: str, port: int, probe_host: str, probe_port: int
) -> tuple[dict[str, object], list[object]]:
    """Agents and DIDs of the configuration."""
    agents: dict[str, object] = {}
    dids: list[object] = []
    for way, numbers, where in (
        ("load", LOADED, f"{host}:{port}"),
        ("probe", PROBED, f"{probe_host}:{probe_port}"),
    ):
        for dialect, number in numbers.items():
            agents[f"{way}-{dialect}"] = {"dialect": dialect, "url": f"ws://{where}/{dialect}"}
            dids.append({"number": number, "target": {"agent": f"{way}-{dialect}"}})
    return agents, dids


def load(on: Ground, dialect: str, calls: int) -> Row:
    works = on.set_up(LOADED[dialect], calls, offer(on.socket.address, sources.pcmu()))
    return on.row(
        f"{dialect} agent", len(works), Streams([on.socket], [work.media for work in works], Payload.BURSTS)
    )


def probe(on: Ground, dialect: str, agent: Probe, seconds: float) -> dict[str, float]:
    """Added latency both ways and the time to the next dial [ms]."""
    line = Datagrams(on.subject.trunk)
    (work,) = on.set_up(PROBED[dialect], 1, offer(line.address, sources.pcmu()))
    found = _talk(line, work.media, agent, seconds)
    if dialect in RESUMES:
        before, broken = len(agent.dialled), time.monotonic()
        agent.break_off()
        while len(agent.dialled) == before and time.monotonic() < broken + 10.0:
            time.sleep(0.001)
        found["reconnect"] = (agent.dialled[-1] - broken) * 1000
    on.caller.hang_up()
    line.close()
    return found


def _talk(line: Datagrams, to: tuple[str, int], agent: Probe, seconds: float) -> dict[str, float]:
    loud = bytes([LOUD, LOUD | 0x80] * 80)
    into: list[float] = []
    back: list[float] = []
    sent_at, said_at = 0.0, 0.0
    start = time.monotonic()
    agent.heard.clear()
    for n in range(int(seconds / _FRAME)):
        burst = n > 50 and n % _EVERY == 0
        head = b"\x80\x00" + n.to_bytes(2, "big") + (160 * n).to_bytes(4, "big") + bytes(4)
        line.socket.sendto(head + (loud if burst else bytes([QUIET]) * 160), to)
        if burst:
            sent_at, said_at = time.monotonic(), 0.0
            agent.heard.clear()
            start += _DRIFT
        while (now := time.monotonic()) < start + (n + 1) * _FRAME:
            if sent_at and not said_at and agent.heard and now - sent_at < _HEARD_WITHIN:
                said_at = agent.heard[0]
                into.append(said_at - sent_at)
            try:
                packet = line.socket.recv(2048)
            except BlockingIOError:
                time.sleep(0.0005)
                continue
            codes = np.frombuffer(packet[12:], np.uint8) & 0x7F
            if said_at and len(codes) and codes.min() < 0x20:
                back.append(time.monotonic() - said_at)
                sent_at = said_at = 0.0
    return {
        f"{name} p{percent}": float(np.percentile(times, percent) * 1000) if times else float("nan")
        for name, times in (("in", into), ("out", back))
        for percent in (50, 99)
    }
