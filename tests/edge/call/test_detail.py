"""Causes of an end, in the words of other networks (RFC 3398 §8.2.6.1)."""

import pytest

from edge.call.detail import plain, q850_of
from media import port


@pytest.mark.parametrize(
    ("disposition", "status", "cause"),
    [
        ("answered", 200, 16),
        ("failed", 200, 41),
        ("busy", 486, 17),
        ("refused", 404, 1),
        ("refused", 499, 31),
    ],
)
def test_an_end_has_its_cause(disposition: str, status: int, cause: int) -> None:
    assert q850_of(disposition, status) == cause


def test_an_event_is_taken_apart_without_a_copy() -> None:
    assert plain(port.Silent(port.LegId("x/1"), 3.0)) == {"leg": "x/1", "seconds": 3.0}
