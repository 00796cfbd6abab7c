"""A call that we begin: it is in the books like any other, and its first party has the caller's place."""

import pytest

from edge.call.originate import seat
from tests.support.callback import NUMBER, Promises, invite


def test_it_is_open_in_the_journal_from_its_first_ring() -> None:
    here = Promises()
    here.promise()
    (call,) = here.bench.journal.calls
    assert (call.direction, call.callee, call.caller) == ("out", NUMBER, NUMBER) and not here.cdrs


def test_who_has_answered_has_the_callers_place() -> None:
    here = Promises()
    here.promise()
    request = here.takes()
    (call,) = here.bench.switch.calls.values()
    assert (call.caller, call.identity.name, call.session.call_id) == ("1002", "1002", request.call_id)
    assert call.near is not call.session and call.leg is call.callers_leg
    with pytest.raises(AssertionError):
        seat(call, call.treatment._hunt)  # type: ignore[attr-defined]


def test_none_begins_when_the_node_is_full_or_its_journal_behind() -> None:
    here = Promises()
    here.bench.journal.saturated = True
    about = here.promise().callback
    assert not here.bob.got() and not about.over
    here.bench.journal.saturated = False
    here.bench.advance(2.0)
    invite(here.bob)


def test_the_longest_call_ends_it_too() -> None:
    here = Promises()
    here.promise()
    here.takes()
    here.answers()
    here.bench.advance(here.bench.limits.call_seconds + 1.0)
    assert here.cdrs[-1].cause in ("max_duration", "session_expired") and here.clean()


def test_nothing_is_left_when_all_calls_are_ended_while_agents_ring() -> None:
    here = Promises()
    about = here.promise().callback
    here.bob.reply(invite(here.bob), 180)
    here.bench.switch.hang_up_all("shutdown", here.bench.now)
    here.bench.drain()
    assert here.cdrs[-1].cause == "shutdown" and here.clean() and not about.over
    here.bench.advance(6.0)
    invite(here.bob)
