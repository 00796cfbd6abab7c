"""The socket between daemon and worker."""

import asyncio
import os
import pickle
import random
import socket

import pytest

from media.gauges import EngineGauges, TickGauges, VoiceGauges
from media.port import (
    AgentOptions,
    AgentSpec,
    Allocate,
    AttachAgent,
    Codec,
    Connect,
    Crypto,
    LegId,
    LegStats,
    Released,
    TellAgent,
    Words,
)
from media.worker.channel import LONGEST, Channel, ChannelError, Splitter, decode, encode
from media.worker.message import Beat, Hello, Setup, Stop, WorkerGauges

LEG = LegId("call_1/1")
TICKS = TickGauges(1, 2, 3, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 0.5)
VALUES = (
    Setup({"legs": 4, "silence_timeout": 3.0}, (20_000, 20_099)),
    Allocate(LEG, "127.0.0.1"),
    Connect(
        LEG,
        ("127.0.0.2", 4000),
        Codec("opus", 111, 48_000),
        (Codec("opus", 111, 48_000),),
        101,
        crypto=Crypto("AES_CM_128_HMAC_SHA1_80", bytes(30), bytes(range(30))),
    ),
    AttachAgent(
        LEG,
        AgentSpec("a", "tandem", "ws://x", (("K", "v\udcff"),), options=AgentOptions(model="m")),
        "c",
        "a",
    ),
    TellAgent(LEG, Words("…")),
    Stop(),
    Hello(True),
    Beat(WorkerGauges(EngineGauges(1, 1, 5, 0, TICKS, VoiceGauges(3, 2, 1)), 1.0, 2, 0.1, 0, 0.5)),
    Released(LEG, LegStats(round_trip_ms=None)),
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_every_value_comes_out_as_it_went_in(value: object) -> None:
    assert decode(encode(value)[4:]) == value


def test_values_are_found_however_the_bytes_are_cut() -> None:
    data = b"".join(map(encode, VALUES))
    splitter, found, dice = Splitter(), [], random.Random(4)
    while data:
        size = dice.randint(1, 90)
        found += splitter.feed(data[:size])
        data = data[size:]
    assert tuple(found) == VALUES


class Exploit:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def test_nothing_but_values_of_the_boundary_can_be_built() -> None:
    with pytest.raises(ChannelError, match="system"):
        decode(pickle.dumps(Exploit()))
    with pytest.raises(ChannelError):
        decode(b"\x80\x05garbage")
    # One bad value costs itself alone.
    bad = pickle.dumps(Exploit())
    assert Splitter().feed(len(bad).to_bytes(4, "little") + bad + encode(Stop())) == [Stop()]
    with pytest.raises(ChannelError):
        Splitter().feed((LONGEST + 1).to_bytes(4, "little"))


async def ends() -> tuple[Channel, Channel, list[object], asyncio.Event, socket.socket]:
    got: list[object] = []
    lost = asyncio.Event()
    loop = asyncio.get_running_loop()
    one, other = socket.socketpair()
    near = Channel(1 << 20, got.append, lost.set)
    far = Channel(1 << 20, got.append, lost.set)
    await loop.create_unix_connection(lambda: near, sock=one)
    await loop.create_unix_connection(lambda: far, sock=other)
    return near, far, got, lost, other


async def test_both_ends_talk_and_what_was_sent_before_closing_arrives() -> None:
    near, far, got, lost, _ = await ends()
    for value in VALUES:
        near.send(value)
    near.close()
    near.send(Stop())
    async with asyncio.timeout(5):
        await lost.wait()
        while len(got) < len(VALUES):
            await asyncio.sleep(0.001)
    assert tuple(got) == VALUES
    far.close()


async def test_who_does_not_read_is_first_told_less_and_then_given_up() -> None:
    near, far, _, lost, _ = await ends()
    assert far._transport is not None
    far._transport.pause_reading()
    text = "x" * 100_000
    for _ in range(6):
        near.send(TellAgent(LEG, Words(text)))
    await asyncio.sleep(0)
    assert near.is_full and not lost.is_set()
    for _ in range(40):
        near.send(TellAgent(LEG, Words(text)))
    async with asyncio.timeout(5):
        await lost.wait()
    far.close()
    await asyncio.sleep(0)
