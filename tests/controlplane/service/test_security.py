"""Bans and allowed addresses for those who ask (S004-67…74)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.error import Refusal
from edge.security.ban import BanRecord
from tests.support.desk import Desk, desk

EVE = "192.0.2.66"
NOW = 1_000_000


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as made:
        yield made


async def listed(made: Desk, status: str = "", q: str = "", flagged: bool = False) -> list[str]:
    rows = await made.service.bans(status=status, q=q, flagged=flagged, limit=100)
    assert not isinstance(rows, Refusal)
    return [f"{row['node']} {row['ip']} {row['status']}" for row in rows]


def code(result: object) -> tuple[int, str]:
    assert isinstance(result, Refusal), result
    return result.status, result.code


def reported(ip: str, **other: object) -> BanRecord:
    values = {
        "rule": "fail2ban",
        "count": 4,
        "first_seen": NOW - 9,
        "last_seen": NOW,
        "expires_at": NOW + 60_000,
    }
    return BanRecord(ip, **(values | other))  # type: ignore[arg-type]


async def test_a_ban_of_the_engine_is_listed_with_what_it_has_turned_away_since(made: Desk) -> None:
    for _ in range(10):
        made.shield.failed(EVE, "1001", "sipcli", made.now)
    for _ in range(5):
        made.shield.refuses(EVE, made.now + 1)
    rows = await made.service.bans(status="active", q="", flagged=False, limit=100)
    assert not isinstance(rows, Refusal)
    (row,) = rows
    assert row == {
        "node": "here",
        "ip": EVE,
        "reason": "failed_auth",
        "status": "active",
        "count": 15,
        "first_seen": NOW // 1000,
        "last_seen": NOW // 1000 + 1,
        "expires_at": NOW // 1000 + 3_600,
        "user_agent": "sipcli",
        "note": "",
        "flagged": False,
    }
    made.now += 3_601.0
    assert await listed(made, "expired") == [f"here {EVE} expired"] and await listed(made, "active") == []


async def test_an_operator_bans_and_lifts(made: Desk) -> None:
    assert isinstance(await made.service.ban("192.0.2.0/25", 60.0, "noise"), dict)
    assert made.shield.refuses(EVE, made.now)
    assert code(await made.service.lift(EVE)) == (404, "no_such_ban")
    assert await made.service.lift("192.0.2.0/25") == {"ip": "192.0.2.0/25", "status": "unbanned"}
    assert await listed(made) == ["here 192.0.2.0/25 unbanned"]
    assert code(await made.service.ban("nonsense", 60.0, "")) == (400, "bad_address")
    assert code(await made.service.ban("0.0.0.0/0", 60.0, "")) == (400, "bad_address")
    assert code(await made.service.ban("198.51.100.7", 60.0, "")) == (409, "allowed")
    assert code(await made.service.lift("x")) == (400, "bad_address")


async def test_allowing_lifts_at_once_and_is_listed_after_the_configuration(made: Desk) -> None:
    await made.service.ban(EVE, 60.0, "")
    added = await made.service.allow("192.0.2.77/24", "office")
    assert added == {"ip": "192.0.2.0/24", "note": "office", "created_at": NOW // 1000, "source": "added"}
    assert not made.shield.refuses(EVE, made.now)
    assert await listed(made) == [f"here {EVE} unbanned"]
    assert [(row["ip"], row["source"]) for row in await made.service.allowed()] == [
        ("198.51.100.0/24", "configuration"),
        ("192.0.2.0/24", "added"),
    ]
    assert await made.service.disallow("192.0.2.0/24") == {"ip": "192.0.2.0/24", "removed": True}
    assert code(await made.service.disallow("192.0.2.0/24")) == (404, "no_such_allow")
    assert code(await made.service.disallow("198.51.100.0/24")) == (409, "configured")
    assert code(await made.service.allow("192.0.2.300", "")) == (400, "bad_address")
    assert code(await made.service.disallow("")) == (400, "bad_address")


async def test_a_ban_that_a_report_does_not_name_any_more_has_expired_for_that_node(made: Desk) -> None:
    assert await made.service.report("a", [reported("10.0.0.1"), reported("10.0.0.2")]) == {
        "node": "a",
        "bans": 2,
    }
    await made.service.report("b", [reported("10.0.0.1")])
    await made.service.report("a", [reported("10.0.0.2", count=9)])
    assert sorted(await listed(made)) == [
        "a 10.0.0.1 expired",
        "a 10.0.0.2 active",
        "b 10.0.0.1 active",
    ]
    await made.service.report("a", [reported("10.0.0.1"), reported("10.0.0.2")])
    assert "a 10.0.0.1 active" in await listed(made)
    assert not made.shield.refuses("10.0.0.1", made.now), "what others ban is told, not obeyed"


async def test_a_report_is_all_or_nothing(made: Desk) -> None:
    assert code(await made.service.report("here", [])) == (400, "own_node")
    assert code(await made.service.report("a", [reported("10.0.0.1"), reported("x")])) == (400, "bad_address")
    many = [reported(f"10.0.0.{n}") for n in range(51)]
    assert code(await made.service.report("a", many)) == (400, "too_many_bans")
    assert await listed(made) == []


async def test_a_ban_that_hits_a_registered_phone_or_a_trunk_is_flagged(made: Desk) -> None:
    made.shield.registered("10.0.0.5", 5_000.0, made.now)
    await made.service.report("a", [reported(f"10.0.0.{n}") for n in range(10)])
    await made.service.report(
        "b", [reported("192.0.2.9"), reported("203.0.113.77"), reported("203.0.0.0/16")]
    )
    assert sorted(await listed(made, flagged=True)) == [
        "a 10.0.0.5 active",
        "b 192.0.2.9 active",
        "b 203.0.0.0/16 active",
        "b 203.0.113.77 active",
    ]


async def test_a_list_has_a_filter_and_an_end(made: Desk) -> None:
    await made.service.report(
        "a", [reported(f"10.0.{n}.1", rule="flood" if n % 2 else "x") for n in range(20)]
    )
    assert len(await listed(made, q="flood")) == 10 and len(await listed(made, q="10.0.1")) == 11
    rows = await made.service.bans(status="", q="", flagged=False, limit=3)
    assert not isinstance(rows, Refusal) and len(rows) == 3
    assert code(await made.service.bans(status="odd", q="", flagged=False, limit=3)) == (400, "bad_parameter")


async def test_what_could_not_be_written_is_not_promised(made: Desk) -> None:
    made.store.journal.last_error = "disk full"
    made.store.journal.flush = lambda done: done()  # type: ignore[method-assign]
    assert code(await made.service.allow("192.0.2.1", "")) == (503, "not_kept")
    del made.store.journal.flush  # type: ignore[attr-defined]
