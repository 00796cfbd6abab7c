"""The same calls on the engine of the daemon's own loop and on audio workers (`media.workers`: 0 and 2).

Legs of two calls go to two workers, so that a bridge between them is a pair.
"""

import asyncio
import os
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import uvloop
from websockets.asyncio.server import ServerConnection, serve

from config.schema import MediaLimits
from media.codec.coders import Coders
from media.codec.g711 import LINEAR_TO_ULAW, ULAW_TO_LINEAR
from media.codec.table import NUMBER, wide
from media.engine import Engine
from media.port import (
    AgentConnected,
    AgentSpec,
    Allocate,
    Allocated,
    AttachAgent,
    Bridge,
    Codec,
    Command,
    Connect,
    Crypto,
    Detach,
    Digit,
    Echo,
    Event,
    Join,
    Joined,
    LegId,
    LegStats,
    Lost,
    NoAudio,
    Play,
    Played,
    Record,
    Recorded,
    Release,
    Released,
    RoomId,
    SendDigits,
    Silent,
)
from media.prompt import PromptStore
from media.rtp import packet
from media.srtp import Srtp
from media.worker.supervisor import REASON, Workers
from tests.support import wav
from tests.support.address import loopback

pytestmark = pytest.mark.alone

PCMU = Codec("pcmu", 0)
EVENTS = 101
A, B = LegId("a/1"), LegId("b/1")
LIMITS = MediaLimits(legs=16, silence_timeout=4.0)
TONE = LINEAR_TO_ULAW[
    (8000 * np.sin(2 * np.pi * 1000 / 8000 * np.arange(160))).astype(np.int16).view(np.uint16)
]
"20 ms of 1 kHz, which fits the frame."
WIDE_TONE = (8000 * np.sin(2 * np.pi * 1000 / 16_000 * np.arange(320))).astype(np.int16)
"The same at 16 kHz."
OPUS, G722 = Codec("opus", 111, 48_000), Codec("g722", 9)


class Plane:
    """An engine or workers, with what they said."""

    def __init__(self, engine: "Engine | Workers", events: list[Event]) -> None:
        self.engine = engine
        self.events = events
        self.phones: list[Phone] = []

    def do(self, *commands: Command) -> None:
        for command in commands:
            self.engine.execute(command)

    async def until(self, condition: Callable[[Event], bool]) -> Event:
        async with asyncio.timeout(20):
            while True:
                for event in self.events:
                    if condition(event):
                        return event
                await asyncio.sleep(0.01)

    async def leg(
        self, leg: LegId, crypto: Crypto | None = None, codec: Codec = PCMU, ptime_ms: int = 20
    ) -> "Phone":
        phone = Phone(loopback(), crypto, codec)
        self.phones.append(phone)
        self.do(Allocate(leg, phone.at[0]))
        event = await self.until(lambda event: isinstance(event, Allocated) and event.leg == leg)
        assert isinstance(event, Allocated)
        phone.server = (phone.at[0], event.port)
        self.do(Connect(leg, phone.at, codec, (codec,), EVENTS, ptime_ms=ptime_ms, crypto=crypto))
        return phone


class Phone:
    """Sends a tone, and measures what comes."""

    def __init__(self, address: str, crypto: Crypto | None, codec: Codec) -> None:
        self.codec = codec
        self.coders = Coders()
        self.decoder = None if codec == PCMU else wide(NUMBER[codec.name]).decoder()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.setblocking(False)
        self.server = ("", 0)
        self.number = 0
        self.heard: list[np.ndarray] = []
        "At 8 kHz."
        self.sizes: set[int] = set()
        "Of the payloads."
        self.events_heard: set[int] = set()
        keys = None if crypto is None else Crypto(crypto.suite, crypto.remote, crypto.local)
        self.srtp = None if keys is None else Srtp(keys)

    @property
    def at(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()
        return host, port

    def say(self, *, silent: bool) -> None:
        """20 ms of the tone."""
        if self.codec == PCMU:
            self.send(bytes([0xFF]) * 160 if silent else TONE.tobytes())
        else:
            pcm = np.zeros(320, np.int16) if silent else WIDE_TONE
            payload = self.coders.encode(wide(NUMBER[self.codec.name]), pcm)
            self.send(payload, self.codec.payload_type)

    def send(self, payload: bytes, payload_type: int = 0, timestamp: int | None = None) -> None:
        self.number += 1
        stamp = self.number * (self.codec.clock_rate // 50) if timestamp is None else timestamp
        data = packet.build(payload_type, False, self.number, stamp, 77, payload)
        self.socket.sendto(data if self.srtp is None else self.srtp.seal(data), self.server)

    def listen(self) -> None:
        while True:
            try:
                data = self.socket.recv(2048)
            except BlockingIOError:
                return
            if self.srtp is not None:
                data = self.srtp.open(data)
            if (read := packet.parse(memoryview(data))) is None:
                continue
            if read.payload_type == EVENTS:
                self.events_heard.add(read.payload[0])
                continue
            self.sizes.add(len(read.payload))
            if self.codec == PCMU:
                pcm = ULAW_TO_LINEAR[np.frombuffer(bytes(read.payload), np.uint8)]
            else:
                assert self.decoder is not None
                pcm = self.decoder.decode(bytes(read.payload))[::2]
            self.heard += list(pcm.reshape(-1, 160))

    def level(self) -> float:
        """Of 1 kHz in the last half second heard [dBFS]; no number until there is as much."""
        last = self.heard[-25:]
        whole = len(last) == 25
        return wav.tone_level_db(np.concatenate(last) / 32768.0, 1000.0) if whole else float("nan")


async def talk(
    phones: list[Phone],
    until: Callable[[], bool],
    *,
    silent: bool = False,
    quiet: Sequence[Phone] = (),
    also: Callable[[], None] = lambda: None,
) -> None:
    """All phones speak at once, the `quiet` ones silence, until the condition holds; ten seconds at most.

    Args:
        also: done with every frame.
    """
    began, frames = time.monotonic(), 0
    while not until():
        assert frames < 500, f"not within ten seconds: {[phone.level() for phone in phones]}"
        for phone in phones:
            phone.say(silent=silent)
        for phone in quiet:
            phone.say(silent=True)
        also()
        frames += 1
        while time.monotonic() < began + frames * 0.02:
            await asyncio.sleep(0.002)
            for phone in (*phones, *quiet):
                phone.listen()


@asynccontextmanager
async def plane(workers: int) -> AsyncIterator[Plane]:
    loop = asyncio.get_running_loop()
    events: list[Event] = []
    made: Engine | Workers
    async with asyncio.TaskGroup() as tasks:
        if workers:
            ports, call_of = (20_000, 20_199), lambda leg: leg.partition("/")[0]
            made = Workers(workers, LIMITS, ports, events.append, tasks.create_task, call_of, backoff=(0.05,))
            await made.start()
        else:
            made = Engine(
                loop,
                time.monotonic,
                LIMITS,
                (20_000, 20_199),
                events.append,
                PromptStore(LIMITS),
                tasks.create_task,
                random.getrandbits,
            )
        found = Plane(made, events)
        try:
            yield found
        finally:
            for phone in found.phones:
                phone.socket.close()
            await made.release_all()
            made.close()


@pytest.fixture(params=[0, 2], ids=["own loop", "two workers"])
def on(request: pytest.FixtureRequest) -> Callable[[Callable[[Plane], Awaitable[None]]], None]:
    """Runs a scenario on one kind of plane."""

    def run(scenario: Callable[[Plane], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with plane(request.param) as made:
                await scenario(made)

        uvloop.run(whole())

    return run


On = Callable[[Callable[[Plane], Awaitable[None]]], None]


def test_a_leg_echoes_and_its_release_is_told(on: On) -> None:
    async def scenario(made: Plane) -> None:
        phone = await made.leg(A)
        made.do(Echo(A))
        await talk([phone], lambda: phone.level() > -20.0)
        made.do(Release(A))
        released = await made.until(lambda event: isinstance(event, Released))
        assert isinstance(released, Released) and released.stats.packets_received > 20

    on(scenario)


def test_two_calls_are_bridged_hear_each_other_and_pass_digits_on_until_they_part(on: On) -> None:
    async def scenario(made: Plane) -> None:
        phones = [await made.leg(A), await made.leg(B)]
        made.do(Bridge(A, B))
        await talk(phones, lambda: all(phone.level() > -20.0 for phone in phones))
        for turn in range(6):
            long = (160 * min(turn + 1, 4)).to_bytes(2, "big")
            phones[0].send(bytes([5, 0x8A if turn > 2 else 10]) + long, EVENTS, 99_000)
        await talk(phones, lambda: 5 in phones[1].events_heard)
        digit = await made.until(lambda event: isinstance(event, Digit))
        assert isinstance(digit, Digit) and (digit.leg, digit.digit) == (A, "5")
        made.do(Detach(A))
        await talk(phones, lambda: all(phone.level() < -60.0 for phone in phones))
        assert all("pair" not in event.leg for event in made.events)

    on(scenario)


def test_three_calls_meet_in_a_room_wherever_they_are(on: On) -> None:
    async def scenario(made: Plane) -> None:
        legs = [A, B, LegId("c/1")]
        phones = [await made.leg(leg) for leg in legs]
        made.do(*(Join(leg, RoomId("room")) for leg in legs))
        for phone in phones:
            others = [other for other in phones if other is not phone]

            def only_he_is_heard(phone: Phone = phone, others: list[Phone] = others) -> bool:
                return all(other.level() > -24.0 for other in others) and phone.level() < -60.0

            await talk([phone], only_he_is_heard, quiet=others)
        joins = [event for event in made.events if isinstance(event, Joined)]
        # Who comes by a pair is there a little later.
        assert {event.leg for event in joins} == set(legs) and [event.members for event in joins] == [1, 2, 3]

    on(scenario)


def test_a_leg_hears_a_prompt_and_digits_and_is_recorded(on: On, tmp_path: Path) -> None:
    prompt = wav.write(tmp_path / "prompt.wav", wav.tone(1000.0, 0.8))
    record = tmp_path / "record.wav"

    async def scenario(made: Plane) -> None:
        phone = await made.leg(A)
        made.do(Play(A, "p", str(prompt)), Record(A, str(record)))
        await talk([phone], lambda: any(isinstance(event, Played) for event in made.events))
        played = next(event for event in made.events if isinstance(event, Played))
        assert played.finished and played.milliseconds == 800 and phone.level() > -30.0
        made.do(SendDigits(A, "7#"))
        await talk([phone], lambda: {7, 11} <= phone.events_heard)
        made.do(Release(A))
        recorded = await made.until(lambda event: isinstance(event, Recorded))
        assert isinstance(recorded, Recorded) and recorded.milliseconds > 500 and not recorded.error

    on(scenario)
    heard, rate = wav.read(record)
    assert rate == 8000 and wav.tone_level_db(heard, 1000.0) > -20.0


def test_a_leg_with_keys_speaks_srtp(on: On) -> None:
    crypto = Crypto("AES_CM_128_HMAC_SHA1_80", bytes(range(30)), bytes(range(30, 60)))

    async def scenario(made: Plane) -> None:
        phone = await made.leg(A, crypto)
        made.do(Echo(A))
        await talk([phone], lambda: phone.level() > -20.0)

    on(scenario)


def test_phones_of_two_codecs_and_packet_times_hear_each_other(on: On) -> None:
    async def scenario(made: Plane) -> None:
        phones = [await made.leg(A, codec=OPUS), await made.leg(B, codec=G722, ptime_ms=60)]
        made.do(Bridge(A, B))
        await talk(phones, lambda: all(phone.level() > -20.0 for phone in phones))
        assert max(phones[1].sizes) == 480
        made.do(Release(A), Release(B))
        told: dict[LegId, LegStats] = {}
        while len(told) < 2:
            await asyncio.sleep(0.01)
            told = {event.leg: event.stats for event in made.events if isinstance(event, Released)}
        assert [told[leg].codec for leg in (A, B)] == ["opus", "g722"]
        assert all((stats.malformed, stats.foreign) == (0, 0) for stats in told.values())

    on(scenario)


def test_who_is_not_heard_is_told_with_the_reason_and_ended_by_silence(on: On) -> None:
    async def scenario(made: Plane) -> None:
        speaks, _ = await made.leg(A), await made.leg(B)
        silent = asyncio.ensure_future(made.until(lambda event: isinstance(event, Silent)))
        await talk(
            [speaks], lambda: any(isinstance(event, NoAudio) for event in made.events) and silent.done()
        )
        event = await silent
        assert event.leg == B
        (why,) = (event for event in made.events if isinstance(event, NoAudio))
        assert (why.leg, why.reason) == (B, "no_packet") and "UDP port" in why.fix

    on(scenario)


def test_an_agent_hears_the_caller_and_is_heard(on: On) -> None:
    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            if isinstance(message, bytes):
                await connection.send(message)

    async def scenario(made: Plane) -> None:
        address = loopback()
        async with serve(echo, address, 9000, compression=None):
            phone = await made.leg(A)
            spec = AgentSpec("echo", "tandem", f"ws://{address}:9000/", sample_rate=16_000, barge_in=False)
            made.do(AttachAgent(A, spec, "call", "acc"))
            await made.until(lambda event: isinstance(event, AgentConnected))
            await talk([phone], lambda: phone.level() > -20.0)
            made.do(Detach(A))
            await talk([phone], lambda: phone.level() < -60.0, silent=True)

    on(scenario)


def test_a_worker_that_dies_keeps_what_was_recorded_and_leaves_the_other_calls_alone(tmp_path: Path) -> None:
    record = tmp_path / "record.wav"

    async def scenario() -> None:
        async with plane(2) as made:
            assert isinstance(made.engine, Workers)
            phones = [await made.leg(A), await made.leg(B)]
            made.do(Echo(B), Record(A, str(record)))
            await talk(phones, lambda: record.exists() and record.stat().st_size > 20_000)
            child = made.engine._processes[0]._child
            assert child is not None
            os.kill(child.pid, signal.SIGKILL)
            await made.until(lambda event: event == Lost(A, REASON))
            recorded = await made.until(lambda event: isinstance(event, Recorded))
            assert (
                isinstance(recorded, Recorded) and recorded.milliseconds >= 1000 and "died" in recorded.error
            )
            phones[1].heard.clear()
            await talk(phones, lambda: phones[1].level() > -20.0)
            assert Lost(B, REASON) not in made.events
            await made.until(lambda _: made.engine._processes[0].state(0).up)  # type: ignore[union-attr]
            made.events.clear()
            again = await made.leg(A)
            made.do(Echo(A))
            await talk([again], lambda: again.level() > -20.0)

    uvloop.run(scenario())
    heard, _ = wav.read(record)
    assert wav.tone_level_db(heard, 1000.0) > -20.0
