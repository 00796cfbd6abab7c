"""What may be promised to whom, and what is left of it after a crash (F-S2)."""

import random
from dataclasses import replace

import pytest

from edge.acd.callback import Stage
from edge.acd.state import State
from edge.acd.terms import CallbackTerms, Strategy
from edge.sip.message import Request
from media import port
from tests.support.callback import QUEUE, Promises, hang_up, requests
from tests.support.directory import ACC
from tests.support.edge import Phone


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


@pytest.mark.parametrize("seed", range(25))
def test_whatever_happens_each_call_has_one_cdr_and_everything_is_given_back(seed: int) -> None:
    chance = random.Random(seed)
    strategy = chance.choice([Strategy.LONGEST_IDLE, Strategy.RING_ALL])
    rules = CallbackTerms(attempts=2, retry=10.0, ring_timeout=10.0, expires=500.0)
    key = chance.choice(["", "1"])
    terms = replace(QUEUE, strategy=strategy, ring_timeout=8.0, confirm=key, callback=rules)
    here = Promises(terms, signed_in=("1002", "1003"))
    bench, waiting = here.bench, list[tuple[Phone, Request]]()
    for _ in range(60):
        for phone in (here.bob, here.eve, here.carrier):
            waiting += [(phone, m) for m in requests(phone) if m.method == "INVITE"]
        match chance.randrange(8):
            case 0:
                here.promise(f"+1202555{chance.randrange(3):04}")
            case 1 | 2 if waiting:
                phone, request = waiting[chance.randrange(len(waiting))]
                phone.reply(request, 200, phone.sdp())
            case 3 if waiting:
                phone, request = waiting.pop(chance.randrange(len(waiting)))
                phone.reply(request, chance.choice([180, 404, 408, 486, 503, 603]))
            case 4 if waiting:
                hang_up(*waiting.pop(chance.randrange(len(waiting))))
            case 5 if here.all() and chance.random() < 0.2:
                here.withdraw(chance.choice(here.all()).id)
            case 6:
                leg = chance.choice(sorted(bench.legs)) if bench.legs else port.LegId("none/1")
                bench.media(port.Digit(leg, "1", "rfc4733", 100))
            case _:
                here.hears()
                bench.advance(chance.choice([0.1, 2.5, 9.0, 15.0]))
    bench.switch.hang_up_all("test", bench.now)
    bench.drain()
    bench.switch.drain()
    bench.advance(100.0)
    assert here.clean() and not list(bench.switch.acd.tickets(ACC))
    ids = [cdr.id for cdr in here.cdrs]
    assert len(ids) == len(set(ids)) and set(ids) == {call.id for call in bench.journal.calls}
    for number in ("1002", "1003"):
        assert here.state(number) is State.WAITING
    for about in here.all():
        assert about.over or about.tries < 2
    assert sum(about.stage is Stage.REACHED for about in here.all()) <= sum(
        cdr.answered_at is not None for cdr in here.cdrs
    )
