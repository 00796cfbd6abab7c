"""What a call takes, by its route (S004-60)."""

from dataclasses import replace

import pytest

from edge.cac.claim import Claim, claim_of
from edge.directory import CallLimit, Target
from edge.routing.route import Route
from tests.support.directory import ACC, FakeDirectory


@pytest.fixture
def directory() -> FakeDirectory:
    made = FakeDirectory(max_in=5, max_out=6)
    made.add_user("1001", max_simultaneous=2)
    made.add_did("12025550123", "user", "1001", max_channels=3)
    made.add_trunk("carrier", max_channels=4)
    return made


def inbound(directory: FakeDirectory, *limits: CallLimit) -> Route:
    account = directory.account(ACC)
    assert account is not None
    return Route(
        replace(account, reserve_in=1, call_limits=limits),
        "in",
        Target("user", "1001"),
        directory.dids["12025550123"],
        callee=directory.users["1001"],
        trunk_in=directory.trunks["carrier"],
    )


def outbound(directory: FakeDirectory, *limits: CallLimit) -> Route:
    route = inbound(directory, *limits)
    return Route(
        route.account,
        "out",
        Target("forward", "14155550100"),
        caller=directory.users["1001"],
        trunk_out=directory.trunks["carrier"],
        number_out="14155550100",
    )


def scopes(claim: Claim) -> list[tuple[str, int | None, int]]:
    return [(scope.kind, scope.limit, scope.reserved) for scope in claim.scopes]


def test_a_call_from_outside_takes_account_user_did_and_trunk(directory: FakeDirectory) -> None:  # S004-60
    claim = claim_of(inbound(directory), "14155550100")
    assert scopes(claim) == [("account_in", 5, 0), ("user", 2, 0), ("did", 3, 0), ("trunk", 4, 0)]


def test_a_call_to_outside_takes_account_user_and_trunk(directory: FakeDirectory) -> None:
    claim = claim_of(outbound(directory), "1")
    assert scopes(claim) == [("account_out", 6, 0), ("user", 2, 0), ("trunk", 4, 0)]


def test_a_campaign_counts_as_dialer_and_leaves_channels_free(directory: FakeDirectory) -> None:  # S004-60
    claim = claim_of(outbound(directory), "1", campaign=True)
    assert claim.direction == "dialer"
    assert scopes(claim) == [("account_dialer", None, 0), ("user", 2, 0), ("trunk", 4, 1)]


def test_a_transit_through_one_trunk_counts_it_once(directory: FakeDirectory) -> None:
    route = replace(inbound(directory), trunk_out=directory.trunks["carrier"])
    assert [kind for kind, _, _ in scopes(claim_of(route, ""))].count("trunk") == 1


@pytest.mark.parametrize(
    ("scope", "id", "direction", "counted"),
    [
        ("account", "", "any", [("account", ACC)]),
        ("account", "", "out", []),
        ("user", "", "in", [("user", "us_1001")]),
        ("user", "us_1001", "any", [("user", "us_1001")]),
        ("user", "us_other", "any", []),
        ("did", "", "any", [("did", "did_12025550123")]),
        ("number", "", "any", [("number", "14155550100")]),
        ("number", "14155550199", "any", []),
    ],
)
def test_rate_limits_apply_by_scope_id_and_direction(
    directory: FakeDirectory, scope: str, id: str, direction: str, counted: list[tuple[str, str]]
) -> None:
    limit = CallLimit(scope, id, direction, 60.0, 5, True)
    claim = claim_of(inbound(directory, limit), "14155550100")
    assert [(rate.kind, rate.id) for rate in claim.rates] == counted
