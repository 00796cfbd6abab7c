"""A callback as it is kept."""

from dataclasses import replace

import pytest

from edge.acd.callback import Callback, Stage, callback_of, pause
from edge.journal import CallId
from tests.support.directory import ACC

WAITS = Callback(CallId("cb_1"), ACC, "support", "+1202", CallId("call_1"), 5, 1, 9_000, skills={"french": 2})


def test_what_is_kept_is_read_back_and_waits_again() -> None:
    for stage in (Stage.WAITING, Stage.CALLING, Stage.RESTING, Stage.CLOSED):
        kept = replace(WAITS, stage=stage, tries=2, due_at=7, calls=("call_2",)).keepsake(60.0)
        assert callback_of(kept) == replace(WAITS, tries=2, due_at=7, calls=("call_2",))


def test_what_is_over_stays_over() -> None:
    ended = replace(WAITS, stage=Stage.REACHED, ended_at=8_000)
    assert callback_of(ended.keepsake(60.0)) == ended and ended.over


def test_it_outlives_its_expiry_and_its_end_by_as_long_as_it_is_shown() -> None:
    assert WAITS.keepsake(60.0).expires_at == 69_000
    assert replace(WAITS, ended_at=1_000).keepsake(60.0).expires_at == 61_000


@pytest.mark.parametrize(("tries", "seconds"), [(1, 600.0), (2, 1_200.0), (3, 2_400.0), (9, 86_400.0)])
def test_pauses_double_up_to_a_day(tries: int, seconds: float) -> None:
    assert pause(600.0, tries) == seconds
