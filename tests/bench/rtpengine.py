"""rtpengine under the audio loads that are put upon us: bridged calls, passed on or transcoded.

In user space, as it runs where its kernel module is not installed, and as ours does. It sets up calls by its
own control protocol (ng: a cookie and a bencoded dictionary a datagram); nobody signals SIP.
"""

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.bench import sources
from tests.bench.audio import offer
from tests.bench.datagrams import Datagrams
from tests.bench.measure import Row
from tests.bench.meter import Meter
from tests.bench.sources import Source
from tests.bench.streams import Payload, Streams
from tests.bench.usage import core_seconds, cpu_seconds, memory_bytes, prefer
from tests.support.address import loopback
from tests.support.process import Child

CONTROL: Final = 2_223
PORTS: Final = (10_000, 40_000)
TRUST: Final = ["trust-address", "port-latching"]


def rtpengine(cpu: int | None, calls: int, seconds: float, settle: float, beside: str = "") -> Row:
    """Args: beside: what the one side speaks while the other speaks PCMU, `g722`; empty: both speak PCMU.

    Raises AssertionError where it is not installed.
    """
    with _relay(cpu) as relay, _socket() as ours:
        memory = relay.memory()
        near = sources.g722() if beside else sources.pcmu()
        targets, returns = _set_up(relay, ours, calls, near)
        meter = Meter(relay, seconds, settle, ours, relay.hang_up, memory)
        if not beside:
            streams = Streams([ours], targets, Payload.STAMPED, returns=returns)
            return meter.row("rtpengine: bridged call", calls, streams)
        spoken = [near, sources.pcmu()] * calls
        judged = [True, False] * calls
        streams = Streams([ours], targets, Payload.SOURCES, returns=returns, sources=spoken, judged=judged)
        return meter.row("rtpengine: G.722 leg bridged to G.711", calls, streams)


@dataclass(slots=True)
class Relay:
    """A `tests.bench.meter.Loaded`."""

    child: Child
    host: str
    core: int | None
    control: socket.socket
    calls: list[str] = field(default_factory=list)
    asked: int = 0
    "A cookie that is used again gets the same answer again."

    def cpu(self) -> float:
        return cpu_seconds(self.child.pid)

    def others(self) -> float:
        return 0.0 if self.core is None else core_seconds(self.core) - self.cpu()

    def memory(self) -> int:
        return memory_bytes(self.child.pid)

    def ticks(self) -> None:
        """It has none."""

    def gauges(self) -> dict[str, float]:
        return {}

    def hang_up(self) -> None:
        for call in self.calls:
            self.ask({"command": "delete", "call-id": call, "from-tag": "a", "delete-delay": 0})

    def listens(self) -> bool:
        try:
            self.ask({"command": "ping"})
        except ConnectionRefusedError:
            return False
        return True

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Raises AssertionError with its own words when it refuses."""
        self.asked += 1
        self.control.send(b"%d %s" % (self.asked, encoded(question)))
        answer: dict[str, Any] = decoded(self.control.recv(65_535).partition(b" ")[2])
        assert answer["result"] != "error", f"rtpengine: {answer.get('error-reason')}"
        return answer


@contextmanager
def _relay(cpu: int | None) -> Iterator[Relay]:
    program = shutil.which("rtpengine")
    assert program is not None, "rtpengine is not installed: apt install rtpengine-daemon"
    host = loopback()
    pinned = [] if cpu is None else ["taskset", "-c", str(cpu)]
    options = [
        "--config-file=none",
        "--foreground",
        "--log-stderr",
        "--log-level=4",
        "--table=-1",
        "--num-threads=1",
        "--media-num-threads=1",
        f"--interface={host}",
        f"--listen-ng={host}:{CONTROL}",
        f"--port-min={PORTS[0]}",
        f"--port-max={PORTS[1]}",
    ]
    with (
        Child([*pinned, program, *options], name="rtpengine") as child,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control,
    ):
        prefer(child.pid)
        control.connect((host, CONTROL))
        control.settimeout(5.0)
        relay = Relay(child, host, cpu, control)
        while not relay.listens():
            assert child.running, child.report()
            time.sleep(0.05)
        yield relay


@contextmanager
def _socket() -> Iterator[Datagrams]:
    taken = Datagrams(loopback())
    try:
        yield taken
    finally:
        taken.close()


def _set_up(
    relay: Relay, ours: Datagrams, calls: int, near: Source
) -> tuple[list[tuple[str, int]], list[int]]:
    """Both legs of each call: where to send to, and whose sound comes from there."""
    targets: list[tuple[str, int]] = []
    returns: list[int] = []
    far = sources.pcmu()
    for number in range(calls):
        name = f"{os.getpid()}-{number}"
        call = {"call-id": name, "from-tag": "a", "flags": TRUST, "ICE": "remove"}
        asked: dict[str, Any] = {
            **call,
            "command": "offer",
            "ICE": "remove",
            "sdp": offer(ours.address, near),
        }
        if near.payload_type != far.payload_type:
            asked["codec"] = {"transcode": ["PCMU"], "mask": ["G722"]}
        there = relay.ask(asked)["sdp"]
        answer = offer(ours.address, far)
        here = relay.ask({**call, "command": "answer", "to-tag": "b", "sdp": answer})["sdp"]
        relay.calls.append(name)
        targets += [_media(relay.host, here), _media(relay.host, there)]
        returns += [2 * number + 1, 2 * number]
    return targets, returns


def _media(host: str, sdp: bytes) -> tuple[str, int]:
    line = next(line for line in sdp.splitlines() if line.startswith(b"m=audio "))
    return host, int(line.split()[1])


def encoded(value: Any) -> bytes:
    """Bencode: text, bytes, whole numbers, lists and dictionaries."""
    match value:
        case dict():
            inside = b"".join(encoded(key) + encoded(value[key]) for key in sorted(value))
            return b"d" + inside + b"e"
        case list():
            return b"l" + b"".join(map(encoded, value)) + b"e"
        case int():
            return b"i%de" % value
        case str():
            return encoded(value.encode())
    return b"%d:%s" % (len(value), value)


def decoded(data: bytes) -> Any:
    """Keys and texts of dictionaries, but for `sdp`, as text. Raises ValueError for what is no bencode."""
    value, end = _decoded(data, 0)
    if end != len(data):
        raise ValueError("more than one value")
    return value


def _decoded(data: bytes, at: int) -> tuple[Any, int]:
    kind = data[at : at + 1]
    if kind in (b"d", b"l"):
        found: list[Any] = []
        at += 1
        while data[at : at + 1] != b"e":
            value, at = _decoded(data, at)
            found.append(value)
        if kind == b"l":
            return found, at + 1
        pairs = zip((key.decode() for key in found[::2]), found[1::2], strict=True)
        return {key: _text(key, value) for key, value in pairs}, at + 1
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1 : end], end


def _text(key: str, value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) and key != "sdp" else value
