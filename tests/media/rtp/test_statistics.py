"""Reception statistics against hand-made streams (RFC 3550 A.1, A.3, A.8)."""

import random

import numpy as np
import pytest

from media.rtp.statistics import PAUSE, Reception

ROW = np.array([0])


def feed(reception: Reception, sequence: int, timestamp: int, now: float) -> int:
    extended = reception.extend(ROW, np.array([sequence]))
    assert not reception.is_jump(extended, ROW)[0]
    reception.count(ROW, extended, np.array([timestamp]), now)
    return int(extended[0])


def test_sequence_numbers_go_on_counting_over_the_wrap() -> None:
    reception = Reception(1)
    first = reception.begin(0, 1, 65_534, 0, 0.0)
    extended = [feed(reception, s, 0, 0.0) for s in (65_535, 0, 1, 65_533, 2)]
    assert [number - first for number in extended] == [1, 2, 3, -1, 4]
    assert reception.lost(0) == -1  # the one from before the first packet is one too many


def test_loss_is_what_was_expected_less_what_came() -> None:
    reception = Reception(1)
    reception.begin(0, 1, 10, 0, 0.0)
    for sequence in (11, 13, 14, 15, 19):
        feed(reception, sequence, 0, 0.0)
    assert reception.lost(0) == 4
    assert reception.fraction_lost(0) == (4 << 8) // 10
    feed(reception, 20, 0, 0.0)
    assert reception.fraction_lost(0) == 0, "A.3: the fraction is of the interval alone"
    assert reception.lost(0) == 4


def test_more_copies_than_losses_are_no_loss_of_the_interval() -> None:
    """A.3: the cumulative number may be negative, the fraction is 0 then."""
    reception = Reception(1)
    reception.begin(0, 1, 10, 0, 0.0)
    for sequence in (11, 11, 11, 13):
        feed(reception, sequence, 0, 0.0)
    assert reception.lost(0) == -1 and reception.fraction_lost(0) == 0


def test_loss_of_earlier_streams_of_the_leg_is_kept() -> None:
    reception = Reception(1)
    reception.begin(0, 1, 10, 0, 0.0)
    feed(reception, 12, 0, 0.0)
    reception.begin(0, 2, 500, 0, 0.0)
    feed(reception, 503, 0, 0.0)
    assert reception.lost(0) == 1 + 2 and reception.packets[0] == 4


def test_the_fraction_of_a_new_stream_is_of_that_alone() -> None:
    """A.3, after a report about the stream before it."""
    reception = Reception(1)
    reception.begin(0, 1, 10, 0, 0.0)
    for sequence in range(11, 111):
        feed(reception, sequence, 0, 0.0)
    assert reception.fraction_lost(0) == 0
    reception.begin(0, 2, 500, 0, 0.0)
    feed(reception, 503, 0, 0.0)
    assert reception.fraction_lost(0) == (2 << 8) // 4


def test_a_stray_of_the_stream_before_confirms_no_jump_of_the_next() -> None:
    reception = Reception(1)
    reception.begin(0, 1, 10, 0, 0.0)
    assert not reception.confirms_jump(0, 40_000)
    reception.begin(0, 2, 500, 0, 0.0)
    assert not reception.confirms_jump(0, 40_001)


def test_one_that_was_overtaken_does_not_set_the_newest_back() -> None:
    reception = Reception(1)
    first = reception.begin(0, 1, 10, 0, 0.0)
    for sequence in (12, 11):
        reception.count_one(0, sequence, 160 * (sequence - 10), 0.0)
    assert reception.newest[0] == first + 2 and reception.lost(0) == 0


def test_a_copy_under_another_timestamp_tells_of_no_pause() -> None:
    reception = Reception(1)
    reception.begin(0, 1, 10, 0, 0.0)
    for stamp in (480, 480 + 3 * PAUSE):
        reception.count_one(0, 11, stamp, 0.0)
        assert not reception.paused(0, 480)


def test_jitter_is_the_smoothed_change_of_transit_time() -> None:
    """A.8: J += (|D| - J) / 16, and the timestamp's wrap is no jitter."""
    reception = Reception(1)
    reception.begin(0, 1, 0, 0xFFFF_FF60, 1.0)
    feed(reception, 1, 0, 1.020)
    assert reception.jitter[0] == 0.0
    feed(reception, 2, 160, 1.050)  # 10 ms late: 80 samples
    assert reception.jitter[0] == 80 / 16
    feed(reception, 3, 320, 1.060)
    assert reception.jitter[0] == 5 + (80 - 5) / 16


def test_a_clock_that_is_set_anew_is_no_jitter() -> None:
    """The timestamps of a peer that puts other audio into its stream begin elsewhere."""
    for one_by_one in (False, True):
        reception = Reception(1)
        reception.begin(0, 1, 0, 0, 1.0)
        for number, stamp in ((1, 160), (2, 5_000_000), (3, 5_000_160)):
            if one_by_one:
                reception.count_one(0, number, stamp, 1.0 + 0.02 * number)
            else:
                feed(reception, number, stamp, 1.0 + 0.02 * number)
        assert reception.jitter[0] == 0


@pytest.mark.parametrize("one_by_one", [False, True])
def test_a_timestamp_that_is_further_than_its_number_tells_of_a_pause(one_by_one: bool) -> None:
    """RFC 3551 §4.1: the clock goes on while nothing is sent."""
    reception = Reception(1)
    reception.begin(0, 1, 0, 0xFFFF_FF60, 1.0)
    told = []
    for number, stamp in (
        (1, 0),
        (2, 480),
        (3, 640),
        (5, 960),
        (6, 4_000),
        (7, 4_160),
        (9, 9_000),
        (8, 8_840),
    ):
        if one_by_one:
            reception.count_one(0, number, stamp, 1.0)
            told.append(reception.paused(0, 160))
        else:
            extended = reception.extend(ROW, np.array([number]))
            told.append(bool(reception.pauses(ROW, extended, np.array([stamp]))[0]))
            feed(reception, number, stamp, 1.0)
    assert told == [False, True, False, False, True, False, True, False]


def test_a_jump_is_believed_when_its_successor_follows() -> None:
    """A.1: MAX_DROPOUT, MAX_MISORDER and two packets in sequence."""
    reception = Reception(1)
    reception.begin(0, 1, 1000, 0, 0.0)
    for sequence, jump in ((1000 + 2999, False), (1000 + 3000, True), (901, False), (900, True)):
        assert reception.is_jump(reception.extend(ROW, np.array([sequence])), ROW)[0] == jump
    assert not reception.confirms_jump(0, 30_000)
    assert not reception.confirms_jump(0, 40_000), "another stray"
    assert reception.confirms_jump(0, 40_001)


def test_a_slot_starts_clean() -> None:
    reception = Reception(2)
    reception.begin(0, 1, 10, 0, 0.0)
    feed(reception, 15, 0, 9.0)
    reception.reset(ROW)
    assert reception.lost(0) == 0 and reception.packets[0] == 0 and reception.ssrc[0] == -1


def test_one_by_one_counts_as_columns_do() -> None:
    dice = random.Random(11)
    columns, one = Reception(1), Reception(1)
    sequence = timestamp = 65_000
    for reception in (columns, one):
        reception.begin(0, 1, sequence, timestamp, 0.0)
    for turn in range(2_000):
        sequence = (sequence + dice.choice((1, 1, 1, 1, 2, -1, 0, 9))) & 0xFFFF
        timestamp = (timestamp + 160) & 0xFFFF_FFFF
        now = turn * 0.02 + dice.random() * 0.01
        assert one.count_one(0, sequence, timestamp, now) == feed(columns, sequence, timestamp, now)
    assert one.lost(0) == columns.lost(0) and one.jitter[0] == columns.jitter[0]
    assert one.packets[0] == columns.packets[0] == 2_001
    before = int(one.packets[0])
    for stray in (sequence + 10_000, sequence - 10_000, sequence + 3_100, sequence - 200):
        assert one.count_one(0, stray & 0xFFFF, 0, 50.0) is None
    assert one.packets[0] == before, "a jump counts for nothing yet"


def test_a_lost_packet_of_60_ms_is_no_pause() -> None:
    reception = Reception(1)
    reception.begin(0, 1, 10, 0, 0.0)
    told = []
    for number, stamp in ((11, 480), (13, 1_440), (12, 960), (14, 1_920), (15, 2_400 + 480)):
        reception.count_one(0, number, stamp, 1.0)
        told.append(reception.paused(0, 480))
    assert told == [False, False, False, False, True]
