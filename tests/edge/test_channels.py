"""What a call and the parties that it dials count against."""

from dataclasses import replace

from edge.cac.admission import Admissions
from edge.channels import Channels
from edge.directory import FraudBounds, Trunk
from edge.error import Refusal
from edge.journal import CallId
from edge.routing.route import Route, route_inside
from edge.security.fraud import FraudGuard
from edge.trace.trace import Trace
from tests.support.directory import ACC, FakeDirectory

CALL, PARTY = CallId("call_1"), CallId("call_1/party2")


def made(max_out: int | None = None) -> tuple[Channels, Admissions, FraudGuard, Trace, Route]:
    directory = FakeDirectory(max_out=max_out)
    directory.add_user("1001", max_simultaneous=1)
    directory.add_trunk("main", default=True, max_channels=1)
    account = directory.account(ACC)
    assert account is not None
    found = route_inside(directory, account, "14155550100", directory.user(ACC, "1001"))
    assert isinstance(found, Route) and isinstance(found.trunk_out, Trunk)
    admissions, fraud = Admissions(), FraudGuard()
    return Channels(admissions, fraud), admissions, fraud, Trace(CALL, lambda now: 0, 100), found


def test_what_was_taken_is_given_back() -> None:
    channels, admissions, fraud, trace, route = made()
    assert channels.take(CALL, route, route.number_out, trace, 0.0) is None
    assert len(admissions) == 1 and admissions.count("trunk", "tr_main") == 1
    channels.give_back(CALL, 10.0, 20.0)
    channels.give_back(CALL, 10.0, 20.0)
    assert len(admissions) == len(fraud) == 0


def test_a_party_does_not_take_its_callers_channel_again() -> None:
    channels, admissions, _, trace, route = made()
    inner = replace(route, trunk_out=None, direction="internal")
    assert channels.take(CALL, inner, "1002", trace, 0.0) is None
    assert channels.take_party(PARTY, route, trace, 0.0) is None
    assert admissions.count("user", "us_1001") == 1 and admissions.count("account_out", ACC) == 1


def test_what_is_full_refuses_and_leaves_nothing_counted() -> None:
    """S004-28."""
    channels, admissions, fraud, trace, route = made(max_out=0)
    bounded = replace(
        route,
        account=replace(route.account, fraud=replace(route.account.fraud, bounds=FraudBounds(per_minute=9))),
    )
    for take in (
        channels.take_party(PARTY, bounded, trace, 0.0),
        channels.take(CALL, bounded, "", trace, 0.0),
    ):
        assert isinstance(take, Refusal) and take.code == "account_limit"
    assert len(admissions) == len(fraud) == 0


def test_the_guard_is_asked_before_a_party_is_dialled() -> None:
    channels, _, _, trace, route = made()
    closed = replace(route.account, fraud=replace(route.account.fraud, bounds=FraudBounds(deny=("1",))))
    refused = channels.take_party(PARTY, replace(route, account=closed), trace, 0.0)
    assert isinstance(refused, Refusal) and refused.code == "fraud_destination"
