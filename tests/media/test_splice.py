"""No click at any splice: tones are cut and joined by every command; the largest bend that anybody hears.

A tone of 300 Hz at 0.3 of full scale bends by 0.017, its companding by 0.05; cut in the midst of a wave it
bends by 0.3 and more.
"""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from media.port import (
    Adjust,
    AgentSpec,
    AttachAgent,
    Bridge,
    ChangeRole,
    Codec,
    Command,
    Connect,
    Detach,
    Direction,
    Echo,
    Join,
    LegId,
    MoveRecord,
    PausePlay,
    PauseRecord,
    Play,
    Record,
    Release,
    Role,
    RoomId,
    SeekPlay,
    StopPlay,
    StopRecord,
    Tone,
)
from media.prompt import Prompt, made_of
from tests.support.phone import DTMF, PCMA, PCMU, Phone, Studio, tone

ROOM = RoomId("acc/room")
A, B, C = (LegId(name) for name in "abc")
SPEC = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")
LEAST_CLICK = 0.1
WAITS = (0.217, 0.254, 0.291)
"Between commands [s]: they cut each tone at another place."


def hum(hertz: float, seconds: float) -> Prompt:
    """It begins and ends in the midst of a wave, and of a frame."""
    time = np.arange(int(seconds * 8000)) / 8000
    return made_of(8000, [(0.3 * np.cos(2 * np.pi * hertz * time)).astype(np.float32)])


def studio() -> Studio:
    made = Studio()
    made.prompts.store = {"long": hum(300, 9.0), "short": hum(300, 0.2107), "other": hum(320, 0.1513)}
    made.agents.said = tone(350, 0.02)
    return made


def phones(studio: Studio, level: float = 0.3) -> list[Phone]:
    """Three that hum, by two codecs, each a little later than the one before it."""
    made = []
    for number, name in enumerate("abc"):
        phone = studio.phone(name, law=(PCMU, PCMA)[number % 2])
        phone.next_at += 0.0047 * number
        phone.say(tone(307 + 7 * number, 12.0, level))
        made.append(phone)
    return made


def bend(heard: np.ndarray) -> float:
    return float(np.abs(np.diff(heard.astype(np.float64), 2)).max() / 32767)


SPLICES: dict[str, tuple[list[Command], ...]] = {
    "bridge": ([Bridge(A, B)], [Detach(A)]),
    "bridge of one codec": ([Bridge(A, C)], [Detach(C)]),
    "echo": ([Echo(A)], [Detach(A)]),
    "transfer": ([Bridge(A, B)], [Bridge(A, C)]),
    "music on hold": ([Bridge(A, B), Play(A, "m", "long", loop=True)], [StopPlay(A)]),
    "tone": ([Bridge(A, B), Tone(A, "t", (300.0,), ((0.1, 0.1),))], [StopPlay(A)]),
    "prompts": ([Play(A, "1", "short"), Play(A, "2", "other"), Play(A, "3", "other")], []),
    "prompt over a bridge": ([Bridge(A, B), Play(A, "1", "short")], [Play(A, "2", "other")]),
    "pause": ([Play(A, "p", "long")], [PausePlay(A, True)], [PausePlay(A, False)], [StopPlay(A)]),
    "seek": ([Play(A, "p", "long")], [SeekPlay(A, 537, relative=True)], [SeekPlay(A, 0)], [StopPlay(A)]),
    "mute": ([Bridge(A, B)], [Adjust(B, muted=True)], [Adjust(B)]),
    "gain": ([Bridge(A, B)], [Adjust(B, -20.0)], [Adjust(B)]),
    "agent": ([Bridge(A, B)], [AttachAgent(A, SPEC, "c", "a")], [Play(A, "p", "short")], [Detach(A)]),
}
MEETINGS: dict[str, tuple[list[Command], ...]] = {
    "join and leave": ([Join(A, ROOM), Join(B, ROOM)], [Join(C, ROOM)], [Detach(C)]),
    "prompt in a room": ([Join(A, ROOM), Join(B, ROOM), Join(C, ROOM)], [Play(A, "p", "short")]),
    "coach": (
        [Join(A, ROOM), Join(B, ROOM), Join(C, ROOM, Role(speaks=False))],
        [ChangeRole(C, Role(only=A))],
        [ChangeRole(C, Role())],
        [ChangeRole(C, Role(only=B))],
        [ChangeRole(C, Role(speaks=False))],
    ),
    "barge in": (
        [Bridge(A, B)],
        [Join(A, ROOM, partner=True)],
        [Join(C, ROOM)],
        [Detach(C)],
        [Detach(A), Detach(B)],
    ),
}


def run(studio: Studio, splices: tuple[list[Command], ...]) -> None:
    for wait in WAITS:
        for commands in splices:
            for command in commands:
                studio.engine.execute(command)
            studio.run(wait)


@pytest.mark.parametrize("name", SPLICES)
def test_what_one_leg_hears_changes_without_a_click(name: str) -> None:
    made = studio()
    heard = phones(made)
    run(made, SPLICES[name])
    for phone in heard:
        assert bend(phone.heard()) < LEAST_CLICK, phone.name


@pytest.mark.parametrize("name", MEETINGS)
def test_rooms_change_without_a_click_for_anybody(name: str) -> None:
    made = studio()
    heard = phones(made, 0.15)
    made.prompts.store["short"] = hum(300, 0.2107)
    run(made, MEETINGS[name])
    for phone in heard:
        assert bend(phone.heard()) < LEAST_CLICK, phone.name


@pytest.mark.parametrize("ends", [Release(B), Detach(B)])
def test_a_peer_that_goes_leaves_no_click_behind(ends: Command) -> None:
    made = studio()
    first, *_ = phones(made)
    made.engine.execute(Bridge(A, B))
    made.run(0.4137)
    made.engine.execute(ends)
    made.run(0.2)
    assert bend(first.heard()) < LEAST_CLICK
    assert not first.heard()[-800:].any()


def test_hold_by_direction_clicks_neither_for_the_other_nor_in_a_recording(tmp_path: Path) -> None:
    """RFC 3264 §8.4: who is put on hold is not heard; both channels stay smooth."""
    made = studio()
    first, second, _ = phones(made)
    made.engine.execute(Bridge(A, B))
    made.engine.execute(Record(B, str(tmp_path / "b.wav"), stereo=True))
    made.run(0.3)
    for wait in WAITS:
        for direction in (Direction.SENDONLY, Direction.INACTIVE, Direction.SENDRECV):
            second.connect(direction)
            made.run(wait)
    made.engine.execute(StopRecord(B))
    made.engine.close()
    assert bend(first.heard()) < LEAST_CLICK
    left, right = _channels(tmp_path / "b.wav")
    assert bend(left) < LEAST_CLICK and bend(right) < LEAST_CLICK
    assert np.abs(left).max() > 8000 and np.abs(right).max() > 8000


def test_a_recording_that_pauses_and_moves_to_another_leg_does_not_click(tmp_path: Path) -> None:
    made = studio()
    phones(made)
    made.engine.execute(Bridge(A, B))
    made.run(0.2)
    made.engine.execute(Record(A, str(tmp_path / "a.wav"), stereo=True))
    made.run(0.4137)
    for paused in (True, False, True, False):
        made.engine.execute(PauseRecord(A, paused))
        made.run(0.2717)
    made.engine.execute(MoveRecord(A, B))
    made.run(0.4137)
    made.engine.execute(StopRecord(B))
    made.engine.close()
    for channel in _channels(tmp_path / "a.wav"):
        assert bend(channel) < LEAST_CLICK


def _channels(path: Path) -> tuple[np.ndarray, np.ndarray]:
    data = path.read_bytes()
    assert struct.unpack_from("<H", data, 22) == (2,)
    both = np.frombuffer(data[44:], np.int16).reshape(-1, 2)
    return both[:, 0], both[:, 1]


L16 = Codec("l16", 96, 16_000)


def _wide(studio: Studio) -> Phone:
    phone = studio.phone("w", law=L16, connect=False)
    studio.engine.execute(Connect(phone.leg, (phone.host, phone.port), L16, (L16,), DTMF))
    return phone


def _by_l16(phone: Phone) -> np.ndarray:
    return np.frombuffer(b"".join(bytes(p.payload) for _, p in phone.received), ">i2")


@pytest.mark.parametrize(
    "change",
    [
        lambda w: [Bridge(w, A), Bridge(w, B)],
        lambda w: [Bridge(w, A), Detach(w)],
        lambda w: [Play(w, "m", "long", loop=True), StopPlay(w)],
        lambda w: [Bridge(w, A), Play(w, "p", "short")],
    ],
)
def test_neither_does_a_wideband_leg(change: Callable[[LegId], list[Command]]) -> None:
    """16 kHz bends a quarter as much as 8 kHz does."""
    made = studio()
    phones(made)
    wide = _wide(made)
    made.run(0.1)
    for wait in WAITS:
        for command in change(wide.leg):
            made.engine.execute(command)
            made.run(wait)
    assert np.abs(_by_l16(wide)).max() > 8000 and bend(_by_l16(wide)) < LEAST_CLICK / 2


def test_the_first_frame_of_a_leg_and_a_sound_out_of_silence_are_left_as_they_are() -> None:
    made = studio()
    first, second, _ = phones(made)
    made.engine.execute(Bridge(A, B))
    payloads = [bytes(np.random.default_rng(n).integers(0, 256, 160, np.uint8)) for n in range(20)]
    second.law = first.law
    second.connect()
    first.script = list(payloads)
    made.run(0.6)
    heard = [bytes(p.payload) for _, p in second.received]
    assert [payload for payload in heard if payload in payloads] == payloads
