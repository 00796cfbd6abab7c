"""What a case works with."""

import numpy as np
import pytest

from controlplane.rehearsal.case import Case, Failed, Room, Skipped, alive, case, fail, sounds_of
from tests.support.rehearsal import SOUNDS, SPEC, Absent, Agent, stage


class Mute(Agent):
    def say(self, seconds: float = 2.0) -> None:
        pass


async def test_a_room_connects_and_waits_for_the_greeting() -> None:
    async with stage() as made:
        room = Room(made, SPEC, SOUNDS, "x")
        with room.caller() as caller:
            assert await room.greeted(caller) < 1.0
            alive(caller)


async def test_a_room_says_who_is_not_there() -> None:
    async with stage(Absent) as made:
        room = Room(made, SPEC, SOUNDS, "x")
        with room.caller() as caller, pytest.raises(Failed, match="nothing listens"):
            await room.connect(caller)


async def test_an_agent_that_never_speaks_is_skipped() -> None:
    async with stage(Mute) as made:
        room = Room(made, SPEC, SOUNDS, "x")
        with room.caller() as caller, pytest.raises(Skipped):
            await room.greeted(caller)


def test_sounds_are_the_same_in_every_run_and_whole() -> None:
    one, two = sounds_of(SOUNDS.speech), sounds_of(SOUNDS.speech)
    assert np.array_equal(one.noise, two.noise) and one.music.dtype == np.int16
    assert 50 < np.abs(one.noise).mean() < 200 and np.abs(one.cough).max() > 3_000


def test_cases_are_collected_in_order() -> None:
    cases: list[Case] = []

    @case(cases, "one", "it is added")
    async def act(room: Room) -> str:
        fail("it fails")

    assert [(made.name, made.shows, made.act) for made in cases] == [("one", "it is added", act)]
