"""Cases of a conversation find what is wrong with it."""

import numpy as np
import pytest

from controlplane.rehearsal.case import Failed, Room, Skipped
from controlplane.rehearsal.conversation import CASES
from tests.support.rehearsal import SOUNDS, SPEC, Agent, stage


class Shouting(Agent):
    def say(self, seconds: float = 2.0) -> None:
        self.listener.received_binary(memoryview(np.full(16_000, 32_767, np.int16).tobytes()))


class Babbling(Agent):
    def text(self, message: str) -> None:
        super().text(message)
        self.listener.received_text(b"{")


class Unmarked(Agent):
    def say(self, seconds: float = 2.0) -> None:
        self.listener.received_binary(memoryview(SOUNDS.speech.tobytes()))


async def play(name: str, kind: type[Agent]) -> str:
    [case] = [case for case in CASES if case.name == name]
    async with stage(kind) as made:
        return await case.act(Room(made, SPEC, SOUNDS, name))


async def test_a_clipped_greeting_fails() -> None:
    with pytest.raises(Failed, match="full scale"):
        await play("greeting-level", Shouting)


async def test_malformed_messages_fail() -> None:
    with pytest.raises(Failed, match="malformed"):
        await play("clean-protocol", Babbling)


async def test_an_agent_without_marks_is_not_judged_by_them() -> None:
    with pytest.raises(Skipped, match="sets no marks"):
        await play("marks", Unmarked)


async def test_barge_in_is_measured() -> None:
    assert await play("barge-in", Agent) in ("0 ms", "20 ms", "40 ms")
