"""Calls and their traces for those who ask (S004-62, S004-63)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.schema import StoreLimits
from controlplane.service.call import CallService, join, page_of
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.directory import AccountId
from edge.journal import CallId, TraceEvent
from tests.support.database import new_database
from tests.support.journal import ACCOUNT, cdr, event, open_call


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    new_database(tmp_path)
    store = await Store.open(DataFolder.open(tmp_path), StoreLimits(), lambda: 1_000)
    yield store
    await store.close()


def service(store: Store, live: dict[str, list[TraceEvent]] | None = None) -> CallService:
    return CallService(store, lambda call: (live or {}).get(call, ()), page_rows=3)


async def test_a_row_has_the_columns_of_the_contract_and_is_numbered_from_one(store: Store) -> None:
    store.journal.closed(cdr())
    store.journal.traced(CallId("call_1"), [event("INVITE", 5, message=b"x"), event("200", 6)])
    rows = await service(store).trace("call_1")
    assert rows is not None
    assert list(rows[0]) == ["seq", "ts", "layer", "event", "node_id", "outcome", "data"]
    assert [(row["seq"], row["event"]) for row in rows] == [(1, "INVITE"), (2, "200")]
    assert rows[0]["data"] == {"message": "x"}


async def test_rows_are_sorted_by_time_then_number(store: Store) -> None:
    store.journal.traced(CallId("call_1"), [event("late", 9), event("early", 5), event("second", 5)])
    rows = await service(store).trace("call_1")
    assert rows is not None
    assert [(row["ts"], row["seq"], row["event"]) for row in rows] == [
        (5, 2, "early"),
        (5, 3, "second"),
        (9, 1, "late"),
    ]


async def test_a_live_call_has_its_latest_rows(store: Store) -> None:
    store.journal.opened(open_call())
    store.journal.traced(CallId("call_1"), [event("INVITE", 1)])
    await store.flush()
    store.journal.traced(CallId("call_1"), [event("200", 2)])
    calls = service(store, {"call_1": [event("ACK", 3)]})
    for name in ("call_1", "sip-call_1"):
        rows = await calls.trace(name)
        assert rows is not None and [row["event"] for row in rows] == ["INVITE", "200", "ACK"]


async def test_an_unknown_call_is_none(store: Store) -> None:
    calls = service(store)
    assert await calls.trace("call_x") is None and await calls.find("call_x") is None


async def test_a_call_without_rows_is_an_empty_trace(store: Store) -> None:
    store.journal.closed(cdr())
    assert await service(store).trace("sip-call_1") == []


async def test_live_calls_come_before_those_that_ended(store: Store) -> None:
    store.journal.opened(open_call("call_live"))
    for number in range(5):
        store.journal.closed(cdr(f"call_{number}", started_at=number))
    calls = service(store)
    recent = await calls.recent(limit=100)
    assert [row["id"] for row in recent["live"]] == ["call_live"]
    assert [row["id"] for row in recent["ended"]] == ["call_4", "call_3", "call_2"], "page_rows is the limit"
    page = await calls.recent(before=page_of("2"))
    assert page["live"] == [] and [row["id"] for row in page["ended"]] == ["call_1", "call_0"]
    assert await calls.recent(account="acc_x") == {"live": [], "ended": [], "next": None}
    found = await calls.find("call_live")
    assert found is not None and found["state"] == "live"


async def test_pages_follow_each_other_also_where_many_calls_began_at_once(store: Store) -> None:
    for number in range(7):
        store.journal.closed(cdr(f"call_{number}", started_at=number // 4))
    calls, seen, page = service(store), [], await service(store).recent()
    while True:
        seen += [row["id"] for row in page["ended"]]
        if (after := page["next"]) is None:
            break
        page = await calls.recent(before=page_of(after))
    assert seen == [f"call_{number}" for number in reversed(range(7))]


async def test_an_account_sees_its_own_live_calls_whatever_others_have(store: Store) -> None:
    for number in range(5):
        store.journal.opened(
            replace(open_call(f"call_{number}", 9_000 + number), account=AccountId("acc_big"))
        )
    store.journal.opened(open_call("call_mine", 1_000))
    calls = service(store)
    assert [row["id"] for row in (await calls.recent(account=ACCOUNT))["live"]] == ["call_mine"]
    assert await calls.find("call_0", ACCOUNT) is None and await calls.trace("call_0", ACCOUNT) is None
    assert await calls.trace("call_mine", ACCOUNT) == []


@pytest.mark.parametrize("text", ["x", "-1", "1e3", "٣", "9" * 16, "", "/call_1"])
def test_what_is_no_page_is_none(text: str) -> None:
    assert page_of(text) is None


def test_joining_never_doubles_and_never_misses() -> None:
    rows = [{"seq": number} for number in range(6)]
    for written in range(7):
        for first in range(written + 1):
            for last in range(first, 7):
                expected = rows[: max(written, last)]
                assert join(rows[:written], rows[first:last]) == expected
