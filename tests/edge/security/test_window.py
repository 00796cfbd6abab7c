"""Counting in a sliding period (issue 3, Security; S004-75)."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from edge.security.window import Distinct, Tally, Window

PER = 60.0
STEPS = st.lists(st.integers(0, 70_000), min_size=1, max_size=60)
"Milliseconds between events."


@given(STEPS)
def test_never_counts_less_than_the_period_holds_nor_more_than_nine_eighths_do(steps: list[int]) -> None:
    now, times = 1_000_000, []
    window = Window(PER, now / 1000)
    for step in steps:
        now += step
        times.append(now)
        total = window.add(now / 1000)
        assert total >= sum(1 for at in times if now - at < PER * 1000)
        assert total <= sum(1 for at in times if now - at <= PER * 1000 * 9 / 8)


@given(STEPS)
def test_looking_changes_nothing(steps: list[int]) -> None:
    one, two = Window(PER, 5.0), Window(PER, 5.0)
    now = 5.0
    for step in steps:
        two.total(now + step / 2000)
        now += step / 1000
        assert one.add(now, 0.25) == two.add(now, 0.25)


def test_its_size_does_not_grow_with_the_events() -> None:
    window = Window(1.0, 0.0)
    for n in range(100_000):
        window.add(n / 1e6)
    assert sys.getsizeof(window) + sys.getsizeof(window._cells) < 250
    assert window.total(0.1) == 100_000 and window.total(2.0) == 0


@given(st.lists(st.tuples(st.integers(0, 30_000), st.sampled_from("abcdefgh")), max_size=60))
def test_different_names_of_the_period_are_counted_once_each(heard: list[tuple[int, str]]) -> None:
    now, distinct = 0, Distinct(PER)
    tick = 512  # fractions that a float holds exactly
    firsts: dict[str, int] = {}
    for step, name in heard:
        now += step
        firsts = {known: at for known, at in firsts.items() if now - at < PER * tick}
        firsts.setdefault(name, now)
        assert distinct.add(name, now / tick, 100) == len(firsts)


def test_no_more_names_are_remembered_than_may_be() -> None:
    distinct = Distinct(PER)
    assert [distinct.add(str(n), 0.0, 20) for n in range(1_000)][-1] == 20


def test_each_name_is_counted_on_its_own_and_forgotten_with_its_period() -> None:
    tally = Tally(PER)
    assert [tally.add(name, 0.0) for name in "aabab"] == [1, 2, 1, 3, 2] and len(tally) == 2
    assert tally.add("b", PER / 2) == 3 and len(tally) == 2
    assert tally.add("c", PER * 1.2) == 1 and len(tally) == 2, "a was heard too long ago"
    assert tally.add("b", PER * 3) == 1 and len(tally) == 1
