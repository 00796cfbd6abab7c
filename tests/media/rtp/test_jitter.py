"""The jitter buffer, frame by frame: what is played is the number that each frame carries."""

import random
from itertools import pairwise

import numpy as np
import pytest

from media.rtp.jitter import (
    CALM_WINDOWS,
    DEPTH,
    HASTE,
    HASTE_FRAMES,
    MAX_TARGET,
    MOVED_FRAMES,
    PACE,
    PATIENCE,
    PAUSE_FRAMES,
    WINDOW_FRAMES,
    JitterBuffer,
)

ROW = np.array([0])
BASE = 1000


def start() -> JitterBuffer:
    buffer = JitterBuffer(4)
    buffer.restart(0, BASE)
    return buffer


def frame(number: int) -> np.ndarray:
    return np.full(160, number % 251, np.uint8)


def put(buffer: JitterBuffer, *numbers: int, marker: bool = False) -> None:
    for number in numbers:
        buffer.insert(ROW, np.array([BASE + number]), frame(number)[None, :], np.array([marker]))


def played(buffer: JitterBuffer, frames: int = 1) -> list[int | None]:
    """The numbers played, None where nothing was."""
    numbers: list[int | None] = []
    for _ in range(frames):
        taken = buffer.take(ROW)
        numbers.append(int(taken.frames[0, 0]) if taken.have[0] else None)
    return numbers


def test_frames_come_out_in_order_whatever_order_they_came_in() -> None:
    buffer = start()
    put(buffer, 0, 3, 1, 2)
    assert played(buffer, 4) == [0, 1, 2, 3]


def test_a_missing_frame_is_given_up_when_a_newer_one_is_there() -> None:
    buffer = start()
    put(buffer, 0, 2)
    assert played(buffer, 3) == [0, None, 2]


def test_an_empty_buffer_holds_the_pointer_and_loses_nothing() -> None:
    buffer = start()
    put(buffer, 0)
    assert played(buffer, 3) == [0, None, None]
    put(buffer, 1)
    assert played(buffer) == [1]


def test_duplicates_are_counted_and_not_played_even_after_their_time() -> None:
    buffer = start()
    put(buffer, 0, 0, 1)
    assert played(buffer, 2) == [0, 1]
    put(buffer, 1)
    assert buffer.duplicates[0] == 2 and buffer.late[0] == 0
    assert played(buffer) == [None]


def test_the_second_late_frame_within_ten_seconds_deepens_the_buffer_by_one() -> None:
    buffer = start()
    put(buffer, 0, 2)
    played(buffer, 3)
    put(buffer, 1)
    assert (buffer.late[0], buffer.target[0]) == (1, 0), "one is an accident"
    put(buffer, 4)
    assert played(buffer, 2) == [None, 4]
    put(buffer, 3, 5)
    assert (buffer.late[0], buffer.target[0]) == (2, 1)
    assert played(buffer, 2) == [None, 5], "one frame is held to become deeper"


@pytest.mark.parametrize("slow", [1.003, 1.0002])
def test_a_slow_clock_of_the_peer_is_no_jitter(slow: float) -> None:
    """At 3,000 ppm a whole frame is missing every 6.7 s; to wait for it once is all that it takes."""
    buffer, sent, heard = start(), 0, 0
    for tick in range(6_000):
        while sent * slow <= tick:
            put(buffer, sent)
            sent += 1
        heard += played(buffer)[0] is not None
    assert buffer.target[0] == 0 and heard >= sent - 1


def test_calm_gives_the_depth_back() -> None:
    buffer = start()
    buffer.target[0] = 1
    put(buffer, 0)
    for number in range(WINDOW_FRAMES * (CALM_WINDOWS + 2)):
        put(buffer, number + 1)
        buffer.take(ROW)
    assert buffer.target[0] == 0 and buffer.waiting(0) == 0


def test_standing_delay_is_merged_away_one_frame_a_second() -> None:
    buffer = start()
    put(buffer, 0, 1, 2)
    merged = []
    for number in range(3, 3 + WINDOW_FRAMES * 3):
        put(buffer, number)
        merged += [following[0] for _, following in buffer.take(ROW).merged]
    assert len(merged) == 3 and buffer.waiting(0) == 0


def test_a_single_frame_too_many_waits_for_a_pause_and_two_do_not() -> None:
    buffer = start()
    put(buffer, 0, 1, 2)
    buffer.quiet[0] = False
    heard: list[int | None] = []
    for number in range(3, 203):
        heard += played(buffer)
        put(buffer, number)
        if number == 150:
            assert buffer.waiting(0) == 2 and len(set(heard)) == len(heard), (
                "the one that it may keep, and this"
            )
            buffer.quiet[0] = True
    assert buffer.waiting(0) == 1
    left_out = sorted(set(range(200)) - {number for number in heard if number is not None})
    assert len(left_out) == 2 and left_out[0] < 60 and left_out[1] > 145


def test_a_single_frame_too_many_is_merged_after_ten_seconds_without_a_pause() -> None:
    buffer = start()
    put(buffer, 0, 1)
    buffer.quiet[0] = False
    merged: list[int] = []
    for number in range(2, 2 + WINDOW_FRAMES * (PATIENCE + 2)):
        taken = buffer.take(ROW)
        merged += [number for _ in taken.merged]
        put(buffer, number)
    assert len(merged) == 1 and merged[0] >= WINDOW_FRAMES * PATIENCE and buffer.waiting(0) == 1


def test_a_burst_beyond_the_buffer_keeps_the_newest_and_leaves_no_delay_after_three_seconds() -> None:
    buffer = start()
    put(buffer, 0)
    played(buffer)
    put(buffer, *range(1, 60))
    assert buffer.waiting(0) < DEPTH
    for number in range(60, 60 + 3 * WINDOW_FRAMES):
        put(buffer, number)
        buffer.take(ROW)
        assert buffer.waiting(0) <= 1 or number < 60 + 2 * WINDOW_FRAMES + HASTE_FRAMES
    assert buffer.waiting(0) == 0


def test_what_comes_at_once_after_a_gap_is_heard_a_little_faster_and_no_word_is_cut_out() -> None:
    """A phone changes its cell: 300 ms without a packet, then all of them."""
    buffer = start()
    heard: list[int | None] = []
    for tick in range(150):
        if tick == 65:
            put(buffer, *range(50, 66))
        elif not 50 <= tick < 65:
            put(buffer, tick)
        heard += played(buffer)
    waits = [tick - number for tick, number in enumerate(heard) if number is not None]
    assert waits[50:60] == [15] * 10 and waits[-1] <= HASTE
    left_out = sorted(set(range(50, 140)) - {number for number in heard if number is not None})
    assert 12 <= len(left_out) <= 15 and all(b - a >= PACE for a, b in pairwise(left_out))


def test_a_pause_announced_by_the_marker_is_no_strike() -> None:
    buffer = start()
    put(buffer, 0)
    played(buffer, 5)
    put(buffer, 1, marker=True)
    played(buffer, 5)
    put(buffer, 2, marker=True)
    assert played(buffer) == [2] and buffer.target[0] == 0


def test_void_numbers_take_no_time() -> None:
    buffer = start()
    put(buffer, 0)
    for number in (1, 2, 3):
        buffer.void(0, BASE + number)
    put(buffer, 4)
    assert played(buffer, 2) == [0, 4]
    buffer.void(0, BASE + 5)
    assert played(buffer, 2) == [None, None], "a void alone holds"
    put(buffer, 6)
    assert played(buffer) == [6]


def test_the_place_of_a_skipped_void_can_be_used_again() -> None:
    buffer = start()
    buffer.void(0, BASE + 3)
    put(buffer, 30)
    put(buffer, *range(31, 60))
    assert played(buffer, 2)[1] is not None, "the first joins what is heard now to what was heard before"
    put(buffer, 3 + 4 * DEPTH)
    assert played(buffer, 2)[1] == 3 + 4 * DEPTH


def test_after_a_stall_what_comes_next_is_next() -> None:
    """The newest frame was due already: to play it would leave a frame of delay behind."""
    buffer = start()
    put(buffer, *range(12))
    buffer.skip_to_newest()
    put(buffer, 12)
    assert played(buffer) == [12]


def test_after_a_stall_as_much_waits_as_is_meant_to_wait() -> None:
    buffer = start()
    put(buffer, *range(12))
    buffer.target[0] = 2
    buffer.skip_to_newest()
    put(buffer, 12)
    assert played(buffer) == [10]


def test_rows_do_not_touch_each_other() -> None:
    buffer = JitterBuffer(3)
    rows = np.arange(3)
    for slot in range(3):
        buffer.restart(slot, slot * 50)
    marker = np.zeros(3, np.bool_)
    for step in range(40):
        numbers = np.array([step, 50 + step, 100 + step])
        frames = np.stack([frame(int(number)) for number in numbers])
        if step % 7 == 3:
            buffer.insert(rows[:2], numbers[:2], frames[:2], marker[:2])
        else:
            buffer.insert(rows, numbers, frames, marker)
        taken = buffer.take(rows)
        assert taken.have[:2].all() and (taken.frames[:2, 0] == numbers[:2] % 251).all()


def part(*, tail: bool) -> tuple[np.ndarray, np.ndarray]:
    there = np.zeros(160, np.bool_)
    there[80 * tail : 80 + 80 * tail] = True
    return frame(7), there


def test_a_frame_that_came_in_part_is_played_once_something_newer_is_there() -> None:
    buffer, parts = start(), {BASE: part(tail=False)}
    buffer.restart(0, BASE, parts)
    assert not buffer.take(ROW).have[0], "the rest may be on its way"
    parts[BASE + 1] = part(tail=False)
    taken = buffer.take(ROW)
    assert taken.have[0] and [(row, there[:80].all(), there[80:].any()) for row, there in taken.holes] == [
        (0, True, False)
    ]
    parts[BASE + 1] = part(tail=True)
    assert buffer.take(ROW).holes, "its beginning is overdue"
    assert not buffer.take(ROW).have[0]


def test_a_frame_that_came_in_part_is_played_at_its_time_when_nothing_was_late_for_a_second() -> None:
    buffer = start()
    parts: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    buffer.restart(0, BASE, parts)
    for number in range(WINDOW_FRAMES):
        put(buffer, number)
        assert played(buffer) == [number]
    parts[BASE + WINDOW_FRAMES] = part(tail=False)
    assert buffer.take(ROW).holes
    put(buffer, WINDOW_FRAMES)  # the rest came after all
    assert buffer.late[0] == 1
    parts[BASE + WINDOW_FRAMES + 1] = part(tail=False)
    assert not buffer.take(ROW).have[0], "and so may this"


def test_a_buffered_frame_is_recoded_when_the_codec_changes() -> None:
    buffer = start()
    put(buffer, 5)
    put(buffer, 0)
    buffer.recode(0, np.roll(np.arange(256, dtype=np.uint8), -1))
    assert played(buffer, 6) == [1, None, None, None, None, 6]


@pytest.mark.parametrize("seed", range(3))
def test_reordering_and_loss_never_play_a_frame_twice_or_out_of_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    buffer = start()
    due = sorted((number + random.exponential(1.5), number) for number in range(250))
    due = [(at, number) for at, number in due if random.random() > 0.05]
    out: list[int] = []
    for now in range(280):
        while due and due[0][0] <= now:
            put(buffer, due.pop(0)[1])
        taken = buffer.take(ROW)
        if taken.have[0]:
            out.append(int(taken.frames[0, 0]))
    assert out == sorted(set(out)) and len(out) > 170


def test_a_leg_that_plays_at_another_time_soon_leaves_out_what_waits_for_it() -> None:
    """However loud the peer is: the move has cost a frame, and no delay stays for it."""
    buffer = start()
    buffer.quiet[0] = False
    put(buffer, 0, 1)
    buffer.moved(0)
    number, merged = 2, []
    for _ in range(MOVED_FRAMES + 1):
        merged.append(len(buffer.take(ROW).merged))
        put(buffer, number)
        number += 1
    assert sum(merged) == 1 and merged[MOVED_FRAMES - 1] == 1
    assert buffer.waiting(0) == 1
    buffer.take(ROW)
    assert buffer.waiting(0) == 0


def test_what_begins_after_a_pause_waits_as_much_as_is_meant_to_wait() -> None:
    buffer = start()
    buffer.target[0] = 2
    put(buffer, 0)
    assert played(buffer, 1 + PAUSE_FRAMES) == [0] + [None] * PAUSE_FRAMES
    put(buffer, 1, marker=True)
    heard = []
    for number in range(2, 6):
        heard += played(buffer)
        put(buffer, number)
    assert heard == [None, None, 1, 2] and buffer.waiting(0) == 3
    assert buffer.silent == {0} and buffer.target[0] == 2


def test_a_marker_on_every_packet_deepens_nothing() -> None:
    buffer = start()
    buffer.target[0] = 2
    put(buffer, 0, marker=True)
    assert played(buffer, 2) == [0, None]
    put(buffer, 1, marker=True)
    assert played(buffer) == [1] and not buffer.silent


def test_the_buffer_is_never_deeper_than_200_ms_meant_to_be_whatever_the_jitter() -> None:
    """Frames are late by up to 600 ms, at random."""
    chance, buffer = random.Random(1), start()
    arrivals = sorted((number + chance.random() * 30, number) for number in range(2_000))
    at, deepest, most = 0, 0, 0
    for turn in range(2_000):
        while at < len(arrivals) and arrivals[at][0] <= turn:
            put(buffer, arrivals[at][1])
            at += 1
        played(buffer)
        deepest, most = max(deepest, int(buffer.target[0])), max(most, buffer.waiting(0))
    assert deepest == MAX_TARGET == 10 and most < DEPTH


def test_what_comes_long_after_its_time_is_late_and_deepens_nothing() -> None:
    """No depth that the buffer may have would have waited for it."""
    buffer = start()
    for number in range(40):
        put(buffer, number)
        played(buffer)
    put(buffer, 2, 3, 4)
    assert buffer.late[0] == 3 and buffer.target[0] == 0


def test_after_a_jump_beyond_the_buffer_as_much_waits_as_is_meant_to_wait() -> None:
    buffer = start()
    buffer.target[0] = 2
    put(buffer, 0)
    assert played(buffer) == [0]
    put(buffer, 100)
    assert played(buffer, 4) == [None, None, None, 100], "one is made up, which joins the ends, and two wait"


@pytest.mark.parametrize("marker", [True, False])
def test_numbers_made_of_timestamps_go_on_in_a_pause_that_the_marker_announces(marker: bool) -> None:
    buffer = start()
    buffer.restart(0, BASE, {})
    put(buffer, 0)
    played(buffer, 5)
    put(buffer, 2 * DEPTH, marker=marker)
    assert buffer.silent == ({0} if marker else set())


def test_what_comes_at_once_after_a_gap_is_merged_from_then_on_whenever_that_was() -> None:
    buffer = start()
    for number in range(10):
        put(buffer, number)
        played(buffer)
    played(buffer, 2 * HASTE)
    put(buffer, *range(10, 10 + 2 * HASTE))
    for number in range(10 + 2 * HASTE, 12 + 2 * HASTE + HASTE_FRAMES):
        put(buffer, number)
        if buffer.take(ROW).merged:
            return
    raise AssertionError("the window of before the gap goes on")


def test_silence_without_a_marker_that_lasts_longer_than_the_buffer_is_no_wait() -> None:
    buffer, number = start(), 0
    for _ in range(3):
        put(buffer, number)
        assert played(buffer) == [number]
        played(buffer, DEPTH + 2)
        put(buffer, number + 1, number + 2)
        played(buffer, 2)
        number += 3
    assert buffer.target[0] == 0


def test_what_has_come_in_part_is_recoded_too() -> None:
    buffer, part = start(), frame(3)
    buffer.restart(0, BASE, {BASE: (part, np.ones(160, np.bool_))})
    buffer.recode(0, np.arange(255, -1, -1, dtype=np.uint8))
    assert (part == 252).all()


def test_after_a_stall_the_newest_of_frames_that_come_several_at_once_is_played() -> None:
    """Packets of 60 ms: what came last is not over yet."""
    buffer = start()
    put(buffer, *range(6))
    buffer.skip_to_newest()
    assert played(buffer) == [None]
    buffer.restart(0, BASE, {})
    put(buffer, *range(6))
    buffer.skip_to_newest()
    assert played(buffer) == [5]


def test_who_waits_already_does_not_wait_less_for_a_second_reason() -> None:
    buffer = start()
    buffer.target[0] = 3
    put(buffer, 0)
    played(buffer, PAUSE_FRAMES + 3)
    put(buffer, 1, marker=True)
    buffer.join(0)
    assert played(buffer, 4) == [None, None, None, 1]
