"""The CDR of a call that an outside edge carried (S004-41, S004-43)."""

import pytest

from edge.directory import Target
from edge.journal import CallId
from edge.outside.call import OutsideCall
from edge.routing.route import Route
from edge.trace.trace import Trace
from tests.support.directory import ACC, FakeDirectory


def call(answered_at: int | None = None) -> OutsideCall:
    account = FakeDirectory().account(ACC)
    assert account is not None
    trace = Trace(CallId("call_1"), lambda now: 0, 10)
    route = Route(account, "in", Target("flow", "r"))
    return OutsideCall(CallId("call_1"), "c1", route, route, "1", "2", trace, 5, answered_at=answered_at)


@pytest.mark.parametrize(
    ("cause", "disposition", "status", "q850"),
    [
        ("486", "busy", 486, 17),
        ("busy", "busy", 486, 17),
        ("no_answer", "no_answer", 480, 18),
        ("487", "cancelled", 487, 31),
        ("cancel", "cancelled", 487, 31),
        ("503", "failed", 503, 41),
        ("", "failed", 0, 41),
        ("²²²", "failed", 0, 41),
    ],
)
def test_an_unanswered_call_ends_by_its_cause(cause: str, disposition: str, status: int, q850: int) -> None:
    cdr = call().ended(cause, 9)
    assert (cdr.disposition, cdr.sip_status, cdr.q850) == (disposition, status, q850)
    assert cdr.cause == (cause or disposition) and cdr.target == "flow:r" and cdr.ended_at == 9


def test_an_answered_call_was_answered_whatever_ended_it() -> None:
    cdr = call(answered_at=7).ended("caller_hangup", 9)
    assert (cdr.disposition, cdr.cause, cdr.sip_status, cdr.q850) == ("answered", "caller_hangup", 200, 16)
