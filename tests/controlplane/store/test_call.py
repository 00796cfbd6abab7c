"""Rows of `open_call` and `cdr`, in a real file."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import call
from controlplane.store.batch import Batch
from edge.directory import AccountId
from edge.journal import CallId
from tests.support.database import Database
from tests.support.journal import ACCOUNT, cdr, open_call


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[AsyncConnection]:
    writer = database.writer()
    ended = [cdr(f"call_{n}", started_at=1_000 * n, sip_call_id=f"s{n % 2}") for n in range(4)]
    live = open_call("call_live", started_at=9_000)
    writer.write(Batch(opened={live.id: live}, closed={row.id: row for row in ended}))
    writer.close()
    engine = database.engine()
    async with engine.begin() as connection:
        yield connection
    await engine.dispose()


async def test_calls_are_listed_newest_first(connection: AsyncConnection) -> None:
    assert [row.id for row in await call.latest(connection, limit=2)] == ["call_3", "call_2"]
    older = await call.latest(connection, limit=9, before=(2_000, ""))
    assert [row.id for row in older] == ["call_1", "call_0"]
    assert len(await call.latest(connection, limit=9, account=ACCOUNT)) == 4
    assert await call.latest(connection, limit=9, account=AccountId("acc_x")) == []


async def test_a_call_is_found_by_both_ids(connection: AsyncConnection) -> None:
    newest = await call.find(connection, "s1")
    assert newest is not None and newest.id == "call_3"
    assert await call.find(connection, "call_0") == cdr("call_0", started_at=0, sip_call_id="s0")
    assert await call.find(connection, "none") is None
    assert await call.find(connection, "call_0", account="acc_x") is None
    assert await call.open_calls(connection, limit=9) == [open_call("call_live", started_at=9_000)]
    assert len(await call.open_calls(connection, "sip-call_live", limit=9)) == 1
    assert await call.open_calls(connection, "call_0", limit=9) == []


async def test_leftovers_become_interrupted_cdrs_once(connection: AsyncConnection) -> None:
    assert await call.close_leftovers(connection) == 1
    left = await call.find(connection, "call_live")
    assert left is not None and left.disposition == "interrupted"
    assert (left.ended_at, left.answered_at) == (9_000, None)
    assert await call.close_leftovers(connection) == 0
    assert await call.open_calls(connection, limit=9) == []


def test_statistics_of_any_kind_are_kept() -> None:
    row = call.encode_cdr(cdr(media={"a": {"raw": b"\xff", "big": 1 << 70}}))
    assert row[15] == '{"a": {"raw": "\\\\xff", "big": "1180591620717411303424"}}'
    assert call.encode_cdr(cdr())[15] == "{}"
    assert call.encode_open(open_call())[0] == CallId("call_1")
