"""The tick's driver on a hand clock: absolute deadlines, lateness, stalls."""

import logging
from collections.abc import Callable
from itertools import pairwise

import pytest

from media.frame import GROUPS, TICK_SECONDS
from media.ticker import Ticker
from tests.support.clock import Alarm, HandClock


class Rig:
    def __init__(self) -> None:
        self.clock = HandClock(50.0)
        self.steps: list[tuple[int, float]] = []
        self.stalls: list[float] = []
        self.works = 0.0
        "How long each step takes [s]."
        self.ticker = Ticker(
            self.clock, self.clock.time, self.step, self.stalls.append, cpu=lambda: self.clock._now
        )

    def step(self, group: int, now: float) -> None:
        self.steps.append((group, now))
        self.clock._now += self.works


def test_each_group_is_due_every_20_ms_on_absolute_times() -> None:
    rig = Rig()
    rig.ticker.start()
    rig.clock.advance(1.001)
    assert len(rig.steps) == 200
    assert [group for group, _ in rig.steps[:5]] == [0, 1, 2, 3, 0]
    ours = [now for group, now in rig.steps if group == 2]
    assert all(abs((b - a) - 0.020) < 1e-6 for a, b in pairwise(ours))


def test_late_ticks_catch_up_and_lateness_is_measured() -> None:
    rig = Rig()
    rig.ticker.start()
    rig.clock.advance(0.101)
    rig.clock._now += 0.030
    rig.clock.advance(0.0701)
    assert len(rig.steps) == 40 and rig.stalls == []
    gauges = rig.ticker.gauges()
    assert gauges.ticks == 40 and gauges.late_max == pytest.approx(26, abs=0.1) and gauges.late_p50 < 0.1


class BusyLoop(HandClock):
    """Its one timer gets its turn once in each round of the loop."""

    def call_at(self, when: float, callback: Callable[[], object], /) -> Alarm:
        self._due, self._callback = when, callback
        return Alarm()

    def round(self, others: float) -> None:
        self._now = max(self._now, self._due)
        self._callback()
        self._now += others


@pytest.mark.parametrize(("works", "rate"), [(0.0005, 200), (0.006, 55)])
def test_ticks_keep_up_with_a_loop_that_does_other_work_in_each_round(works: float, rate: int) -> None:
    """Signalling that takes longer than a tick does not halve the audio; ticks that do leave it its turn."""
    clock, steps, stalls = BusyLoop(50.0), list[int](), list[float]()

    def step(group: int, now: float) -> None:
        steps.append(group)
        clock._now += works

    ticker = Ticker(clock, clock.time, step, stalls.append, cpu=clock.time)
    ticker.start()
    while clock.time() < 52.0:
        clock.round(0.012)
    assert len(steps) == pytest.approx(2 * rate, abs=GROUPS)
    assert bool(stalls) is (works > TICK_SECONDS)


def test_after_a_stall_the_missed_ticks_are_left_out() -> None:
    rig = Rig()
    rig.ticker.start()
    rig.clock.advance(0.101)
    rig.clock._now += 1.0
    rig.clock.advance(0.101)
    assert rig.stalls == [pytest.approx(0.98)], "whole rounds: no leg gets another phase"
    assert 40 <= len(rig.steps) <= 44 and rig.ticker.gauges().stalls == 1
    assert all((now + 1e-6) % 0.005 < 1e-5 for _, now in rig.steps[-20:])


def test_where_there_is_more_to_do_than_the_core_can_audio_stays_in_time_and_has_gaps() -> None:
    """A tick takes 1 % more than there is: never later than a round and what half a second adds."""
    rig = Rig()
    rig.works = TICK_SECONDS * 1.01
    rig.ticker.start()
    rig.clock.advance(30.0)
    late = rig.ticker.gauges().late_max
    assert late < 30 and all(seconds == pytest.approx(0.02) for seconds in rig.stalls)
    assert len(rig.steps) + 4 * len(rig.stalls) == pytest.approx(6000, abs=8)


def test_what_a_short_stall_has_held_up_is_made_up_for_within_half_a_second() -> None:
    rig = Rig()
    rig.works = TICK_SECONDS * 0.6
    rig.ticker.start()
    rig.clock.advance(0.1)
    rig.clock._now += 0.15
    rig.clock.advance(2.0)
    assert not rig.stalls and len(rig.steps) == pytest.approx(450, abs=2)


def test_a_tick_that_works_too_long_is_logged_once_in_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig()
    rig.works = 0.008
    rig.ticker.start()
    with caplog.at_level(logging.WARNING):
        rig.clock.advance(0.15)
    assert len([record for record in caplog.records if "tick took 8.0 ms" in record.message]) == 1
    assert rig.ticker.gauges().overruns > 10
    assert rig.ticker.gauges().work_p50 == pytest.approx(8.0, abs=0.01)


def test_a_step_that_fails_does_not_end_the_audio(caplog: pytest.LogCaptureFixture) -> None:
    clock, steps = HandClock(), list[int]()

    def step(group: int, now: float) -> None:
        steps.append(group)
        raise RuntimeError("bug")

    ticker = Ticker(clock, clock.time, step, lambda seconds: None)
    ticker.start()
    clock.advance(0.101)
    assert len(steps) == 20 and "bug" in caplog.text


def test_it_stops_and_starts_again() -> None:
    rig = Rig()
    assert rig.ticker.gauges().ticks == 0
    rig.ticker.start()
    rig.ticker.start()
    rig.clock.advance(0.021)
    rig.ticker.stop()
    rig.clock.advance(5.0)
    assert len(rig.steps) == GROUPS and not rig.ticker.is_running()
    rig.ticker.start()
    rig.clock.advance(0.021)
    assert len(rig.steps) == 2 * GROUPS and rig.stalls == []


def test_it_may_stop_and_start_within_a_tick() -> None:
    """The last leg is released by what a tick tells, and another is connected at once."""
    clock, steps = HandClock(50.0), list[float]()

    def step(group: int, now: float) -> None:
        steps.append(now)
        if len(steps) == 3:
            ticker.stop()
            ticker.start()

    ticker = Ticker(clock, clock.time, step, lambda seconds: None)
    ticker.start()
    clock.advance(0.1001)
    assert len(steps) == 20 and all(b - a == pytest.approx(0.005) for a, b in pairwise(steps))
    ticker.stop()
    clock.advance(1.0)
    assert len(steps) == 20


def test_the_share_of_a_core_is_that_of_the_last_moments() -> None:
    rig = Rig()
    rig.works = 0.004
    rig.ticker.start()
    rig.clock.advance(2.0)
    assert rig.ticker.share == rig.ticker.gauges().share == pytest.approx(0.8, abs=0.01)
    rig.works = 0.0005
    rig.clock.advance(2.0)
    assert rig.ticker.share == pytest.approx(0.1, abs=0.01)


def test_a_single_tick_that_is_held_up_does_not_fill_a_core() -> None:
    rig = Rig()
    rig.works = 0.001
    rig.ticker.start()
    rig.clock.advance(2.0)
    rig.works = 0.150
    rig.clock.advance(0.01)
    assert rig.ticker.share < 0.3


def test_nobody_connected_takes_nothing() -> None:
    rig = Rig()
    rig.works = 0.004
    rig.ticker.start()
    rig.clock.advance(2.0)
    rig.ticker.stop()
    assert rig.ticker.share == 0.0 == rig.ticker.audio(1.0)


def test_what_else_is_busy_counts_as_audio_where_ticks_are_most_of_it() -> None:
    rig = Rig()
    rig.works = 0.001
    rig.ticker.start()
    rig.clock.advance(2.0)
    assert rig.ticker.audio(0.95) == pytest.approx(0.2, abs=0.01), "HTTP, or a start, with a few calls up"
    rig.works = 0.003
    rig.clock.advance(2.0)
    assert rig.ticker.audio(0.95) == 0.95, "sockets of agents, with many"


def test_ticks_that_each_take_longer_than_a_round_leave_out_nothing_before_it_is_late_again() -> None:
    rig = Rig()
    rig.works = 0.03
    rig.ticker.start()
    rig.clock.advance(4.0)
    assert rig.stalls and all(seconds > 0.1 for seconds in rig.stalls)
