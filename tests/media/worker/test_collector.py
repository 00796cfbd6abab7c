"""Garbage is collected when there is time."""

import gc
from collections.abc import Iterator

import pytest

from media.worker.collector import OVERDUE, YOUNG, Collector


@pytest.fixture
def collections(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    done: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda generation=2: done.append(generation))
    monkeypatch.setattr(gc, "get_count", lambda: (WAITING[0], 0, 0))
    yield done


WAITING = [0]


def test_young_objects_are_collected_in_time_that_no_tick_needs(collections: list[int]) -> None:
    collector = Collector(lambda: 0.0)
    WAITING[0] = YOUNG - 1
    collector.spare(0.004)
    WAITING[0] = YOUNG
    collector.spare(0.001)
    assert collections == []
    collector.spare(0.004)
    WAITING[0] = OVERDUE
    collector.spare(-0.1)
    assert collections == [0, 0], "what piled up for long is collected whatever the time"


def test_older_generations_have_their_turn(collections: list[int]) -> None:
    collector = Collector(lambda: 0.0)
    WAITING[0] = YOUNG
    for _ in range(100):
        collector.spare(0.004)
    assert collections.count(0) == 90 and collections.count(1) == 9 and collections.count(2) == 1


def test_a_long_pass_over_everything_waits_for_silence(collections: list[int]) -> None:
    times = iter(range(10**6))
    collector = Collector(lambda: float(next(times)))
    WAITING[0] = 1
    collector.rest()
    assert collections == [2] and collector.longest() == 1.0 and collector.longest() == 0.0
    WAITING[0] = YOUNG
    for _ in range(200):
        collector.spare(0.004)
    assert collections.count(2) == 1


def test_what_lives_at_the_start_is_never_looked_at_again() -> None:
    try:
        Collector(lambda: 0.0).begin()
        assert gc.get_freeze_count() > 0 and not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
