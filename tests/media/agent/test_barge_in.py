"""The policy of barge-in as a machine: on, off, reversible, grace; complaint 3 (false interruptions)."""

import pytest

from media.agent.barge_in import BargeIn, Move
from media.port import Interruption

RELEASE = 0.5
LONG_AGO = 0.0


def policy(*confirm: str, **fields: object) -> Interruption:
    ways = confirm or ("duration", "words", "agent")
    return Interruption(reversible=True, confirm=ways, **fields)  # type: ignore[arg-type]


def paused(*confirm: str, **fields: object) -> BargeIn:
    machine = BargeIn(True, policy(*confirm, **fields), RELEASE)
    assert machine.started(10.0, LONG_AGO) is Move.PAUSE and machine.paused
    return machine


def test_off_does_nothing_and_on_stops_at_once() -> None:
    off, on = BargeIn(False, Interruption(), RELEASE), BargeIn(True, Interruption(), RELEASE)
    assert off.started(10.0, LONG_AGO) is off.agent_heard(10.0) is Move.NOTHING
    assert on.started(10.0, LONG_AGO) is on.agent_heard(10.0) is Move.STOP


def test_a_cough_pauses_and_the_agent_goes_on() -> None:
    """It lasts 0.2 s; the VAD reports its end a release later, before the pause is confirmed."""
    machine = paused()
    assert machine.handle_timer(10.2 + RELEASE) is Move.NOTHING
    assert machine.stopped() is Move.RESUME and machine.next_timer_at() is None


def test_speech_that_lasts_is_confirmed() -> None:
    machine = paused(confirm_after=0.6)
    at = machine.next_timer_at()
    assert at == pytest.approx(10.0 + 0.6 + RELEASE)
    assert machine.handle_timer(at) is Move.STOP and machine.stopped() is Move.NOTHING


def test_words_confirm_and_a_mere_yes_does_not() -> None:
    machine = paused("words", words=2)
    assert machine.said("uh-huh") is Move.NOTHING
    assert machine.said("stop it") is Move.STOP


def test_ways_that_are_not_asked_for_confirm_nothing() -> None:
    machine = paused("duration")
    assert machine.said("oh please do stop that") is machine.agent_heard(10.1) is Move.NOTHING
    assert machine.paused


def test_the_agent_decides() -> None:
    assert paused().decided(True) is Move.STOP
    assert paused().decided(False) is Move.RESUME
    assert BargeIn(True, policy(), RELEASE).decided(True) is Move.NOTHING
    assert paused("agent").agent_heard(10.1) is Move.STOP


def test_an_agent_that_hears_first_pauses_where_its_word_is_not_enough() -> None:
    machine = BargeIn(True, policy("duration"), RELEASE)
    assert machine.agent_heard(10.0) is Move.PAUSE


def test_a_pause_that_nobody_decides_ends_with_the_caller_speaking() -> None:
    machine = paused("agent", decide_within=2.0)
    assert machine.handle_timer(11.9) is Move.NOTHING
    assert machine.handle_timer(12.0) is Move.STOP


def test_the_first_words_are_not_interrupted_unless_the_caller_goes_on() -> None:
    machine = BargeIn(True, Interruption(grace=1.0), RELEASE)
    assert machine.started(10.4, began=10.0) is Move.NOTHING
    assert machine.next_timer_at() == 11.0
    assert machine.handle_timer(11.0) is Move.STOP
    assert machine.started(12.4, began=12.0) is Move.NOTHING
    assert machine.stopped() is Move.NOTHING and machine.next_timer_at() is None


def test_what_has_ended_needs_no_decision() -> None:
    machine = paused()
    machine.over()
    assert not machine.paused and machine.next_timer_at() is None
