"""Which of a user's rules holds."""

import pytest

from edge.directory import AccountId, Forwarding, User, UserId
from edge.error import Refusal
from edge.routing.forward import Why, forward_of, why_refused

USER = User(UserId("us"), AccountId("acc"), "1001", "", None, (), forward=Forwarding("1", "2", "3", "4"))


@pytest.mark.parametrize(
    ("why", "number"),
    [
        (Why.ALWAYS, "1"),
        (Why.BUSY, "2"),
        (Why.DO_NOT_DISTURB, "2"),
        (Why.NO_ANSWER, "3"),
        (Why.UNREACHABLE, "4"),
        (Why.DEFLECTED, ""),
    ],
)
def test_each_reason_has_its_rule(why: Why, number: str) -> None:
    assert forward_of(USER, why) == number


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (486, Why.BUSY),
        (600, Why.BUSY),
        (603, Why.BUSY),
        (480, Why.UNREACHABLE),
        (503, Why.UNREACHABLE),
        (488, None),
        (482, None),
    ],
)
def test_what_the_phones_say_means_a_rule_or_none(status: int, why: Why | None) -> None:
    assert why_refused(Refusal("x", status, "", "")) is why
