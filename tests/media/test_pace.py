"""When members of rooms are sent their mix (S004-39)."""

from itertools import pairwise, product

import numpy as np
import pytest

from media.codec.g711 import encode_ulaw
from media.columns import LegColumns
from media.frame import GROUPS
from media.pace import Pace
from media.port import Join, RoomId
from tests.support.phone import Studio, tone


def room(*beats: int) -> tuple[LegColumns, Pace]:
    """Members of one room who are sent their mixes in these groups."""
    columns = LegColumns(len(beats) + 1)
    slots = slice(len(beats))
    columns.room[slots], columns.beat[slots] = 0, beats
    columns.room[len(beats)] = -1
    columns.voiced[slots] = columns.aligned[slots] = True
    pace = Pace(len(beats) + 1, columns)
    for slot in range(len(beats)):
        pace.enter(slot, 0, seamless=False)
    return columns, pace


def rounds(pace: Pace, columns: LegColumns, groups: list[int]) -> list[list[int]]:
    """Ticks in which each member was sent something, in five rounds; they are heard in these groups."""
    sent: list[list[int]] = [[] for _ in groups]
    for tick in range(5 * GROUPS):
        group = tick % GROUPS
        for slot in range(len(groups)):
            if columns.beat[slot] == group:
                sent[slot].append(tick)
        pace.turn(group)
        pace.hear(np.flatnonzero(np.array(groups) == group), group, tick)
    return sent


@pytest.mark.parametrize(("one", "two"), list(product(range(4), range(4))))
def test_of_two_members_each_is_sent_what_the_other_says_at_once(one: int, two: int) -> None:
    columns, pace = room(3, 1)
    rounds(pace, columns, [one, two])
    assert columns.beat[:2].tolist() == [two, one]


@pytest.mark.parametrize("groups", list(product(range(4), repeat=3)))
def test_of_three_members_nobody_hears_another_more_than_10_ms_late(groups: tuple[int, ...]) -> None:
    columns, pace = room(3, 1, 2)
    sent = rounds(pace, columns, list(groups))
    for slot, beat in enumerate(columns.beat[:3].tolist()):
        assert max((beat - group) % GROUPS for other, group in enumerate(groups) if other != slot) <= 2
        assert all(GROUPS <= later - tick < 2 * GROUPS for tick, later in pairwise(sent[slot])), (
            "never one more"
        )


def test_nobody_is_moved_where_a_frame_of_who_is_heard_already_would_be_left_out() -> None:
    columns, pace = room(1, 0, 0)
    pace.enter(0, 0, seamless=True)
    pace.enter(1, 0, seamless=True)
    rounds(pace, columns, [0, 1, 2])
    assert columns.beat[0] == 2, "where the third is heard at once, and the other 5 ms late"
    columns, pace = room(1, 0, 0)
    pace.enter(0, 0, seamless=True)
    pace.enter(1, 0, seamless=True)
    rounds(pace, columns, [0, 2, 0])
    assert columns.beat[0] == 1, "between 1 and 2 a frame comes of who is known"


def test_who_has_just_been_sent_something_is_moved_after_its_new_moment_has_passed() -> None:
    columns, pace = room(0, 0)
    pace.hear(np.array([1]), 1, 1)
    assert not pace.turn(0) and columns.beat[0] == 0
    assert pace.turn(3) and columns.beat[0] == 1


def test_larger_rooms_are_left_as_they_are() -> None:
    columns, pace = room(*[0] * 5)
    rounds(pace, columns, [0, 1, 2, 3, 1])
    assert not columns.beat.any()


@pytest.mark.parametrize(("second", "third"), list(product((0, 5, 10, 15), repeat=2)))
def test_in_a_room_of_three_everybody_is_heard_within_22_ms(second: int, third: int) -> None:
    """A packet waits 5 to 10 ms for its tick, and its frame 10 ms for the listener's."""
    studio = Studio()
    phones = [studio.phone(name) for name in ("one", "two", "three")]
    for phone, phase in zip(phones, (0, second, third), strict=True):
        phone.next_at += phase / 1000
        phone.say(np.zeros(24_000, np.int16))
        studio.engine.execute(Join(phone.leg, RoomId("room")))
    studio.run(0.9)
    for phone in phones:
        before = {other.name: len(other.received) for other in phones}
        left = len(phone.script)
        phone.script[0] = encode_ulaw(tone(1000, 0.02)).tobytes()
        while len(phone.script) == left:
            studio.run(0.001)
        at = studio.loop.time()
        studio.run(0.1)
        for other in phones:
            if other is not phone:
                loud = [
                    t
                    for t, p in other.received[before[other.name] :]
                    if bytes(p.payload[40:60]) != b"\xff" * 20
                ]
                assert loud and loud[0] - at <= 0.022, (phone.name, other.name)
