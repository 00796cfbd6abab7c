"""Each key once, whatever way it came (RFC 4733 §1, S004-59)."""

from media.press import SAME, Presses


def test_a_key_sent_by_two_ways_is_told_once_each_time_it_is_pressed() -> None:
    presses = Presses()
    came = [(digit, way) for digit in "11" for way in ("rfc4733", "info")]
    assert [presses.is_new(digit, way, index * 0.1) for index, (digit, way) in enumerate(came)] == [
        True,
        False,
        True,
        False,
    ]


def test_the_copies_may_come_after_all_originals() -> None:
    presses = Presses()
    came = [("1", "rfc4733"), ("1", "rfc4733"), ("1", "info"), ("1", "info"), ("1", "inband"), ("1", "info")]
    assert [presses.is_new(digit, way, 0.0) for digit, way in came] == [True, True, False, False, False, True]


def test_one_way_repeats_at_will_and_another_key_is_another_press() -> None:
    presses = Presses()
    assert all(presses.is_new("5", "info", 0.01 * n) for n in range(100))
    assert presses.is_new("6", "rfc4733", 1.0)


def test_what_comes_late_is_a_press_of_its_own() -> None:
    presses = Presses()
    assert presses.is_new("1", "rfc4733", 0.0) and presses.is_new("1", "info", SAME + 0.1)


def test_a_long_press_told_at_its_beginning_and_at_its_end_is_one() -> None:
    """By INFO when it begins, in RTP when it has lasted for 2 s; and the other way round."""
    presses = Presses()
    assert presses.is_new("1", "info", 0.0)
    assert not presses.is_new("1", "rfc4733", 2.05, lasted=2.0)
    assert presses.is_new("1", "rfc4733", 12.0, lasted=2.0)
    for tenth in range(80):
        presses.goes_on("1", "rfc4733", 12.0 + tenth / 10)
    assert not presses.is_new("1", "info", 20.0, lasted=0.1)
    assert presses.is_new("1", "info", 20.1, lasted=0.1)
