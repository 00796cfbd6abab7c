"""One machine on a hand-turned loop: effects in order, one timer, faults survived."""

import asyncio

from structlog.testing import capture_logs

from edge.transport.driver import Clock, Driver
from tests.support.clock import HandClock


class Echo:
    """Says "tick" at its deadlines and repeats what it hears."""

    def __init__(self, *deadlines: float) -> None:
        self.deadlines = sorted(deadlines)
        self.effects: list[str] = []
        self.fired_at: list[float] = []

    def hear(self, word: str) -> None:
        self.effects.append(word)

    def handle_timer(self, now: float) -> None:
        self.fired_at.append(now)
        while self.deadlines and self.deadlines[0] <= now:
            self.effects.append(f"tick {self.deadlines.pop(0)}")

    def next_timer_at(self) -> float | None:
        return self.deadlines[0] if self.deadlines else None

    def take_effects(self) -> list[str]:
        effects, self.effects = self.effects, []
        return effects


def test_timers_fire_in_order_and_effects_are_drained() -> None:
    clock, done, machine = HandClock(), list[str](), Echo(2.0, 1.0)
    driver = Driver(machine, clock, done.append)
    driver.do(lambda now: machine.hear("hello"))
    assert done == ["hello"]
    clock.advance_to(5.0)
    assert done == ["hello", "tick 1.0", "tick 2.0"] and machine.fired_at == [1.0, 2.0]


def test_an_earlier_deadline_replaces_the_timer_and_a_later_one_keeps_it() -> None:
    clock, done, machine = HandClock(), list[str](), Echo(10.0)
    driver = Driver(machine, clock, done.append)
    driver.do(lambda now: machine.deadlines.insert(0, 4.0))
    driver.do(lambda now: machine.deadlines.__setitem__(slice(None), [8.0]))
    clock.advance_to(8.0)
    assert machine.fired_at == [4.0, 8.0] and done == ["tick 8.0"]
    clock.advance_to(100.0)
    assert machine.fired_at == [4.0, 8.0]


def test_an_effect_may_lead_to_the_next_step() -> None:
    clock, done, machine = HandClock(), list[str](), Echo()

    def perform(word: str) -> None:
        done.append(word)
        if word == "a":
            driver.do(lambda now: machine.hear("c"))

    driver = Driver(machine, clock, perform)
    driver.do(lambda now: (machine.hear("a"), machine.hear("b"))[-1])
    assert done == ["a", "b", "c"]


def test_what_effects_lead_to_is_done_after_the_effects_in_hand() -> None:
    clock, order, machine = HandClock(), list[str](), Echo()

    def perform(word: str) -> None:
        order.append(f"perform {word}")
        driver.do(lambda now: order.append(f"after {word}"))

    driver = Driver(machine, clock, perform)
    driver.do(lambda now: (machine.hear("a"), machine.hear("b"))[-1])
    assert order == ["perform a", "perform b", "after a", "after b"]


def test_a_fault_costs_one_step_and_is_logged() -> None:
    clock, done, machine = HandClock(), list[str](), Echo(1.0)

    def perform(word: str) -> None:
        assert word != "bad", "an effect of ours that fails"
        done.append(word)

    driver = Driver(machine, clock, perform)
    with capture_logs() as logs:
        driver.do(lambda now: machine.deadlines.remove(99.0))
        for word in ("bad", "good"):
            machine.hear(word)
        driver.do(lambda now: None)
    levels = [line["log_level"] for line in logs]  # a warning is of a slow machine: the step was measured
    assert done == ["good"] and [level for level in levels if level != "warning"] == ["error", "error"]
    clock.advance_to(1.0)
    assert done == ["good", "tick 1.0"]


def test_a_slow_step_is_logged() -> None:
    readings = iter([0.0, 0.004, 1.0, 1.0071])
    machine = Echo()
    driver = Driver(machine, HandClock(), lambda word: None, stopwatch=lambda: next(readings))
    with capture_logs() as logs:
        driver.do(lambda now: None)
        driver.do(lambda now: None)
    assert [(line["machine"], line["milliseconds"]) for line in logs] == [("Echo", 7.1)]


def test_an_asyncio_loop_is_a_clock() -> None:
    loop = asyncio.new_event_loop()
    try:
        clock: Clock = loop
        done = list[str]()
        machine = Echo()
        Driver(machine, clock, done.append).do(lambda now: machine.hear("x"))
        assert done == ["x"]
    finally:
        loop.close()
