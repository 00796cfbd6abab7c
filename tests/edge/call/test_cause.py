"""Q.850 causes (RFC 3398 §8.2.6.1)."""

import pytest

from edge.call.cause import ELSEWHERE, TAKEN, cancelled, lost, q850, reason_of
from media import port


@pytest.mark.parametrize(
    ("disposition", "status", "cause"),
    [
        ("answered", 200, 16),
        ("failed", 200, 41),
        ("busy", 486, 17),
        ("cancelled", 487, 16),
        ("no_answer", 487, 127),
        ("refused", 404, 1),
        ("refused", 699, 31),
    ],
)
def test_each_end_has_its_cause(disposition: str, status: int, cause: int) -> None:
    assert q850(disposition, status) == cause


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ('SIP;cause=200;text="Call completed elsewhere"', TAKEN),
        ("Q.850;cause=26, SIP ; cause = 200", TAKEN),
        ("SIP;cause=487, Q.850;cause=200", "caller_cancelled"),
        ("", "caller_cancelled"),
    ],
)
def test_who_cancels_may_have_an_answer_from_elsewhere(reason: str, cause: str) -> None:
    """RFC 3326 §3.1."""
    assert cancelled(reason) == cause
    assert (reason_of("cancelled", 487, cause) == ELSEWHERE) is (cause == TAKEN)


def test_a_leg_that_can_no_longer_be_heard_ends_its_call_by_name() -> None:
    leg = port.LegId("call_x/1")
    assert lost(port.Silent(leg, 30.0)) == "rtp_timeout"
    assert lost(port.Failed(leg, "consent_lost", "gone")) == "consent_lost"
    assert lost(port.Latched(leg, ("192.0.2.1", 1))) is None
