"""Hysteresis of a trunk's health."""

import pytest

from edge.directory import Probing
from edge.sip.headers import Headers
from edge.sip.message import Response
from edge.trunk.health import Health, Pulse, alive


def beats(pulse: Pulse, text: str) -> list[Health]:
    """The state after each beat; `+` good, `-` bad."""
    return [(pulse.beat(beat == "+"), pulse.health)[1] for beat in text]


def test_one_lost_packet_changes_nothing_and_three_do() -> None:
    pulse = Pulse(Probing(30.0, 3, 2))
    assert beats(pulse, "+--+--")[-1] is Health.UP
    assert beats(pulse, "-")[-1] is Health.DOWN
    assert beats(pulse, "+")[-1] is Health.DOWN
    assert beats(pulse, "+")[-1] is Health.UP


def test_only_a_change_is_one() -> None:
    pulse = Pulse(Probing(30.0, 1, 1))
    assert [pulse.beat(good) for good in (True, True, False, False, True)] == [True, False, True, False, True]


@pytest.mark.parametrize(
    ("status", "good"), [(200, True), (404, True), (405, True), (503, False), (408, False)]
)
def test_any_answer_is_a_sign_of_life_but_that_it_cannot_serve(status: int, good: bool) -> None:
    assert alive(Response(status, "", Headers())) is good and not alive(None)
