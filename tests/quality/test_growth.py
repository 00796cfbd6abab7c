"""Nothing grows with what has happened: objects are counted after thirty of each, and after twice as many."""

import gc
from collections import Counter
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
    Detach,
    Direction,
    Echo,
    HearDigit,
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
    SendDigits,
    StopPlay,
    StopRecord,
    Tone,
)
from media.prompt import made_of
from tests.support.phone import DTMF, PCMA, Studio

A, B = LegId("a"), LegId("b")
ROOM = RoomId("acc/room")
TIMES = 30
SPEC = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")


def play(studio: Studio, turn: int, folder: Path) -> None:
    do(studio, Play(A, f"p{turn}", "p"), PausePlay(A, True), PausePlay(A, False), SeekPlay(A, 100))
    do(studio, StopPlay(A), Tone(A, f"t{turn}", (425.0,), ((0.1, 0.1),)), StopPlay(A))


def press(studio: Studio, turn: int, folder: Path) -> None:
    do(studio, HearDigit(A, "5", "info", 100), SendDigits(A, "5", 40, 60))
    studio.phones[0].send(b"\x07\x8a\x03\x20", payload_type=DTMF)
    studio.run(0.35)


def sing(studio: Studio, turn: int, folder: Path) -> None:
    studio.phones[1].connect(dtmf=None)
    do(studio, SendDigits(B, "5", 40, 60))
    studio.run(0.1)


def meet(studio: Studio, turn: int, folder: Path) -> None:
    do(studio, Join(A, ROOM, chimes=True), Join(B, ROOM, chimes=True), ChangeRole(A, Role(only=B)))
    do(studio, Adjust(A, muted=True), Adjust(A), Detach(A), Detach(B))


def hold(studio: Studio, turn: int, folder: Path) -> None:
    for direction in (Direction.SENDONLY, Direction.INACTIVE, Direction.SENDRECV):
        studio.phones[1].connect(direction)
        studio.run(0.02)


def record(studio: Studio, turn: int, folder: Path) -> None:
    do(studio, Record(A, str(folder / "r.wav"), stereo=True), PauseRecord(A, True), MoveRecord(A, B))
    do(studio, StopRecord(B))


def join(studio: Studio, turn: int, folder: Path) -> None:
    do(studio, Bridge(A, B), Detach(A), Echo(A), AttachAgent(A, SPEC, "c", "a"), Detach(A))


def come_and_go(studio: Studio, turn: int, folder: Path) -> None:
    phone = studio.phone(f"leg{turn}")
    do(studio, Bridge(phone.leg, A), Release(phone.leg))
    studio.phones.remove(phone)
    phone.socket.close()
    phone.rtcp.close()


def do(studio: Studio, *commands: object) -> None:
    for command in commands:
        studio.engine.execute(command)  # type: ignore[arg-type]
        studio.run(0.02)


def objects() -> Counter[str]:
    gc.collect()
    return Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())


@pytest.mark.parametrize("happens", [play, press, sing, meet, hold, record, join, come_and_go])
def test_nothing_is_left_of_what_has_happened(
    happens: Callable[[Studio, int, Path], None], tmp_path: Path
) -> None:
    studio = Studio()
    wave = np.sin(2 * np.pi * 440 / 8000 * np.arange(2400)) * 0.3
    studio.prompts.store["p"] = made_of(8000, [wave.astype(np.float32)])
    studio.phone("a")
    studio.phone("b", law=PCMA)
    do(studio, Bridge(A, B))
    counted = []
    for round_ in range(2):
        for turn in range(TIMES):
            happens(studio, round_ * TIMES + turn, tmp_path)
        studio.run(2.0)  # what waits to be sent is
        studio.events.clear()
        studio.agents.told.clear()
        studio.agents.heard.clear()
        for phone in studio.phones:
            phone.received.clear()
        counted.append(objects())
    grown = {name: more for name, more in (counted[1] - counted[0]).items() if more > TIMES // 3}
    assert not grown
    studio.engine.close()
