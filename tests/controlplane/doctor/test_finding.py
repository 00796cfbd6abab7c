"""Verdicts of the doctor."""

from controlplane.doctor.finding import Verdict, fail, ok, warn


def test_what_is_well_needs_no_fix() -> None:
    assert ok("clock", "right").fix == ""
    assert warn("a", "b", "c").verdict is Verdict.WARN and fail("a", "b", "c").verdict == "fail"
