"""Q.850 causes (RFC 3398 §8.2.6.1)."""

import pytest

from edge.call.cause import q850


@pytest.mark.parametrize(
    ("disposition", "status", "cause"),
    [
        ("answered", 200, 16),
        ("failed", 200, 41),
        ("busy", 486, 17),
        ("refused", 404, 1),
        ("refused", 699, 31),
    ],
)
def test_each_end_has_its_cause(disposition: str, status: int, cause: int) -> None:
    assert q850(disposition, status) == cause
