"""Who is banned, for what and how long, and who never is (issue 3, Security; S004-74, S004-75; design §6)."""

import ipaddress
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import SipLimits
from edge.security.ban import AllowRecord, BanRecord
from edge.security.shield import Shield
from tests.support.security import FakeKeeper, shield

EVE, ALICE = "198.51.100.66", "192.0.2.1"


@pytest.fixture
def keeper() -> FakeKeeper:
    return FakeKeeper()


def guess(made: Shield, address: str, times: int, now: float = 100.0) -> None:
    for _ in range(times):
        made.failed(address, "1001", "", now)


def test_ten_wrong_answers_in_a_minute_ban_for_an_hour(keeper: FakeKeeper) -> None:
    made = shield(keeper)
    guess(made, EVE, 9)
    assert not made.refuses(EVE, 100.0) and keeper.begun == []
    guess(made, EVE, 1, 110.0)
    assert made.refuses(EVE, 110.0) and not made.refuses(ALICE, 110.0)
    ((record, ttl),) = keeper.begun
    assert (record.network, record.rule, record.count, ttl) == (EVE, "failed_auth", 10, 3_600.0)
    assert made.refuses(EVE, 110.0 + 3_599.0) and made.dropped == 2
    assert not made.refuses(EVE, 110.0 + 3_600.0)
    assert keeper.over[0].count == 12 and keeper.over[0].lifted_at is None


@given(
    st.lists(st.integers(0, 30_000), min_size=1, max_size=80),
    st.integers(1, 12),
    st.sampled_from([1.0, 10.0, 60.0]),
)
def test_no_source_ever_does_more_than_count_within_per_unbanned(
    steps: list[int], count: int, per: float
) -> None:
    made = shield(failed_auth={"count": count, "per": per, "ban": 5.0})
    now, unbanned = 1_000_000, []
    for step in steps:
        now += step
        if made.refuses(EVE, now / 1000):
            unbanned.clear()
            continue
        made.failed(EVE, "1001", "", now / 1000)
        unbanned.append(now)
        within = [at for at in unbanned if now - at < per * 1000]
        loosely = [at for at in unbanned if now - at <= per * 1000 * 9 / 8]
        banned = made.banned(EVE, now / 1000)
        assert banned or len(within) < count
        assert not banned or len(loosely) >= count
        if banned:
            unbanned.clear()


def test_a_source_without_a_phone_may_not_flood(keeper: FakeKeeper) -> None:
    made = shield(keeper, flood={"count": 200, "per": "1s", "ban": "10m"})
    assert [made.admits(EVE, "", 5.0 + n / 1000) for n in range(200)] == [True] * 199 + [False]
    assert keeper.rules() == [(EVE, "flood")]
    assert not made.admits(EVE, "", 5.3), "the door of the switch is shut as well"


def test_long_messages_count_by_their_bytes(keeper: FakeKeeper) -> None:
    """Issue 3, *Transports*: limits per source on bytes beside messages."""
    made = shield(keeper, flood={"count": 200, "per": "1s", "ban": "10m"}, flood_bytes=8_192)
    assert [made.admits(EVE, "", 5.0, 65_000) for _ in range(25)] == [True] * 24 + [False]
    assert all(made.admits(ALICE, "", 5.0, 8_191) for _ in range(199)), "an ordinary one counts once"
    assert keeper.rules() == [(EVE, "flood")]


def test_steady_traffic_below_the_rate_is_no_flood() -> None:
    made = shield(flood={"count": 200, "per": "1s", "ban": "10m"})
    assert all(made.admits(ALICE, "", n / 170) for n in range(5_000))


def test_a_source_with_a_registered_phone_may_flood_while_it_is_registered(keeper: FakeKeeper) -> None:
    made = shield(keeper, flood={"count": 5, "per": "1s", "ban": "10m"})
    made.registered(ALICE, 200.0, 100.0)
    assert all(made.admits(ALICE, "", 101.0) for _ in range(1_000))
    assert [made.admits(ALICE, "", 201.0) for _ in range(6)][-1] is False


def test_a_forged_scanner_or_garbage_does_not_ban_a_source_with_a_phone(keeper: FakeKeeper) -> None:
    made = shield(keeper)
    made.registered(ALICE, 500.0, 100.0)
    made.admits(ALICE, "friendly-scanner", 101.0)
    assert all(made.malformed(ALICE, 101.0) for _ in range(1_000))
    assert keeper.begun == []
    guess(made, ALICE, 10, 102.0)
    assert made.locked(ALICE, "1001", 102.0), "guessing passwords is another matter"
    for name in "abc":
        made.failed(ALICE, name, "", 103.0)
    assert made.refuses(ALICE, 103.0)


def test_a_scanner_is_dropped_at_its_first_message_and_banned_for_a_day(keeper: FakeKeeper) -> None:
    made = shield(keeper)
    assert not made.admits(EVE, "friendly-scanner", 1.0)
    assert made.refuses(EVE, 2.0) and made.refuses(EVE, 86_000.0)
    ((record, ttl),) = keeper.begun
    assert (record.rule, record.user_agent, ttl) == ("scanner", "friendly-scanner", 86_400.0)


def test_many_unknown_names_are_an_enumeration_and_one_mistake_repeated_is_not(keeper: FakeKeeper) -> None:
    made = shield(keeper)
    for n in range(1_000):
        made.unknown(ALICE, "10001", "", n / 100)
    for n in range(14):
        made.unknown(EVE, str(n), "", 1.0)
    assert keeper.begun == []
    made.unknown(EVE, "14", "svwar2", 2.0)
    assert keeper.rules() == [(EVE, "enumeration")]


def test_as_many_unknown_names_as_phones_are_registered_there_ban_nobody(keeper: FakeKeeper) -> None:
    """An office whose phones were set up for who is no more."""
    made = office(keeper, 100)
    for n in range(100):
        made.unknown(OFFICE, f"old-{n}", "Phone 1", 200.0)
    assert not made.refuses(OFFICE, 200.0)
    made.unknown(OFFICE, "one-too-many", "Phone 1", 201.0)
    assert made.refuses(OFFICE, 201.0) and keeper.rules() == [(OFFICE, "enumeration")]


def test_garbage_is_answered_until_it_is_a_flood(keeper: FakeKeeper) -> None:
    made = shield(keeper, malformed={"count": 3, "per": "10s", "ban": "10m"})
    assert [made.malformed(EVE, 1.0) for _ in range(4)] == [True, True, False, False]
    assert keeper.rules() == [(EVE, "malformed")]


def test_ipv6_is_counted_and_banned_by_64(keeper: FakeKeeper) -> None:
    made = shield(keeper)
    for n in range(10):
        made.failed(f"2001:db8:0:1::{n + 1:x}", "1001", "", 1.0)
    assert keeper.rules() == [("2001:db8:0:1::/64", "failed_auth")]
    assert made.refuses("2001:db8:0:1:ffff::9", 2.0) and not made.refuses("2001:db8:0:2::1", 2.0)


def test_an_address_that_becomes_a_trunks_is_exempt_once_sources_are_met_anew(keeper: FakeKeeper) -> None:
    trunks: set[str] = set()
    made = shield(keeper, trunk=lambda address: address in trunks)
    guess(made, ALICE, 3)
    guess(made, EVE, 10)
    trunks.add(ALICE)
    made.renew()
    guess(made, ALICE, 20)
    assert not made.refuses(ALICE, 100.0) and made.refuses(EVE, 100.0)


def test_allowed_addresses_and_trunks_are_exempt_from_everything(keeper: FakeKeeper) -> None:
    made = shield(keeper, trunk=lambda address: address == "192.0.2.9", allow=["198.51.100.0/24"])
    for address in ("192.0.2.9", "198.51.100.7", "::ffff:198.51.100.7"):
        guess(made, address, 50)
        assert made.exempt(address)
        assert all(made.malformed(address, 100.0) for _ in range(100))
        assert all(made.admits(address, "sipvicious", 100.0) for _ in range(1_000))
        for n in range(50):
            made.unknown(address, str(n), "", 100.0)
        assert not made.refuses(address, 100.0)
    assert keeper.begun == []
    assert (
        made.ban("198.51.100.7", 60.0, "", 100.0) is None
        and made.ban("198.51.100.0/25", 60.0, "", 1.0) is None
    )


def test_allowing_an_address_ends_its_ban_at_once_and_prevents_new_ones(keeper: FakeKeeper) -> None:
    made = shield(keeper)
    guess(made, EVE, 10)
    assert made.refuses(EVE, 101.0)
    assert made.allow("198.51.100.0/24", "office", 102.0) is not None
    assert not made.refuses(EVE, 102.0) and made.active(102.0) == 0
    assert keeper.over[0].lifted_at == 102_000 and keeper.added[0].note == "office"
    guess(made, EVE, 50, 103.0)
    assert not made.refuses(EVE, 103.0)
    assert made.disallow("198.51.100.0/24") and not made.disallow("198.51.100.0/24")
    guess(made, EVE, 10, 104.0)
    assert made.refuses(EVE, 104.0) and keeper.removed == ["198.51.100.0/24"]


def test_one_allowed_ipv6_address_lifts_the_ban_of_its_64() -> None:
    made = shield()
    guess(made, "2001:db8::1", 10)
    made.allow("2001:db8::5", "", 101.0)
    assert not made.refuses("2001:db8::5", 102.0) and not made.refuses("2001:db8::1", 102.0)
    guess(made, "2001:db8::1", 10, 103.0)
    assert made.refuses("2001:db8::1", 104.0) and not made.refuses("2001:db8::5", 104.0)


def test_an_operator_bans_and_lifts_networks(keeper: FakeKeeper) -> None:
    made = shield(keeper)
    assert not made.refuses(EVE, 1.0)
    record = made.ban("198.51.100.0/24", 60.0, "noise", 1.0)
    assert record is not None and record.rule == "manual" and record.note == "noise"
    assert made.refuses(EVE, 2.0) and not made.refuses(ALICE, 2.0)
    assert not made.lift(EVE, 3.0), "only what was banned can be lifted"
    assert made.lift("198.51.100.0/24", 3.0) and not made.refuses(EVE, 3.0)
    made.ban("198.51.100.0/24", 60.0, "", 4.0)
    assert not made.refuses(EVE, 65.0) and made.bans(65.0) == []
    guess(made, EVE, 10, 66.0)
    assert made.refuses(EVE, 66.0), "a ban that ran out does not shield from the next"


def test_a_lifted_source_starts_from_nothing() -> None:
    made = shield()
    guess(made, EVE, 10)
    made.lift(EVE, 101.0)
    guess(made, EVE, 9, 102.0)
    assert not made.refuses(EVE, 102.0)


def test_bans_and_allowed_addresses_survive_a_restart() -> None:
    wall = 1_000_000
    kept = [
        BanRecord(EVE, "failed_auth", 10, wall - 5_000, wall - 1_000, wall + 60_000),
        BanRecord("203.0.113.0/24", "manual", 0, wall, wall, wall + 60_000),
        BanRecord(ALICE, "flood", 1, wall - 9_000, wall - 8_000, wall - 1),
    ]
    made = shield()
    made.load(kept, [AllowRecord("203.0.113.7", "", wall)], 1_000.0)
    assert made.refuses(EVE, 1_000.0) and made.refuses("203.0.113.8", 1_000.0)
    assert not made.refuses("203.0.113.7", 1_000.0) and not made.refuses(ALICE, 1_000.0)
    listed = {record.network: record.first_seen for record in made.bans(1_000.0)}
    assert listed[EVE] == wall - 5_000 and ALICE not in listed
    assert not made.refuses(EVE, 1_060.0)


def test_memory_is_bounded_under_a_million_forged_sources(keeper: FakeKeeper) -> None:
    limits = SipLimits(sources=500, bans=100)
    made = shield(keeper, limits=limits, flood={"count": 1, "per": 1, "ban": 60})
    for n in range(30_000):
        made.refuses(str(ipaddress.ip_address(0x0A000000 + n)), n / 1000)
        made.admits(str(ipaddress.ip_address(0x0A000000 + n)), "", n / 1000)
        made.refuses(f"2001:db8:{n:x}::1", n / 1000)
    assert len(made) <= 500 and len(made._prefixes) <= 500
    assert made.active(30.0) <= 100 and len(made._bans._ends) <= 2 * 100 + 65


def test_forged_sources_do_not_wash_out_what_a_guesser_has_done() -> None:
    made = shield(limits=SipLimits(sources=100))
    for n in range(10):
        made.failed(EVE, "1001", "", 1.0)
        for m in range(60):
            made.refuses(f"10.0.{n}.{m}", 1.0)
    assert made.refuses(EVE, 1.0)


def test_the_ban_that_ends_first_gives_way_when_there_are_too_many(keeper: FakeKeeper) -> None:
    made = shield(keeper, limits=SipLimits(bans=16))
    for n in range(17):
        made.ban(f"10.0.0.{n}", 100.0 + n, "", 1.0)
    assert made.active(1.0) == 16 and not made.refuses("10.0.0.0", 2.0)
    assert keeper.over[0].network == "10.0.0.0"


def test_only_so_many_addresses_can_be_allowed_while_running() -> None:
    made = shield(limits=SipLimits(allowed=1))
    assert made.allow("10.0.0.1", "", 1.0) and made.allow("10.0.0.1", "again", 1.0)
    assert made.allow("10.0.0.2", "", 1.0) is None


def test_a_ban_that_hits_a_registered_phone_can_be_told() -> None:
    made = shield()
    made.registered(ALICE, 500.0, 100.0)
    made.registered("2001:db8::7", 500.0, 100.0)
    assert made.registered_in(ALICE, 101.0) and made.registered_in("192.0.2.0/24", 101.0)
    assert made.registered_in("2001:db8::/64", 101.0) and not made.registered_in(EVE, 101.0)
    assert not made.registered_in(ALICE, 501.0)


OFFICE = "203.0.113.5"


def office(keeper: FakeKeeper, phones: int) -> Shield:
    made = shield(keeper)
    for n in range(phones):
        made.registered(OFFICE, 4_000.0, 100.0, f"{2000 + n}")
    return made


def test_a_phone_with_a_wrong_password_locks_its_own_username_and_not_the_office(keeper: FakeKeeper) -> None:
    """Two hundred phones behind one address, ten of which nobody has told of the new password."""
    made = office(keeper, 190)
    for second in range(0, 600, 10):
        for n in range(10):
            name = f"{1000 + n}@demo.local"
            if made.locked(OFFICE, name, 100.0 + second) is None:
                made.failed(OFFICE, name, "Phone 1", 100.0 + second)
            assert not made.refuses(OFFICE, 100.0 + second)
    assert keeper.rules() == [] and len(keeper.locks) == 0, "six in a minute are too few even for that"
    for n in range(10):
        for _ in range(10):
            made.failed(OFFICE, f"{1000 + n}@demo.local", "Phone 1", 1_000.0)
    assert keeper.locks == [(OFFICE, f"{1000 + n}@demo.local", 3_600.0) for n in range(10)]
    refusal = made.locked(OFFICE, "1003@demo.local", 4_599.0)
    assert refusal is not None and (refusal.status, refusal.code) == (403, "username_locked")
    assert made.locked(OFFICE, "1003@demo.local", 4_600.0) is None, "as long as a ban"
    assert made.locked(OFFICE, "2003@demo.local", 1_000.0) is None and not made.refuses(OFFICE, 1_000.0)
    assert made.locked(EVE, "1003@demo.local", 1_000.0) is None, "elsewhere it is heard"


def test_who_owns_one_valid_phone_may_not_try_the_names_of_others(keeper: FakeKeeper) -> None:
    made = office(keeper, 1)
    made.failed(OFFICE, "1001@demo.local", "", 200.0)
    made.failed(OFFICE, "1002@demo.local", "", 201.0)
    assert not made.refuses(OFFICE, 202.0)
    made.failed(OFFICE, "1003@demo.local", "", 203.0)
    assert made.refuses(OFFICE, 203.0) and keeper.rules() == [(OFFICE, "failed_auth")]


@pytest.mark.parametrize("phones", [3, 20, 190])
def test_more_usernames_that_fail_than_are_registered_ban_the_source(keeper: FakeKeeper, phones: int) -> None:
    made = office(keeper, phones)
    for n in range(phones):
        made.failed(OFFICE, f"{3000 + n}@demo.local", "", 200.0)
    assert not made.refuses(OFFICE, 200.0)
    made.failed(OFFICE, "4000@demo.local", "", 259.0)
    assert made.refuses(OFFICE, 259.0)


def test_names_that_failed_long_ago_are_not_counted(keeper: FakeKeeper) -> None:
    made = office(keeper, 3)
    for n in range(100):
        made.failed(OFFICE, f"{3000 + n}@demo.local", "", 200.0 + n * 30)
    assert keeper.rules() == [] and keeper.locks == []


def test_where_no_phone_is_registered_any_more_failures_are_of_the_source(keeper: FakeKeeper) -> None:
    made = office(keeper, 20)
    guess(made, OFFICE, 10, 4_001.0)
    assert made.refuses(OFFICE, 4_001.0) and keeper.locks == []


def test_lifting_and_allowing_a_source_ends_its_locks(keeper: FakeKeeper) -> None:
    made = office(keeper, 20)
    guess(made, OFFICE, 10, 200.0)
    assert made.locked(OFFICE, "1001", 200.0) and made.lift(OFFICE, 201.0) and not made.lift(OFFICE, 201.0)
    assert made.locked(OFFICE, "1001", 201.0) is None
    guess(made, OFFICE, 10, 300.0)
    assert made.locked(OFFICE, "1001", 300.0) and made.allow("203.0.113.0/24", "", 301.0)
    assert made.locked(OFFICE, "1001", 301.0) is None
    guess(made, OFFICE, 30, 302.0)
    assert made.locked(OFFICE, "1001", 302.0) is None, "who is allowed is exempt"


def test_locks_hold_for_all_addresses_of_a_64(keeper: FakeKeeper) -> None:
    made = shield(keeper)
    made.registered("2001:db8::1", 4_000.0, 100.0, "2000")
    for n in range(10):
        made.failed(f"2001:db8::{n + 2:x}", "1001", "", 200.0)
    assert made.locked("2001:db8::ffff", "1001", 201.0) is not None and keeper.rules() == []


def test_a_banned_source_costs_next_to_nothing() -> None:
    made = shield()
    guess(made, EVE, 10)
    best = min(timeit.repeat(lambda: made.refuses(EVE, 101.0), number=20_000, repeat=5)) / 20_000
    assert best < 2e-6, f"{best * 1e6:.2f} µs; 1 µs on a quiet machine"
