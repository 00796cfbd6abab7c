"""A simulated loop under load, on no clock at all: what the rate becomes."""

import pytest

from edge.overload.capacity import BEHIND, LATE, LEAST, PERIOD, SHARE, Capacity, Period


class Loop:
    """A process that needs `cost` for a call, `refusal` for a 503, and does `other` work all the time.

    A call costs `alone` times more of that where the loop idles: what comes together is read together.
    """

    def __init__(
        self,
        capacity: Capacity,
        cost: float,
        *,
        other: float = 0.0,
        refusal: float = 40e-6,
        alone: float = 0.0,
    ) -> None:
        self.capacity, self.least, self.other, self.refusal = capacity, cost, other, refusal
        self.alone = alone
        self.cost = cost
        self.backlog = 0.0
        self.carried = 0.0

    def offer(self, calls_per_second: float, seconds: float) -> float:
        """Calls a second that were carried in the second half."""
        self.carried = 0.0
        rounds = int(seconds / PERIOD)
        for number in range(rounds):
            if number == rounds // 2:
                self.carried = 0.0
            self._period(calls_per_second * PERIOD)
        return self.carried / (rounds - rounds // 2) / PERIOD

    def _period(self, offered: float) -> None:
        limit = self.capacity.rate * PERIOD if self.capacity.holds else offered
        behind = self.capacity.holds and self.backlog * self.cost > BEHIND
        taken = 0.0 if behind else min(offered, limit)  # a bucket that is empty stays so
        refused = offered - taken
        room = max(0.0, PERIOD * (1.0 - self.other) - refused * self.refusal)
        self.backlog += taken
        done = min(self.backlog, room / self.cost)
        self.backlog -= done
        self.carried += done
        worked = done * self.cost
        busy = min(1.0, (worked + refused * self.refusal) / PERIOD + self.other)
        waited = min(self.backlog * self.cost, 1.0)
        self.cost = self.least * (1.0 + self.alone * (1.0 - busy))
        self.capacity.observe(Period(PERIOD, done, int(refused), worked, busy, waited))


def test_five_times_the_rate_keeps_nine_tenths_of_its_goodput() -> None:
    for guess in (0.0003, 0.001, 0.003):
        loop = Loop(Capacity(guess), 0.0008)
        loop.offer(5_000, 20)
        once = loop.offer(loop.capacity.rate, 20)
        often = loop.offer(5 * loop.capacity.rate, 30)
        assert once >= 0.95 * SHARE / 0.0008 and often >= 0.9 * once, (guess, once, often)
        assert loop.backlog * loop.cost < LATE, "what was let in is answered in time"


def test_the_rate_is_at_least_four_fifths_of_what_can_be_carried() -> None:
    for other in (0.0, 0.5):
        loop = Loop(Capacity(0.002), 0.0008, other=other)
        loop.offer(10_000, 30)
        loop.offer(100, 30)
        free = (1.0 - other) / 0.0008
        assert 0.79 * free <= loop.capacity.rate <= free, (other, loop.capacity.rate)


def test_a_rate_that_a_stall_made_hold_goes_up_to_what_is_offered_and_can_be_carried() -> None:
    """Idle time would carry more than it seems: calls that come together cost less."""
    loop = Loop(Capacity(0.0008), 0.0006, alone=2.0)
    loop.offer(1_200, 10)
    loop.backlog += 600  # something else had the core
    loop.offer(1_200, 1)
    assert loop.capacity.holds
    assert loop.offer(1_200, 30) > 1_190 and not loop.capacity.holds


def test_calls_that_come_together_keep_nine_tenths_at_five_times_the_rate() -> None:
    loop = Loop(Capacity(0.0008), 0.0006, alone=1.0)
    loop.offer(5_000, 20)
    rate = SHARE / loop.least
    once = loop.offer(rate, 20)
    often = loop.offer(5 * rate, 30)
    assert once >= 0.95 * rate and often >= 0.9 * once, (once, often)
    assert loop.backlog * loop.cost < LATE


def test_nobody_is_turned_away_while_nobody_waits() -> None:
    loop = Loop(Capacity(0.01), 0.0008)
    assert loop.offer(1_200, 10) > 1_190 and not loop.capacity.holds


def test_the_door_opens_again_when_the_rush_is_over() -> None:
    loop = Loop(Capacity(0.0008), 0.0008)
    loop.offer(6_000, 5)
    assert loop.capacity.holds
    loop.offer(100, 4)
    assert not loop.capacity.holds


def test_messages_that_wait_trim_the_rate_and_no_more_than_by_half() -> None:
    capacity = Capacity(0.001)
    for _ in range(100):
        capacity.observe(Period(PERIOD, 50, 10, 0.05, 0.5, 0.4))
    assert 0.4 * SHARE * capacity.measured < capacity.rate < 0.6 * SHARE * capacity.measured
    for _ in range(50):
        capacity.observe(Period(PERIOD, 0, 0, 0.0, 0.0, 0.0))
    assert capacity.rate == SHARE * capacity.measured > LEAST


def test_a_single_stall_is_no_overload() -> None:
    capacity = Capacity(0.001)
    capacity.observe(Period(PERIOD, 1, 0, 0.001, 0.1, 0.25))
    assert not capacity.holds


def test_more_than_the_rate_and_a_wait_hold_it_at_once() -> None:
    """Calls that come in until two waits in a row are seen would all be up then, and cost audio."""
    for calls, holds in ((0.7, False), (1.3, True)):
        capacity = Capacity(0.001)
        capacity.observe(Period(PERIOD, calls * capacity.rate * PERIOD, 0, 0.1, 1.0, 1.5 * BEHIND))
        assert capacity.holds is holds


def test_what_the_loop_does_around_signalling_is_part_of_what_a_call_costs() -> None:
    """Where it does little else: HTTP beside it is not."""
    for worked, cost in ((0.0015, 0.002), (0.0005, 0.0005)):
        capacity = Capacity(0.001)
        for _ in range(60):
            capacity.observe(Period(PERIOD, 40, 0, 40 * worked, 40 * 0.002 / PERIOD, 0.0))
        idle = 1.0 - 40 * 0.002 / PERIOD
        assert capacity.measured == pytest.approx(40 / PERIOD + idle / cost, rel=0.02)


def test_live_audio_that_fills_a_core_closes_the_door_until_there_is_room() -> None:
    capacity = Capacity(0.001, full=0.85)
    for audio, full in ((0.7, False), (0.9, True), (0.82, True), (0.75, False), (0.82, False)):
        for _ in range(20):
            capacity.observe(Period(PERIOD, 0, 0, 0.0, audio, 0.0, audio))
        assert capacity.full is full, audio
        assert not capacity.holds, "nobody waits: registrations go on"


def test_one_busy_moment_does_not_close_the_door() -> None:
    capacity = Capacity(0.001, full=0.85)
    capacity.observe(Period(PERIOD, 0, 0, 0.0, 1.0, 0.0, 1.5))
    assert not capacity.full


def test_who_wants_every_call_taken_gets_it() -> None:
    capacity = Capacity(0.001, full=None)
    for _ in range(20):
        capacity.observe(Period(PERIOD, 0, 0, 0.0, 1.0, 0.0, 1.5))
    assert not capacity.full


def test_a_configured_rate_holds_from_the_first_moment() -> None:
    capacity = Capacity(0.001, configured=50.0)
    capacity.observe(Period(PERIOD, 10, 0, 0.01, 0.1, 0.0))
    assert capacity.holds and capacity.rate == 50.0


def test_what_waited_before_the_rate_held_does_not_trim_it() -> None:
    capacity = Capacity(0.001)
    capacity.observe(Period(PERIOD, 100, 0, 0.2, 1.0, 0.5))
    assert capacity.holds
    assert capacity.rate == SHARE * capacity.measured
    for _ in range(6):
        capacity.observe(Period(PERIOD, 150, 500, 0.2, 1.0, 0.0))
        assert capacity.rate > 0.9 * SHARE * capacity.measured, "it was half a second, and is over"
    assert capacity.rate >= SHARE * capacity.measured


def test_stalls_now_and_then_cost_the_rate_little_and_it_comes_back() -> None:
    loop = Loop(Capacity(0.0008), 0.0008)
    loop.offer(5_000, 20)
    rate = loop.capacity.rate
    for n in range(100):
        loop.backlog += 300 if n % 10 == 0 else 0  # something else had the core for a quarter of a second
        loop._period(5_000 * PERIOD)
        assert loop.capacity.rate > 0.6 * rate
    loop.offer(5_000, 10)
    assert loop.capacity.rate > 0.95 * rate
