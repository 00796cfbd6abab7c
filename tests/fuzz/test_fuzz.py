"""A taste of `scripts/fuzz`: no target finds anything in a moment."""

from random import Random

import pytest

from tests.fuzz.run import TARGETS, Finding, run, run_case
from tests.fuzz.target import Target


def test_two_seconds_find_nothing() -> None:
    report = run(TARGETS, seconds=2.0, seed=4475)
    assert not report.findings, "\n\n".join(found.reproducer() for found in report.findings)
    assert sorted(report.cases) == sorted(TARGETS)


def test_a_finding_is_repeated_by_its_case() -> None:
    def fails_on_a_null(data: bytes, random: Random) -> None:
        assert b"\0" not in data

    target = Target("null", (b"abc",), fails_on_a_null)
    found = [finding for n in range(500) if (finding := run_case(target, f"1/{n}")) is not None]
    assert found and isinstance(found[0], Finding)
    with pytest.raises(AssertionError):
        target.run(found[0].case)
    assert b"\0" in target.input(found[0].case)
