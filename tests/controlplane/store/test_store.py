"""The store from open to close, with a real file."""

import sqlite3
from pathlib import Path

import pytest

from config.schema import StoreLimits
from controlplane.store import call, trace
from controlplane.store.error import StoreError
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.journal import CallId
from tests.support.database import new_database
from tests.support.journal import ACCOUNT, binding, cdr, event, kept, open_call, removed


async def opened(path: Path, wall: int = 1_000) -> Store:
    return await Store.open(DataFolder.open(path), StoreLimits(), lambda: wall)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new_database(tmp_path)
    return tmp_path


async def test_bindings_come_back_after_a_restart(folder: Path) -> None:
    store = await opened(folder)
    answers: list[bool] = []
    store.journal.bindings([kept("1", path=("<sip:p;lr>", "<sip:q;lr>")), kept("2")], answers.append)
    store.journal.bindings([removed("2")], answers.append)
    await store.close()
    assert answers == [True, True]
    store = await opened(folder)
    assert store.take_bindings() == [binding("1", path=("<sip:p;lr>", "<sip:q;lr>"))]
    assert store.take_bindings() == []
    await store.close()


async def test_expired_bindings_do_not_come_back(folder: Path) -> None:
    store = await opened(folder)
    store.journal.bindings([kept("1", expires_at=5_000), kept("2", expires_at=5_001)], lambda good: None)
    await store.close()
    store = await opened(folder, wall=5_000)
    assert [kept.aor for kept in store.take_bindings()] == ["2"]
    await store.close()


async def test_calls_cut_off_by_a_crash_become_interrupted_cdrs(folder: Path) -> None:
    store = await opened(folder, wall=9_000)
    store.journal.opened(open_call("call_1", started_at=2_000))
    store.journal.opened(open_call("call_2", started_at=3_000))
    store.journal.traced(CallId("call_1"), [event()])
    await store.close()
    store = await opened(folder, wall=60_000)
    assert store.interrupted == 2
    async with store.engine.connect() as connection:
        second, first = await call.latest(connection, limit=10)
    assert (first.id, first.disposition, first.cause) == ("call_1", "interrupted", "interrupted")
    assert (first.ended_at, second.ended_at) == (9_000, 3_000), "when they were last heard of"
    assert first.answered_at is None and first.account == ACCOUNT
    await store.close()
    store = await opened(folder)
    assert store.interrupted == 0
    await store.close()


async def test_calls_are_listed_newest_first_and_found_by_both_ids(folder: Path) -> None:
    store = await opened(folder)
    for number in range(4):
        store.journal.closed(cdr(f"call_{number}", started_at=1_000 * number, sip_call_id=f"s{number % 2}"))
    await store.flush()
    async with store.engine.connect() as connection:
        assert [row.id for row in await call.latest(connection, limit=2)] == ["call_3", "call_2"]
        assert [row.id for row in await call.latest(connection, limit=9, before=2_000)] == [
            "call_1",
            "call_0",
        ]
        assert await call.latest(connection, limit=9, account=ACCOUNT.__class__("acc_x")) == []
        assert [row.id for row in await call.find(connection, "s1", 9)] == ["call_3", "call_1"]
        (found,) = await call.find(connection, "call_0", 9)
        assert found == cdr("call_0", started_at=0, sip_call_id="s0")
        assert await call.find(connection, "none", 9) == []
    await store.close()


async def test_a_trace_is_read_in_the_order_in_which_it_came(folder: Path) -> None:
    store = await opened(folder)
    store.journal.traced(CallId("call_1"), [event("INVITE", 5, message=b"INVITE\r\n"), event("100", 6)])
    await store.flush()
    store.journal.traced(CallId("call_2"), [event("OTHER")])
    store.journal.traced(CallId("call_1"), [event("200", 4)])
    await store.flush()
    async with store.engine.connect() as connection:
        found = await trace.of_call(connection, "call_1")
    assert [row["event"] for row in found] == ["INVITE", "100", "200"]
    assert found[0] == {
        "ts": 5,
        "layer": "sip",
        "event": "INVITE",
        "node_id": "",
        "outcome": "received",
        "data": {"message": "INVITE\r\n"},
    }
    await store.close()


async def test_a_damaged_database_is_one_line(folder: Path) -> None:
    with sqlite3.connect(folder / "tandem.db") as connection:
        connection.execute("DROP TABLE open_call")
    connection.close()
    holder = DataFolder.open(folder)
    with pytest.raises(StoreError, match="open_call"):
        await Store.open(holder, StoreLimits(), lambda: 1)
    holder.close()
