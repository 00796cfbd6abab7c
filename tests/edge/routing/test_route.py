"""Where a call goes (S004-14…27, `design.md` §6): DID, then extension, then the PSTN; never a relay."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from config.schedule import Schedule
from edge.directory import BusinessHours, Target
from edge.error import Refusal
from edge.routing.identity import Identity, Stranger, TrunkIdentity, UserIdentity
from edge.routing.route import Route, digits_of, route
from tests.support.directory import ACC, FakeDirectory


@pytest.fixture
def directory() -> FakeDirectory:
    made = FakeDirectory()
    made.add_user("1001", "alice")
    made.add_user("1002")
    made.add_did("12025550123", "agent", "greeter")
    made.add_trunk("carrier", ip="192.0.2.10")
    return made


def user(directory: FakeDirectory) -> Identity:
    account = directory.account(ACC)
    found = directory.users["1001"]
    assert account is not None
    return UserIdentity(account, found, directory.devices["alice"])


def decided(
    directory: FakeDirectory, identity: Identity, dialled: str, host: str = "demo.local", wall: int = 0
) -> Route:
    decision = route(directory, identity, host, dialled, wall)
    assert isinstance(decision, Route), decision
    return decision


def refused(
    directory: FakeDirectory, identity: Identity, dialled: str, host: str = "demo.local", wall: int = 0
) -> Refusal:
    decision = route(directory, identity, host, dialled, wall)
    assert isinstance(decision, Refusal), decision
    return decision


@pytest.mark.parametrize("dialled", ["12025550123", "+12025550123"])
def test_a_did_is_reached_by_anybody_with_or_without_plus(
    directory: FakeDirectory, dialled: str
) -> None:  # S004-26
    for identity in (Stranger(), TrunkIdentity(directory.trunks["carrier"], "address"), user(directory)):
        decision = decided(directory, identity, dialled, host="whatever.example")
        assert decision.target == Target("agent", "greeter") and decision.direction == "in"


def test_a_stranger_or_trunk_reaches_nothing_but_dids(directory: FakeDirectory) -> None:  # S004-26
    trunk = TrunkIdentity(directory.trunks["carrier"], "address")
    for identity, status in ((Stranger(), 403), (trunk, 404)):
        for dialled in ("1001", "alice", "*43", "14155550100"):
            assert refused(directory, identity, dialled).status == status


def test_a_did_for_trunks_and_users_is_closed_to_strangers(directory: FakeDirectory) -> None:
    directory.add_did("12025550166", "echo", strangers=False)
    assert refused(directory, Stranger(), "12025550166").code == "not_authenticated"
    assert decided(directory, user(directory), "12025550166").target.kind == "echo"


def test_a_user_reaches_users_by_number_or_username(directory: FakeDirectory) -> None:  # S004-17
    directory.add_user("1003", "carol", "carol-mobile")
    for dialled in ("1003", "carol", "carol-mobile"):
        decision = decided(directory, user(directory), dialled)
        assert decision.callee is directory.users["1003"] and decision.direction == "internal"


def test_a_user_reaches_the_echo_of_its_account(directory: FakeDirectory) -> None:
    assert decided(directory, user(directory), "*43").target.kind == "echo"


def test_other_domains_are_not_relayed(directory: FakeDirectory) -> None:
    assert refused(directory, user(directory), "bob", host="elsewhere.example").code == "foreign_domain"


def test_numbers_go_out_by_the_default_trunk(directory: FakeDirectory) -> None:  # S004-18
    assert refused(directory, user(directory), "14155550100").code == "no_route"
    directory.add_trunk("main", default=True)
    decision = decided(directory, user(directory), "+14155550100")
    assert decision.trunk_out is directory.trunks["main"] and decision.number_out == "+14155550100"
    assert decision.direction == "out"


def test_what_is_no_number_and_no_user_is_unknown(directory: FakeDirectory) -> None:  # S004-25
    refusal = refused(directory, user(directory), "nobody")
    assert (refusal.status, refusal.code) == (404, "no_such_number")


def test_a_did_may_lead_to_an_extension_that_leads_on(directory: FakeDirectory) -> None:
    directory.extensions["700"] = Target("extension", "701")
    directory.extensions["701"] = Target("user", "1002")
    directory.add_did("12025550199", "extension", "700")
    assert decided(directory, Stranger(), "12025550199").callee is directory.users["1002"]


def test_extensions_in_a_circle_are_refused_as_a_loop(directory: FakeDirectory) -> None:  # S004-25
    directory.extensions["700"] = Target("extension", "701")
    directory.extensions["701"] = Target("extension", "700")
    assert refused(directory, user(directory), "700").status == 482


def test_a_did_with_a_trunk_target_dials_its_own_number_there(directory: FakeDirectory) -> None:
    directory.add_trunk("pbx")
    directory.add_did("12025550177", "trunk", "pbx")
    decision = decided(directory, TrunkIdentity(directory.trunks["carrier"], "address"), "12025550177")
    assert decision.trunk_out is directory.trunks["pbx"] and decision.number_out == "12025550177"


def test_a_did_may_be_forwarded_to_the_outside(directory: FakeDirectory) -> None:
    directory.add_trunk("main", default=True)
    directory.add_did("12025550188", "forward", "+14155550100")
    decision = decided(directory, Stranger(), "12025550188")
    assert decision.number_out == "+14155550100" and decision.direction == "in"


@pytest.mark.parametrize(
    ("text", "digits"),
    [("+12025550123", "12025550123"), ("911", "911"), ("12", ""), ("*43", ""), ("١٢٣٤", ""), ("1" * 16, "")],
)
def test_numbers_are_three_to_fifteen_ascii_digits(text: str, digits: str) -> None:
    assert digits_of(text) == digits


OFFICE = Schedule.model_validate({"weekly": [{"days": "mon-fri", "open": "09:00", "close": "17:00"}]})
MONDAY_NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp() * 1000)
SUNDAY_NOON = MONDAY_NOON - 86_400_000


def closing(directory: FakeDirectory, schedule: Schedule, **targets: Target) -> None:
    did = directory.dids["12025550123"]
    hours = BusinessHours(schedule, "UTC", targets.get("closed"), targets.get("holiday"))
    directory.dids["12025550123"] = replace(did, hours=hours)


def test_hours_override_the_target_when_closed(directory: FakeDirectory) -> None:  # S004-16 S004-27
    closing(directory, OFFICE, closed=Target("answer", ""))
    assert decided(directory, Stranger(), "12025550123", wall=MONDAY_NOON).target.kind == "agent"
    assert decided(directory, Stranger(), "12025550123", wall=SUNDAY_NOON).target.kind == "answer"


def test_a_holiday_has_its_own_override_or_that_of_closed(directory: FakeDirectory) -> None:  # S004-27
    christmas = Schedule.model_validate({"holidays": [{"date": "2026-11-23"}]})
    closing(directory, christmas, closed=Target("hangup", ""), holiday=Target("echo", ""))
    assert decided(directory, Stranger(), "12025550123", wall=MONDAY_NOON).target.kind == "echo"
    closing(directory, christmas, closed=Target("hangup", ""))
    assert decided(directory, Stranger(), "12025550123", wall=MONDAY_NOON).target.kind == "hangup"


def test_closed_without_an_override_is_480(directory: FakeDirectory) -> None:  # S004-25
    closing(directory, OFFICE)
    refusal = refused(directory, Stranger(), "12025550123", wall=SUNDAY_NOON)
    assert (refusal.status, refusal.code) == (480, "closed")


def test_hours_that_cannot_be_told_are_open(directory: FakeDirectory) -> None:  # S004-27
    closing(directory, OFFICE, closed=Target("answer", ""))
    assert decided(directory, Stranger(), "12025550123", wall=10**17).target.kind == "agent"


def test_a_user_dials_his_own_messages_and_the_voicemail_of_another(directory: FakeDirectory) -> None:
    alice = user(directory)
    assert decided(directory, alice, "*97").target == Target("mailbox", "1001")
    assert decided(directory, alice, "*981002").target == Target("voicemail", "1002")
    assert refused(directory, alice, "*989999").code == "no_such_number"


def test_nobody_without_a_password_reaches_a_mailbox(directory: FakeDirectory) -> None:
    trunk = TrunkIdentity(directory.trunks["carrier"], "address")
    for identity in (Stranger(), trunk):
        for dialled in ("*97", "*981001"):
            assert refused(directory, identity, dialled).status in (403, 404)


def test_an_extension_of_the_operator_goes_before_a_code_of_ours(directory: FakeDirectory) -> None:
    directory.extensions["*97"] = Target("echo", "")
    assert decided(directory, user(directory), "*97").target == Target("echo", "")
