"""What a stolen password can cost (issue 3, Security: toll-fraud guard; design §6)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.directory import Account, AccountFraud, FraudBounds, User
from edge.error import Refusal
from edge.journal import CallId
from edge.security.fraud import CODES, FraudGuard, e164
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final

ABROAD, HOME = "+442079460000", "+14155550100"


def account(country: str = "1", rates: tuple[tuple[str, float], ...] = (), **bounds: object) -> Account:
    fraud = AccountFraud(country, rates, FraudBounds(**bounds))  # type: ignore[arg-type]
    return Account(ACC, "demo.local", "UTC", ("md5",), None, None, None, fraud)


def admit(guard: FraudGuard, of: Account, number: str, n: int, now: float, user: User | None = None) -> str:
    refusal = guard.admit(CallId(f"call_{n}"), of, user, number, now)
    assert refusal is None or (refusal.status == 403 and refusal.fix)
    return "" if refusal is None else refusal.code


@pytest.mark.parametrize(
    ("number", "country", "digits"),
    [
        ("+442079460000", "1", "442079460000"),
        ("00442079460000", "1", "442079460000"),
        ("011442079460000", "1", "442079460000"),
        ("14155550100", "1", "14155550100"),
        ("4155550100", "1", "14155550100"),
        ("442079460000", "1", "442079460000"),
        ("03012345678", "49", "493012345678"),
        ("4930123456", "49", "4930123456"),
        ("12345", "", "12345"),
        ("", "1", "1"),
    ],
)
def test_a_number_is_read_as_e164(number: str, country: str, digits: str) -> None:
    assert e164(number, country) == digits


def test_the_longest_prefix_decides_where_one_may_call() -> None:
    guard = FraudGuard()
    of = account(allow=("1", "44", "449000"), deny=("1900", "449"))
    calls = ["+14155550100", "+19005550100", "+442079460000", "+449100000", "+449000123", "+79161234567"]
    codes = [admit(guard, of, number, n, 0.0) for n, number in enumerate(calls)]
    refused = "fraud_destination"
    assert codes == ["", refused, "", refused, "", refused]
    assert admit(guard, account(deny=("1900",)), "+79161234567", 9, 0.0) == "", (
        "without a list all others may"
    )


def test_only_so_many_calls_begin_in_a_minute() -> None:
    guard, of = FraudGuard(), account(per_minute=3)
    assert [admit(guard, of, HOME, n, 100.0 + n) for n in range(5)] == [
        "",
        "",
        "",
        "fraud_rate",
        "fraud_rate",
    ]
    assert admit(guard, of, HOME, 9, 175.0) == ""
    assert guard.refused["fraud_rate"] == 2


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(1, 5))
def test_never_more_than_so_many_within_any_minute(steps: list[int], limit: int) -> None:
    guard, of = FraudGuard(), account(per_minute=limit)
    now, begun = 1_000, []
    for n, step in enumerate(steps):
        now += step
        if admit(guard, of, HOME, n, float(now)) == "":
            begun.append(now)
        assert sum(1 for at in begun if now - at < 60) <= limit


def test_only_so_many_international_calls_are_up_at_one_time() -> None:
    guard, of = FraudGuard(), account(international=1)
    assert admit(guard, of, ABROAD, 1, 0.0) == "" and admit(guard, of, HOME, 2, 0.0) == ""
    assert admit(guard, of, "0049301234567", 3, 1.0) == "fraud_international"
    guard.release(CallId("call_1"), 5.0, 6.0)
    assert admit(guard, of, ABROAD, 4, 7.0) == ""
    assert admit(guard, account(country="", international=0), ABROAD, 5, 0.0) == "", "no country, no abroad"


def test_a_day_has_so_many_minutes_by_rate_and_calls_that_are_up_count() -> None:
    guard, of = FraudGuard(), account(rates=(("44", 5.0),), daily=60)
    assert admit(guard, of, ABROAD, 1, 0.0) == ""
    guard.release(CallId("call_1"), 600.0, 600.0)  # ten minutes at five
    assert admit(guard, of, HOME, 2, 600.0) == ""
    assert admit(guard, of, HOME, 3, 600.0 + 9 * 60) == ""
    assert admit(guard, of, HOME, 4, 600.0 + 10 * 60) == "fraud_daily", "50 spent, 10 and 1 are running"
    guard.release(CallId("call_2"), 0.0, 1_300.0)
    guard.release(CallId("call_3"), 0.0, 1_300.0)
    assert admit(guard, of, HOME, 5, 1_300.0) == "", "what was never answered cost nothing"
    guard.release(CallId("call_5"), 3_600.0, 4_900.0)
    assert admit(guard, of, HOME, 6, 4_900.0 + 80_000.0) == "fraud_daily"
    assert admit(guard, of, HOME, 7, 4_900.0 + 100_000.0) == ""


def test_a_call_that_is_counted_twice_is_charged_once() -> None:
    guard, of = FraudGuard(), account(daily=11, international=1)
    admit(guard, of, HOME, 1, 0.0)
    admit(guard, of, HOME, 1, 0.0)
    guard.release(CallId("call_1"), 600.0, 600.0)
    guard.release(CallId("call_1"), 600.0, 600.0)
    assert len(guard) == 0 and admit(guard, of, ABROAD, 2, 600.0) == "", "ten of eleven are used"


def test_a_user_has_bounds_beside_the_account() -> None:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002")
    one = replace(directory.users["1001"], fraud=FraudBounds(per_minute=1))
    guard, of = FraudGuard(), account(per_minute=3)
    codes = [admit(guard, of, HOME, n, 0.0, user) for n, user in enumerate([one, one, None, None, None])]
    assert codes == ["", "fraud_rate", "", "", "fraud_rate"]
    assert set(guard.refused) <= set(CODES)


def test_emergency_calls_are_never_refused() -> None:
    guard, of = FraudGuard(), account(allow=("44",), per_minute=0, daily=0)
    assert admit(guard, of, "911", 1, 0.0) == "" and admit(guard, of, "112", 2, 0.0) == ""
    assert admit(guard, of, "9112", 3, 0.0) == "fraud_destination"


def test_nothing_is_kept_where_nothing_is_bounded() -> None:
    guard = FraudGuard()
    assert admit(guard, account(), ABROAD, 1, 0.0) == "" and len(guard) == 0
    guard.release(CallId("call_1"), 60.0, 0.0)


def test_every_refusal_is_told() -> None:
    told: list[tuple[CallId, str, Refusal]] = []
    guard = FraudGuard(lambda call, number, refusal: told.append((call, number, refusal)))
    admit(guard, account(per_minute=0), HOME, 1, 0.0)
    assert [(call, number, why.code) for call, number, why in told] == [("call_1", HOME, "fraud_rate")]


def test_what_was_spent_before_the_start_counts() -> None:
    guard, of = FraudGuard(), account(rates=(("44", 5.0),), daily=60)
    guard.charge(of, None, ABROAD, 720.0, 10.0)
    assert admit(guard, of, HOME, 1, 20.0) == "fraud_daily"


# In the switch.


class GuardedDirectory(FakeDirectory):
    bounds = FraudBounds()

    def _account(self) -> Account:
        return replace(super()._account(), fraud=AccountFraud("1", (), self.bounds))


def bench(**bounds: object) -> Bench:
    directory = GuardedDirectory()
    directory.bounds = FraudBounds(**bounds)  # type: ignore[arg-type]
    directory.add_user("1001")
    directory.add_trunk("carrier", ip="127.0.0.9", default=True)
    directory.add_did("12025550123", "forward", "+442079460000")
    directory.add_did("12025550124", "trunk", "carrier")
    return Bench(directory)


def test_a_users_call_abroad_is_refused_traced_and_has_its_cdr() -> None:
    made = bench(international=0)
    response = final(Phone(made, "1001").dial("00442079460000"))
    assert response.status == 403 and "fraud_international" in (response.headers.get("Warning") or "")
    (cdr,) = made.journal.cdrs
    assert (cdr.disposition, cdr.cause, cdr.sip_status) == ("refused", "fraud_international", 403)
    made.advance(40.0)
    (rows,) = made.journal.traces.values()
    assert any(row.event == "fraud" and row.outcome == "fraud_international" for row in rows)
    assert made.idle() and len(made.fraud) == 0


def test_a_forward_to_the_public_network_is_watched_and_a_did_to_its_trunk_is_not() -> None:
    made = bench(deny=("44", "1"))
    carrier = Phone(made, "14155550100", 9)
    assert final(carrier.dial("12025550123")).status == 403
    carrier.call_id = "second"
    carrier.dial("12025550124")
    assert len(made.switch.calls) == 1 and made.switch.admissions.count("trunk", "tr_carrier") > 0


def test_a_call_inside_is_not_watched() -> None:
    made = bench(per_minute=0)
    assert final(Phone(made, "1001").dial("*43")).status == 200
    assert made.fraud.refused.total() == 0


def test_what_a_call_holds_is_given_back_when_it_ends() -> None:
    made = bench(international=1)
    phone = Phone(made, "1001")
    phone.dial("00442079460000")
    assert len(made.fraud) == 1
    phone.say("CANCEL", "sip:00442079460000@demo.local", branch=phone.invite_branch, cseq=phone.cseq)
    made.advance(70.0)
    assert len(made.fraud) == 0
