"""Timestamps as places on a time line (RFC 3550 §5.1)."""

from media.rtp.media_time import MediaTime

START = 1 << 33


def test_they_wrap_and_come_out_of_order() -> None:
    time = MediaTime(0xFFFF_FF00, START, 8000)
    assert time.place(0xFFFF_FF00, 240) == START
    assert time.place(0x1E0, 240) == START + 736
    assert time.place(0xF0, 240) == START + 496, "it was overtaken"
    assert time.place(0x2D0, 240) == START + 976


def test_a_line_that_begins_anew_goes_on_where_the_latest_ended() -> None:
    for back in (8001, 500_000, 5_000_240, 0x7FFF_FFFF):
        time = MediaTime(5_000_000, START, 8000)
        time.place(5_000_000, 240)
        assert time.place((5_000_000 - back) & 0xFFFF_FFFF, 240) < START, "it may be late"
        assert time.place((5_000_240 - back) & 0xFFFF_FFFF, 240) == START + 240
        assert time.place((5_000_480 - back) & 0xFFFF_FFFF, 240) == START + 480


def test_one_that_is_very_late_moves_nothing() -> None:
    time = MediaTime(50_000, START, 8000)
    time.place(50_000, 240)
    assert time.place(30_000, 240) == START - 20_000
    assert time.place(50_240, 240) == START + 240
    assert time.place(30_480, 240) == START - 19_520, "nor a second one that does not go on from it"
    assert time.place(50_480, 240) == START + 480


def test_what_is_late_by_a_second_at_most_keeps_its_place() -> None:
    time = MediaTime(50_000, START, 8000)
    assert time.place(42_000, 240) == START - 8000
    assert time.place(50_240, 240) == START + 240


def test_a_jump_forwards_is_a_gap() -> None:
    time = MediaTime(0, START, 8000)
    time.place(0, 240)
    assert time.place(1_000_000, 240) == START + 1_000_000
