"""What counts as a missed offer."""

from edge.acd.lease import MISSES, Why


def test_silence_and_a_dead_phone_are_misses_and_a_refusal_is_none() -> None:  # S004-56
    assert frozenset({Why.MISSED, Why.UNREACHABLE}) == MISSES
