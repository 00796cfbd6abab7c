"""A table that forgets, on a clock turned by hand."""

from edge.overload.recent import Recent


def test_an_entry_is_found_for_at_least_as_long_as_it_is_kept() -> None:
    recent = Recent[str](32.0, 100)
    recent.put(1, "one", 1_000.0)
    recent.put(2, "two", 1_020.0)
    assert recent.get(1, 1_031.0) == "one" and recent.get(2, 1_051.0) == "two"


def test_it_is_gone_after_twice_that_although_nothing_came_since() -> None:
    recent = Recent[str](32.0, 100)
    recent.put(1, "one", 1_000.0)
    assert recent.get(1, 1_065.0) is None and len(recent) == 0


def test_no_more_are_kept_than_there_is_room_for_and_the_oldest_go_first() -> None:
    recent = Recent[str](32.0, 100)
    for n in range(1_000):
        recent.put(n, "x", 1_000.0)
        assert len(recent) <= 100
    assert recent.get(999, 1_000.0) and recent.get(950, 1_000.0) and recent.get(800, 1_000.0) is None


def test_what_is_taken_out_is_gone() -> None:
    recent = Recent[float](32.0, 4)
    recent.put(1, 0.5, 1_000.0)
    assert recent.pop(1) == 0.5 and recent.pop(1) is None and recent.get(1, 1_000.0) is None
