"""The load of this process, read off clocks turned by hand."""

import pytest
from structlog.testing import capture_logs

from controlplane.service.load import CALL, FIX, ROUNDS, LoadWatch, estimate
from edge.overload.capacity import PERIOD, Capacity
from tests.support.clock import HandClock
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench


def test_the_first_estimate_scales_what_one_message_costs() -> None:
    ticks = iter(range(100))
    assert estimate(lambda: float(next(ticks))) == CALL / ROUNDS


def test_what_the_loop_does_is_observed_five_times_a_second() -> None:
    clock, capacity = HandClock(), Capacity(0.001)
    bench = Bench(FakeDirectory())
    turnstile = bench.switch.turnstile
    worked, busy = [0.0], [0.0]
    LoadWatch(capacity, turnstile, clock, lambda: worked[0], lambda: 0.0, lambda: busy[0])
    for _ in range(50):
        turnstile.charge(100)
        worked[0] += 0.15
        busy[0] += PERIOD
        clock.advance(PERIOD)
    assert 400 < capacity.measured < 510, "busy all the time with 500 calls a second"
    assert not capacity.holds


def test_what_is_written_beside_the_loop_on_its_core_is_part_of_what_a_call_costs() -> None:
    """Else a daemon with one core takes on more, while it idles, than it can carry (issue 3, Overload)."""
    measured = []
    for each in (0.0, 0.0005):
        clock, capacity = HandClock(), Capacity(0.001)
        turnstile = Bench(FakeDirectory()).switch.turnstile
        worked, aside = [0.0], [0.0]
        LoadWatch(
            capacity,
            turnstile,
            clock,
            lambda worked=worked: worked[0],
            lambda: 0.0,
            lambda worked=worked, aside=aside: worked[0] + aside[0],
            aside=lambda aside=aside: aside[0],
        )
        for _ in range(50):
            turnstile.charge(20)
            worked[0] += 20 * 0.0015
            aside[0] += 20 * each
            clock.advance(PERIOD)
        measured.append(capacity.measured)
    assert measured == [pytest.approx(1 / 0.0015, rel=0.05), pytest.approx(1 / 0.002, rel=0.05)]


def test_a_core_that_others_have_is_no_room_for_calls() -> None:
    """While another process takes half of the core, its idle half is not ours (issue 3, Overload)."""
    measured = []
    for taken in (0.0, 0.1):
        clock, capacity = HandClock(), Capacity(0.001)
        turnstile = Bench(FakeDirectory()).switch.turnstile
        worked, kept = [0.0], [0.0]
        LoadWatch(
            capacity,
            turnstile,
            clock,
            lambda worked=worked: worked[0],
            lambda: 0.0,
            lambda worked=worked: worked[0],
            aside=lambda: 0.0,
            kept=lambda kept=kept: kept[0],
        )
        for _ in range(50):
            turnstile.charge(20)
            worked[0] += 20 * 0.001
            kept[0] += taken
            clock.advance(PERIOD)
        measured.append(capacity.measured)
    assert measured == [pytest.approx(1000, rel=0.05), pytest.approx(500, rel=0.05)]


def test_audio_that_fills_a_core_refuses_calls_and_is_told_once() -> None:
    clock, capacity = HandClock(), Capacity(0.001, full=0.85)
    bench = Bench(FakeDirectory())
    worked, busy, asked = [0.0], [0.0], list[float]()

    def audio(share: float) -> float:
        asked.append(share)
        return share

    turnstile = bench.switch.turnstile
    with capture_logs() as lines:
        LoadWatch(capacity, turnstile, clock, lambda: worked[0], lambda: 0.0, lambda: busy[0], audio)
        for _ in range(20):
            worked[0] += 0.1 * PERIOD
            busy[0] += 1.0 * PERIOD
            clock.advance(PERIOD)
    assert capacity.full and asked[-1] == pytest.approx(0.9), "what signalling takes is not audio's"
    assert [line["fix"] for line in lines if line["event"].startswith("full")] == [FIX]


def test_overload_is_told_once_and_only_if_somebody_was_turned_away() -> None:
    clock, capacity = HandClock(), Capacity(0.001)
    turnstile = Bench(FakeDirectory()).switch.turnstile
    with capture_logs() as lines:
        LoadWatch(capacity, turnstile, clock, lambda: 0.0, lambda: 0.5, lambda: 0.0)
        clock.advance(2.0)
        assert capacity.holds and not lines, "a busy machine with nobody at the door"
        for _ in range(10):
            turnstile.shed["INVITE"] += 1
            clock.advance(PERIOD)
    assert [line["event"] for line in lines] == ["overloaded: new calls are limited"]


def test_messages_that_wait_make_the_rate_hold() -> None:
    clock, capacity = HandClock(), Capacity(0.001)
    bench = Bench(FakeDirectory())
    LoadWatch(capacity, bench.switch.turnstile, clock, lambda: 0.0, lambda: 0.5, lambda: 0.0)
    clock.advance(2 * PERIOD)
    assert capacity.holds
