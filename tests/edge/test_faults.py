"""Errors of ours among what is served in a row."""

import pytest

from edge.faults import Faults


def fail(error: Exception) -> None:
    raise error


def test_the_others_are_served_and_then_it_is_told_once() -> None:
    faults, served = Faults(), list[str]()
    faults.spare(fail, KeyError("a"))
    faults.spare(served.append, "b")
    assert served == ["b"]
    with pytest.raises(KeyError, match="a"):
        faults.tell()
    faults.tell()


def test_several_are_told_together() -> None:
    faults = Faults()
    faults.spare(fail, KeyError("a"))
    faults.spare(fail, ValueError("b"))
    with pytest.raises(ExceptionGroup) as told:
        faults.tell()
    assert [str(error) for error in told.value.exceptions] == ["'a'", "b"]
