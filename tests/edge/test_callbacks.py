"""What may be promised to whom, and what is left of it after a crash (F-S2)."""

from dataclasses import replace

import pytest

from edge.acd.terms import CallbackTerms
from tests.support.callback import QUEUE, Promises


def terms(**more: object) -> Promises:
    return Promises(replace(QUEUE, callback=CallbackTerms(**more)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("911", "emergency_number"),
        ("112", "emergency_number"),
        ("", "bad_number"),
        ("alice", "bad_number"),
        ("12", "bad_number"),
        ("1234567890123456", "bad_number"),
        ("12025550100", "own_number"),
        ("+12025550100", "own_number"),
        ("1003", "not_public"),
        ("*43", "bad_number"),
    ],
)
def test_nobody_can_have_us_ring_what_is_no_public_number(number: str, code: str) -> None:
    here = Promises()
    assert here.promise(number).code == code and not here.all() and not here.bob.got()


def test_a_colleague_is_called_back_on_his_own_phone() -> None:
    here = Promises(signed_in=("1002", "1003"))
    here.promise("1001", inside=True)
    here.takes(here.bob if (mine := here.bench.sent[-1][1].remote) == here.bob.source else here.eve)
    assert mine is not None


def test_numbers_of_other_countries_need_a_prefix() -> None:
    here = terms(prefixes=("1202",))
    assert here.promise("+390612345678").code == "fraud_destination"
    assert here.promise().callback


def test_a_second_promise_to_a_number_is_the_first() -> None:
    here = Promises(signed_in=())
    first, again = here.promise(), here.promise()
    assert first.callback is again.callback and len(here.all()) == 1


def test_a_number_is_promised_so_many_a_day() -> None:
    here = terms(per_number=2)
    here.bob.register(0)
    for _ in range(2):
        here.withdraw(here.promise().callback.id)
    assert here.promise().code == "too_often"
    here.bench.advance(86_401.0)
    assert here.promise().callback


def test_a_promise_that_cannot_be_written_down_is_none() -> None:
    here = Promises()
    here.bench.journal.broken = True
    assert here.promise().code == "not_kept" and not here.all()
    here.bench.journal.broken = False
    assert here.promise().callback
