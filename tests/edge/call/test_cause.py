"""Q.850 causes (RFC 3398 §8.2.6.1)."""

import pytest

from edge.call.cause import lost, q850
from media import port


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


def test_a_leg_that_can_no_longer_be_heard_ends_its_call_by_name() -> None:
    leg = port.LegId("call_x/1")
    assert lost(port.Silent(leg, 30.0)) == "rtp_timeout"
    assert lost(port.Failed(leg, "consent_lost", "gone")) == "consent_lost"
    assert lost(port.Latched(leg, ("192.0.2.1", 1))) is None
