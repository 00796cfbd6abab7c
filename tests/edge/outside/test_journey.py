"""Forwards of users, before anything rings."""

from dataclasses import replace

import pytest

from edge.directory import Forwarding, User
from edge.error import Refusal
from edge.outside.journey import Journey, follow
from edge.routing.route import Route, route_inside
from tests.support.directory import ACC, FakeDirectory


@pytest.fixture
def directory() -> FakeDirectory:
    made = FakeDirectory()
    for number in ("1001", "1002", "1003", *(f"20{n}" for n in range(9))):
        made.add_user(number)
    made.add_trunk("carrier", default=True)
    return made


def forward(directory: FakeDirectory, number: str, **to: str) -> None:
    directory.users[number] = replace(directory.users[number], forward=Forwarding(**to))


def dialled(
    directory: FakeDirectory, number: str, away: str = "", *, busy: bool = False
) -> Journey | Refusal:
    account = directory.account(ACC)
    assert account is not None
    found = route_inside(directory, account, number, directory.users["1001"])
    assert isinstance(found, Route)

    def reachable(user: User) -> bool:
        return user.number != away

    return follow(directory, found, reachable, busy=busy)


def end(journey: Journey | Refusal) -> str:
    """Number of the callee or on the trunk, or the refusal's code."""
    if isinstance(journey, Refusal):
        return journey.code
    return journey.last.callee.number if journey.last.callee is not None else journey.last.number_out


def test_without_forwards_a_call_ends_where_it_was_dialled(directory: FakeDirectory) -> None:
    journey = dialled(directory, "1002")
    assert isinstance(journey, Journey) and end(journey) == "1002" and journey.diversions == ()
    assert end(dialled(directory, "1002", away="1002")) == "not_registered"
    assert end(dialled(directory, "1002", busy=True)) == "user_busy"


@pytest.mark.parametrize(
    ("to", "away", "busy", "reached"),
    [
        ({"always": "1003"}, "", False, "1003"),
        ({"always": "14155550100"}, "", False, "14155550100"),
        ({"unreachable": "1003"}, "1002", False, "1003"),
        ({"unreachable": "1003"}, "", False, "1002"),
        ({"busy": "1003"}, "", True, "1003"),
        ({"no_answer": "1003"}, "", False, "1002"),
        ({"always": "77x"}, "", False, "no_such_number"),
    ],
)
def test_a_forward_is_followed_for_its_reason(
    directory: FakeDirectory, to: dict[str, str], away: str, busy: bool, reached: str
) -> None:
    forward(directory, "1002", **to)
    journey = dialled(directory, "1002", away, busy=busy)
    assert end(journey) == reached
    if isinstance(journey, Journey) and journey.hops:
        assert journey.diversions[0].number == "1002"
        assert journey.last.caller is directory.users["1002"], "as if that user had dialled"


def test_who_does_not_want_to_be_disturbed_is_not(directory: FakeDirectory) -> None:
    directory.users["1002"] = replace(directory.users["1002"], dnd=True)
    assert end(dialled(directory, "1002")) == "do_not_disturb"


def test_circles_and_long_chains_end(directory: FakeDirectory) -> None:  # S004-25
    forward(directory, "1002", always="1003")
    forward(directory, "1003", always="1002")
    assert end(dialled(directory, "1002")) == "forward_loop"
    for n in range(8):
        forward(directory, f"20{n}", always=f"20{n + 1}")
    assert end(dialled(directory, "200")) == "too_many_forwards"
