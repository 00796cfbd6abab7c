"""What a leg can do besides talking, on the engine of the daemon's own loop and on audio workers.

As in `test_audio_workers.py`, legs of two calls go to two workers; here with keys, tones, hold, stereo
recordings, rooms with chimes and browsers, and a worker that is killed in the midst of all of them.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
import uvloop

from media.port import (
    Bridge,
    Connect,
    Crypto,
    Detach,
    Direction,
    Echo,
    Join,
    Joined,
    LegId,
    Lost,
    PauseRecord,
    Play,
    Played,
    Record,
    Recorded,
    Release,
    RoomId,
    StopPlay,
    StopRecord,
    Tone,
)
from media.worker.supervisor import REASON, Workers
from tests.support import wav
from tests.system.test_audio_workers import EVENTS, PCMU, Phone, Plane, plane, talk
from tests.system.test_browser_legs import browser

pytestmark = pytest.mark.alone

A, B, C = LegId("a/1"), LegId("b/1"), LegId("c/1")
KINDS = pytest.mark.parametrize("workers", [0, 2], ids=["own loop", "two workers"])
LENGTHS = {"AES_CM_128_HMAC_SHA1_32": 30, "AEAD_AES_128_GCM": 28, "AEAD_AES_256_GCM": 44}
"Of key and salt (RFC 4568 §6.2, RFC 7714 §14.2)."


def run(workers: int, scenario: Callable[[Plane], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with plane(workers) as made:
            await scenario(made)

    uvloop.run(whole())


def keys(suite: str) -> Crypto:
    length = LENGTHS[suite]
    return Crypto(suite, bytes(range(length)), bytes(range(100, 100 + length)))


def loudness(phone: Phone) -> list[int]:
    """Peak of each of the latest 25 frames."""
    return [int(np.abs(frame.astype(int)).max()) for frame in phone.heard[-25:]]


def is_still(phone: Phone) -> bool:
    return len(phone.heard) >= 25 and max(loudness(phone)) < 64


@KINDS
def test_legs_speak_srtp_of_every_suite(workers: int) -> None:
    """RFC 3711 with the short tag, RFC 7714."""

    async def scenario(made: Plane) -> None:
        phones = [await made.leg(LegId(f"{suite}/1"), keys(suite)) for suite in LENGTHS]
        made.do(*(Echo(LegId(f"{suite}/1")) for suite in LENGTHS))
        await talk(phones, lambda: all(phone.level() > -20.0 for phone in phones))

    run(workers, scenario)


@KINDS
def test_a_cadenced_tone_is_heard_until_it_is_stopped(workers: int) -> None:
    async def scenario(made: Plane) -> None:
        phone = await made.leg(A)
        made.do(Tone(A, "busy", (1000.0,), ((0.1, 0.1),)))
        await talk(
            [],
            lambda: 10 <= sum(peak > 1000 for peak in loudness(phone)) <= 15 and phone.level() > -40.0,
            quiet=[phone],
        )
        made.do(StopPlay(A, "busy"))
        await talk([], lambda: is_still(phone), quiet=[phone])
        played = await made.until(lambda event: isinstance(event, Played))
        assert isinstance(played, Played) and played.play == "busy" and not played.finished

    run(workers, scenario)


@KINDS
def test_a_bridge_that_is_held_hears_music_and_goes_on_afterwards(workers: int, tmp_path: Path) -> None:
    """RFC 3264 §8.4: who holds is sent nothing, and is not heard."""
    music = wav.write(tmp_path / "music.wav", wav.tone(1000.0, 0.2))

    async def scenario(made: Plane) -> None:
        phones = [await made.leg(A), await made.leg(B)]
        holder, held = phones
        made.do(Bridge(A, B))
        await talk(phones, lambda: all(phone.level() > -20.0 for phone in phones))
        made.do(Connect(A, holder.at, PCMU, (PCMU,), EVENTS, direction=Direction.INACTIVE))
        await talk(phones, lambda: is_still(held))
        before = len(holder.heard)
        made.do(Play(B, "music", str(music), loop=True))
        await talk(phones, lambda: held.level() > -30.0)
        assert len(holder.heard) == before
        made.do(StopPlay(B, "music"), Connect(A, holder.at, PCMU, (PCMU,), EVENTS))
        holder.heard.clear()
        held.heard.clear()
        await talk(phones, lambda: all(phone.level() > -20.0 for phone in phones))

    run(workers, scenario)


@KINDS
def test_both_sides_of_a_bridge_are_recorded_in_step_with_a_pause(workers: int, tmp_path: Path) -> None:
    record = tmp_path / "record.wav"

    async def scenario(made: Plane) -> None:
        phones = [await made.leg(A), await made.leg(B)]
        made.do(Bridge(A, B))
        await talk(phones, lambda: all(phone.level() > -20.0 for phone in phones))
        made.do(Record(A, str(record), stereo=True))
        await talk(phones, lambda: record.exists() and record.stat().st_size > 12_000)
        made.do(PauseRecord(A, paused=True))
        size = record.stat().st_size
        await talk(phones, lambda: record.stat().st_size > size + 12_000)
        made.do(StopRecord(A))
        recorded = await made.until(lambda event: isinstance(event, Recorded))
        assert isinstance(recorded, Recorded) and not recorded.error

    run(workers, scenario)
    samples = np.frombuffer(record.read_bytes()[44:], "<i2").reshape(-1, 2) / 32768.0
    for channel in samples.T:
        assert wav.tone_level_db(channel[:2000], 1000.0) > -20.0
        assert np.abs(channel[-1000:]).max() < 0.001


@KINDS
def test_members_of_a_room_hear_others_come_and_go(workers: int) -> None:
    async def scenario(made: Plane) -> None:
        phones = [await made.leg(leg) for leg in (A, B, C)]
        room = RoomId("room")
        made.do(Join(A, room), Join(B, room))
        await made.until(lambda event: isinstance(event, Joined) and event.members == 2)
        await talk([], lambda: all(is_still(phone) for phone in phones[:2]), quiet=phones)
        made.do(Join(C, room, chimes=True))
        await talk([], lambda: all(max(loudness(phone)) > 500 for phone in phones[:2]), quiet=phones)
        await talk([], lambda: all(is_still(phone) for phone in phones[:2]), quiet=phones)
        made.do(Detach(C))
        await talk([], lambda: all(max(loudness(phone)) > 500 for phone in phones[:2]), quiet=phones)

    run(workers, scenario)


@KINDS
def test_a_browser_and_a_phone_of_another_call_hear_each_other(workers: int) -> None:
    async def scenario(made: Plane) -> None:
        async with browser(made, A) as web:
            phone = await made.leg(B)
            made.do(Bridge(A, B))
            await talk([phone], lambda: phone.level() > -20.0 and web.level() > -20.0, also=web.say)

    run(workers, scenario)


def test_a_worker_that_is_killed_ends_all_that_it_carries_once_and_nothing_else(tmp_path: Path) -> None:
    """Keys, a tone, hold, a recording, a room that reaches another worker, and a browser, all of one call."""
    music, record = wav.write(tmp_path / "music.wav", wav.tone(1000.0, 0.2)), tmp_path / "record.wav"
    legs = [LegId(f"a/{number}") for number in range(1, 7)]
    keyed, toned, held, taped, member, web = legs
    room = RoomId("room")

    async def scenario(made: Plane) -> None:
        assert isinstance(made.engine, Workers)
        phones = {
            leg: await made.leg(leg, keys("AEAD_AES_128_GCM") if leg == keyed else None) for leg in legs[:5]
        }
        other = await made.leg(B)
        async with browser(made, web):
            made.do(Echo(keyed), Tone(toned, "tone", (440.0,), ()), Echo(web))
            made.do(Connect(held, phones[held].at, PCMU, (PCMU,), EVENTS, direction=Direction.SENDONLY))
            made.do(Play(held, "music", str(music), loop=True), Record(taped, str(record), stereo=True))
            made.do(Join(member, room, chimes=True), Join(B, room, chimes=True))
            speaking = [*phones.values(), other]
            await talk(speaking, lambda: other.level() > -20.0 and phones[keyed].level() > -20.0)
            await talk(speaking, lambda: record.exists() and record.stat().st_size > 12_000)
            child = made.engine._processes[0]._child
            assert child is not None
            os.kill(child.pid, signal.SIGKILL)
            for leg in legs:
                await made.until(lambda event, leg=leg: event == Lost(leg, REASON))  # type: ignore[misc]
            recorded = await made.until(lambda event: isinstance(event, Recorded))
            assert isinstance(recorded, Recorded) and recorded.leg == taped and "died" in recorded.error
            await made.until(lambda _: made.engine._processes[0].state(0).up)  # type: ignore[union-attr]
            # The room goes on for who is left, with whom comes next.
            late = await made.leg(C)
            made.do(Join(C, room))
            other.heard.clear()
            await talk([other, late], lambda: other.level() > -24.0 and late.level() > -24.0)
        made.do(*(Release(leg) for leg in (*legs, B, C)))
        await asyncio.sleep(0.1)
        lost = Counter(event.leg for event in made.events if isinstance(event, Lost))
        assert lost == Counter(legs)
        assert sum(isinstance(event, Recorded) for event in made.events) == 1

    run(2, scenario)
    assert wav.tone_level_db(wav.read(record)[0], 1000.0) > -20.0
