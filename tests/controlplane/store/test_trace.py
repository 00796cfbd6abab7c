"""Rows of `trace_chunk`."""

import zlib

import orjson

from controlplane.store import trace
from controlplane.store.batch import Batch
from edge.journal import CallId
from tests.support.database import Database
from tests.support.journal import event


def test_a_chunk_is_small_and_holds_every_event() -> None:
    events = [
        event("INVITE", 1_000 + n, message=b"INVITE sip:9000@demo.local SIP/2.0\r\n" * 30) for n in range(10)
    ]
    workspace, call, written_at, packed = trace.encode("call_1", events, 7)
    assert (workspace, call, written_at) == ("", "call_1", 7)
    assert isinstance(packed, bytes) and len(packed) < 1_000
    assert [row["ts"] for row in orjson.loads(zlib.decompress(packed))] == list(range(1_000, 1_010))


def test_a_row_is_plain_in_the_order_of_the_contract() -> None:
    """S004-63, without `seq`."""
    assert list(trace.plain(event())) == ["ts", "layer", "event", "node_id", "outcome", "data"]


async def test_a_trace_is_read_in_the_order_in_which_it_came(database: Database) -> None:
    writer = database.writer()
    first, other = CallId("call_1"), CallId("call_2")
    writer.write(Batch(traces={first: [event("INVITE", 5, message=b"\r\n"), event("100", 6)]}))
    writer.write(Batch(traces={other: [event("OTHER")], first: [event("200", 4)]}))
    writer.close()
    engine = database.engine()
    async with engine.connect() as connection:
        rows = await trace.of_call(connection, "call_1")
        assert await trace.of_call(connection, "call_x") == []
    await engine.dispose()
    assert [row["event"] for row in rows] == ["INVITE", "100", "200"]
    assert rows[0]["data"] == {"message": "\r\n"}
