"""Any packet time → 20 ms frames (RFC 3551 §4.2)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.reframe import MAX_PARTIAL, Reframer

AUDIO = (np.arange(160 * 30) % 253).astype(np.uint8)


def frames_of(reframer: Reframer, size: int, origin: int, order: list[int]) -> dict[int, bytes]:
    ready: dict[int, bytes] = {}
    for index in order:
        piece = AUDIO[index * size : (index + 1) * size]
        for number, frame in reframer.add((origin + index * size) & 0xFFFF_FFFF, piece):
            assert number not in ready, "each frame once"
            ready[number] = frame.tobytes()
    return ready


@pytest.mark.parametrize("milliseconds", [5, 10, 20, 30, 40, 60])
def test_every_packet_time_gives_the_same_frames(milliseconds: int) -> None:
    size = milliseconds * 8
    origin = 0xFFFF_FFFF - 1000  # the timestamp wraps on the way
    ready = frames_of(Reframer(origin, 70), size, origin, list(range(len(AUDIO) // size)))
    whole = len(AUDIO) // size * size // 160
    assert ready == {70 + n: AUDIO[n * 160 : n * 160 + 160].tobytes() for n in range(whole)}


def test_reordered_halves_still_make_a_frame() -> None:
    ready = frames_of(Reframer(0, 0), 80, 0, [1, 0, 3, 2])
    assert ready == {n: AUDIO[n * 160 : n * 160 + 160].tobytes() for n in range(2)}


def test_a_copy_of_a_part_completes_no_frame() -> None:
    ready = frames_of(Reframer(0, 0), 80, 0, [0, 0, 1, 2, 2, 3])
    assert ready == {n: AUDIO[n * 160 : n * 160 + 160].tobytes() for n in range(2)}


def test_a_frame_that_lost_a_part_is_never_ready() -> None:
    ready = frames_of(Reframer(0, 0), 240, 0, [0, 2, 3])
    assert sorted(ready) == [0, 3, 4, 5]


def test_incomplete_frames_are_bounded() -> None:
    reframer = Reframer(0, 0)
    for index in range(100):
        reframer.add(index * 160, AUDIO[:80])
    assert sorted(reframer.partial) == list(range(100 - MAX_PARTIAL, 100)), "the oldest went first"


@given(st.lists(st.tuples(st.integers(0, 0xFFFF_FFFF), st.integers(1, 500)), max_size=20))
def test_any_timestamps_give_whole_frames_only(packets: list[tuple[int, int]]) -> None:
    reframer = Reframer(0, 1 << 40)
    for timestamp, size in packets:
        for _, frame in reframer.add(timestamp, AUDIO[:size]):
            assert len(frame) == 160
