"""An audio engine on a hand clock and an in-memory network, and phones that talk to it."""

import random
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from config.schema import MediaLimits
from media.codec import g711
from media.engine import Agents, Engine
from media.gauges import VoiceGauges
from media.port import Allocate, Allocated, Codec, Connect, Direction, Event, LegId
from media.ports import PortPool
from media.rtp import packet
from media.rtp.packet import Packet
from media.socket import UdpWire
from tests.support.clock import HandClock
from tests.support.datagram import FakeSocket, Network

PCMU = Codec("pcmu", 0)
PCMA = Codec("pcma", 8)
DTMF = 101
HOST = "198.51.100.1"

Some = TypeVar("Some")


class Deaf:
    """An agent plane without agents."""

    def __init__(self) -> None:
        self.heard: list[tuple[list[int], NDArray[np.int16], NDArray[np.uint8]]] = []
        self.heard_wide: list[NDArray[np.int16]] = []
        self.said = np.zeros(160, np.int16)
        self.said_wide = np.zeros(320, np.int16)
        self.told: list[tuple[Any, ...]] = []

    def voices(self) -> VoiceGauges:
        return VoiceGauges()

    def attach(self, slot: int, command: Any, now: float) -> None:
        self.told.append(("attach", slot))

    def detach(self, slot: int, now: float) -> None:
        self.told.append(("detach", slot))

    def digit(self, slot: int, digit: str, duration_ms: int) -> None:
        self.told.append(("digit", slot, digit))

    def tell(self, slot: int, command: Any) -> None:
        self.told.append(("tell", slot, command.news))

    async def close(self) -> None:
        self.told.append(("close",))

    def hear(self, rows: Any, pcm: Any, ulaw: Any, now: float, wide: Any = None) -> None:
        self.heard.append((rows.tolist(), pcm.copy(), ulaw.copy()))
        if wide is not None:
            self.heard_wide.append(wide.copy())

    def speak(self, rows: Any, now: float, rate: int = 8000) -> tuple[Any, Any]:
        said = self.said if rate == 8000 else self.said_wide
        return np.tile(said, (len(rows), 1)), np.ones(len(rows), np.bool_)

    def speech(self, started: Any, stopped: Any, now: float) -> None:
        self.told.append(("speech", started.tolist(), stopped.tolist()))


class Prompts:
    """Prompts by path, all in memory; paths in `slow` must be loaded."""

    def __init__(self) -> None:
        self.store: dict[str, Any] = {}
        self.slow: dict[str, Any] = {}

    def cached(self, path: str) -> Any:
        return self.store.get(path)

    async def load(self, path: str) -> Any:
        found = self.slow[path]
        if isinstance(found, Exception):
            raise found
        return found


class Loop(HandClock):
    def call_soon_threadsafe(self, callback: Callable[[], Any], /) -> None:
        callback()


@dataclass
class Studio:
    """An engine at `HOST`, driven by `run`."""

    legs: int = 16
    limits: dict[str, Any] = field(default_factory=dict)
    ports: tuple[int, int] = (20000, 20099)
    agents: Any = field(default_factory=Deaf)

    def __post_init__(self) -> None:
        self.loop = Loop(100.0)
        self.network = Network()
        self.events: list[Event] = []
        self.prompts = Prompts()
        self.phones: list[Phone] = []
        self.tasks: list[Coroutine[Any, Any, None]] = []
        agents: Agents = self.agents
        self.engine = Engine(
            self.loop,
            self.loop.time,
            MediaLimits(legs=self.legs, **self.limits),
            self.ports,
            self.events.append,
            self.prompts,
            self.tasks.append,
            random.Random(7).getrandbits,
            agents=agents,
            wire=UdpWire(self.legs, PortPool(*self.ports), self.network.bind, self.network.watch),
        )
        # The ticker logs what fails and goes on; a test must not.
        self.failures: list[Exception] = []
        step = self.engine.step

        def checked(group: int, now: float) -> None:
            try:
                step(group, now)
            except Exception as failure:
                self.failures.append(failure)

        self.engine._ticker._step = checked

    def phone(self, name: str, *, law: Codec = PCMU, connect: bool = True, **more: Any) -> "Phone":
        """A leg that is connected to a phone of its own address."""
        self.engine.execute(Allocate(LegId(name), HOST, vad=more.pop("vad", False)))
        allocated = [event for event in self.events if isinstance(event, Allocated)][-1]
        phone = Phone(self, name, law, (HOST, allocated.port), f"203.0.113.{len(self.phones) + 1}")
        self.phones.append(phone)
        if connect:
            phone.connect(**more)
        return phone

    def run(self, seconds: float) -> None:
        """Turn the clock; every phone sends and receives on its own."""
        until = self.loop.time() + seconds
        while self.loop.time() < until - 1e-9:
            self.loop.advance(0.001)
            for phone in self.phones:
                phone.turn(self.loop.time())
            self.network.carry(self.loop.time())
        if self.failures:
            raise self.failures[0]

    def of(self, kind: type[Some]) -> list[Some]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Phone:
    """Sends the frames of `script` every 20 ms of its clock; keeps all that it receives."""

    studio: Studio
    name: str
    law: Codec
    server: tuple[str, int]
    host: str
    port: int = 4000
    ssrc: int = 0x11223344
    sequence: int = 100
    timestamp: int = 5000
    clock_error: float = 0.0
    "Relative: 200e-6 is 200 ppm fast."
    script: list[bytes | None] = field(default_factory=list)
    "Payloads to send; None is a frame of silence suppression."
    received: list[tuple[float, Packet]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket: FakeSocket = self.studio.network.bind(self.host, self.port)
        self.rtcp: FakeSocket = self.studio.network.bind(self.host, self.port + 1)
        self.next_at = self.studio.loop.time() + 0.0031

    @property
    def leg(self) -> LegId:
        return LegId(self.name)

    def connect(
        self, direction: Direction = Direction.SENDRECV, remote: tuple[str, int] | None = None, **more: Any
    ) -> None:
        remote = remote or (self.host, self.port)
        self.studio.engine.execute(
            Connect(self.leg, remote, self.law, (PCMU, PCMA), more.pop("dtmf", DTMF), direction, **more)
        )

    def say(self, pcm: NDArray[np.int16]) -> None:
        """Append samples to the script, in whole frames."""
        encode = g711.encode_ulaw if self.law is PCMU else g711.encode_alaw
        data = encode(pcm[: len(pcm) // 160 * 160]).tobytes()
        self.script += [data[at : at + 160] for at in range(0, len(data), 160)]

    def turn(self, now: float) -> None:
        while self.script and now >= self.next_at:
            payload = self.script.pop(0)
            self.next_at += 0.020 * (1 - self.clock_error)
            if payload is None:
                self.timestamp += 160
            else:
                self.send(payload)
        if not self.script:
            self.next_at = max(self.next_at, now)
        buffer = memoryview(bytearray(2048))
        while self.socket.queue:
            size, _ = self.socket.recvfrom_into(buffer)
            parsed = packet.parse(memoryview(bytes(buffer[:size])))
            assert parsed is not None, "the engine sends RTP only"
            self.received.append((now, parsed))

    def send(
        self,
        payload: bytes,
        *,
        payload_type: int | None = None,
        marker: bool = False,
        samples: int = 160,
        source: FakeSocket | None = None,
    ) -> None:
        """Send one packet now."""
        kind = self.law.payload_type if payload_type is None else payload_type
        data = packet.build(kind, marker, self.sequence, self.timestamp, self.ssrc, payload)
        self.sequence += 1
        self.timestamp += samples
        (source or self.socket).sendto(data, self.server)

    def heard(self, law: Codec | None = None) -> NDArray[np.int16]:
        """All audio received, as samples; telephone events are left out."""
        law = law or self.law
        decode = g711.decode_ulaw if law is PCMU else g711.decode_alaw
        frames = [p.payload for _, p in self.received if p.payload_type == law.payload_type]
        return decode(np.frombuffer(b"".join(frames), np.uint8))


def tone(frequency: float, seconds: float, level: float = 0.3) -> NDArray[np.int16]:
    """Args: level: of full scale."""
    count = int(seconds * 8000)
    return (level * 32767 * np.sin(2 * np.pi * frequency / 8000 * np.arange(count))).astype(np.int16)


def noise(seconds: float, seed: int, level: float = 0.1) -> NDArray[np.int16]:
    samples = np.random.default_rng(seed).normal(0, level * 32767, int(seconds * 8000))
    return np.clip(samples, -32768, 32767).astype(np.int16)


def signal_to_noise(heard: NDArray[np.int16], sent: NDArray[np.int16]) -> float:
    """[dB], where `sent` fits best into `heard`."""
    wide = heard.astype(np.float64)
    correlation = np.correlate(wide, sent.astype(np.float64), "valid")
    at = int(np.argmax(correlation))
    part = wide[at : at + len(sent)]
    error = part - sent
    return float(10 * np.log10((part**2).mean() / max((error**2).mean(), 1e-9)))


def level_of(pcm: NDArray[np.int16]) -> float:
    """[dB], of one sample."""
    return float(10 * np.log10(np.square(pcm.astype(np.float64)).mean() + 1e-9))


def digits_of(events: Iterable[Event]) -> str:
    return "".join(event.digit for event in events if hasattr(event, "digit"))
