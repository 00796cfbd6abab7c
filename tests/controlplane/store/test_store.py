"""The store from open to close, with a real database."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from config.schema import StoreLimits
from controlplane.store import call, journal
from controlplane.store.error import StoreError
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.journal import CallId, TraceEvent
from tests.support.database import Database, new_database
from tests.support.journal import ACCOUNT, binding, event, kept, open_call, removed


async def opened(path: Path, wall: int = 1_000) -> Store:
    return await Store.open(DataFolder.open(path), StoreLimits(), lambda: wall)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new_database(tmp_path)
    return tmp_path


async def test_bindings_come_back_after_a_restart(database: Database) -> None:
    store = await database.store(lambda: 1_000)
    answers: list[bool] = []
    store.journal.promise([kept("1", path=("<sip:p;lr>", "<sip:q;lr>")), kept("2")], answers.append)
    store.journal.promise([removed("2")], answers.append)
    await store.close()
    assert answers == [True, True]
    store = await database.store(lambda: 1_000)
    assert store.take_bindings() == [binding("1", path=("<sip:p;lr>", "<sip:q;lr>"))]
    assert store.take_bindings() == []
    await store.close()


async def test_expired_bindings_do_not_come_back(database: Database) -> None:
    store = await database.store(lambda: 1_000)
    store.journal.promise([kept("1", expires_at=5_000), kept("2", expires_at=5_001)], lambda good: None)
    await store.close()
    store = await database.store(lambda: 5_000)
    assert [kept.aor for kept in store.take_bindings()] == ["2"]
    await store.close()


async def test_calls_cut_off_by_a_crash_become_interrupted_cdrs(database: Database) -> None:
    store = await database.store(lambda: 9_000)
    store.journal.opened(open_call("call_1", started_at=2_000))
    store.journal.opened(open_call("call_2", started_at=3_000))
    store.journal.traced(CallId("call_1"), [event()])
    await store.close()
    store = await database.store(lambda: 60_000)
    assert store.interrupted == 2
    async with store.engine.connect() as connection:
        second, first = await call.latest(connection, limit=10)
    assert (first.id, first.disposition, first.cause) == ("call_1", "interrupted", "interrupted")
    assert (first.ended_at, second.ended_at) == (9_000, 3_000), "when they were last heard of"
    assert first.answered_at is None and first.account == ACCOUNT
    await store.close()
    store = await database.store(lambda: 1_000)
    assert store.interrupted == 0
    await store.close()


async def test_a_call_that_was_cut_off_had_been_answered_if_its_trace_says_so(database: Database) -> None:
    """What it cost until then is billed, and counts against the caller's limits."""
    store = await database.store(lambda: 9_000)
    store.journal.opened(open_call("call_1", started_at=2_000))
    store.journal.opened(open_call("call_2", started_at=3_000))
    where: dict[str, object] = {"account": "acc_demo", "did": ""}
    rows = [
        TraceEvent(2_001, "route", "forward", "+4930123456", data=where),
        TraceEvent(2_002, "route", "ring", data={"uri": "sip:1002@192.0.2.1"}),
        TraceEvent(4_000, "call", "answered"),
    ]
    store.journal.traced(CallId("call_1"), rows[:1])
    await asyncio.sleep(0)
    store.journal.traced(CallId("call_1"), rows[1:])
    store.journal.traced(CallId("call_2"), [TraceEvent(3_001, "route", "agent", "demo", data=where)])
    await store.close()
    store = await database.store(lambda: 60_000)
    async with store.engine.connect() as connection:
        second, first = await call.latest(connection, limit=10)
        (spent,) = await call.outbound_since(connection, 0)
    assert (first.target, first.answered_at, first.sip_status) == ("forward:+4930123456", 4_000, 200)
    assert (second.target, second.answered_at, second.sip_status) == ("agent:demo", None, 0)
    assert (spent.number, spent.seconds) == ("+4930123456", 5.0)
    await store.close()


async def test_a_failing_disk_is_said_until_it_is_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "RETRY", 0.01)
    store = await opened(folder)
    assert store.trouble() == []
    blocker = sqlite3.connect(folder / "tandem.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    store._writer._connection._connection.execute("PRAGMA busy_timeout=0")  # type: ignore[attr-defined]
    answers: list[bool] = []
    store.journal.promise([kept()], answers.append)
    await store.flush()
    assert answers == [False] and store.trouble() == ["database: database is locked"]
    blocker.execute("ROLLBACK")
    blocker.close()
    store.journal.promise([kept()], answers.append)
    await store.flush()
    assert answers == [False, True]
    assert store.trouble() == []
    await store.close()


async def test_a_damaged_database_is_one_line(folder: Path) -> None:
    with sqlite3.connect(folder / "tandem.db") as connection:
        connection.execute("DROP TABLE open_call")
    connection.close()
    holder = DataFolder.open(folder)
    with pytest.raises(StoreError, match="open_call"):
        await Store.open(holder, StoreLimits(), lambda: 1)
    holder.close()
