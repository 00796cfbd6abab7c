"""Traces of calls: rows of `trace_chunk`, each the events of one call in one commit.

A chunk is compressed JSON: a call's trace is some 10 kB of SIP messages that differ little, 1.5 kB when
deflated. Bytes become text; what is not UTF-8 in them is written as `\\xNN`.
"""

import zlib
from collections.abc import Sequence
from typing import Final

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement
from controlplane.store.plain import dump
from controlplane.store.table import TRACE_CHUNK
from edge.journal import TraceEvent

INSERT: Final = statement.insert(TRACE_CHUNK, without=("seq",))
PRUNE: Final = statement.plain(
    "DELETE FROM trace_chunk WHERE seq IN "
    "(SELECT seq FROM trace_chunk WHERE written_at < ? ORDER BY written_at LIMIT ?)"
)

_WINDOW_BITS, _MEMORY_LEVEL = 13, 6
# A chunk fits into such a window; clearing the tables of a larger one takes three times as long as the chunk.

Row = tuple[object, ...]


def plain(event: TraceEvent) -> dict[str, object]:
    """The event as JSON values, in the order of S004-63; `data` may still hold bytes."""
    return {
        "ts": event.ts,
        "layer": event.layer,
        "event": event.event,
        "node_id": event.node_id,
        "outcome": event.outcome,
        "data": event.data,
    }


def encode(call: str, events: Sequence[TraceEvent], wall_ms: int) -> Row:
    """In column order, without `seq`."""
    deflate = zlib.compressobj(1, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
    packed = deflate.compress(dump([plain(event) for event in events])) + deflate.flush()
    return ("", call, wall_ms, packed)


async def of_call(connection: AsyncConnection, call: str) -> list[dict[str, object]]:
    """Events of one call in the order in which they were handed over."""
    query = sa.select(TRACE_CHUNK.c.events).where(TRACE_CHUNK.c.call_id == call).order_by(TRACE_CHUNK.c.seq)
    chunks = (await connection.execute(query)).scalars().all()
    return [event for chunk in chunks for event in orjson.loads(zlib.decompress(chunk))]


async def outset(connection: AsyncConnection, call: str) -> tuple[str, int | None]:
    """Target and time of the answer [ms UTC] of a call without a CDR; empty and None if nothing tells."""
    query = sa.select(TRACE_CHUNK.c.events).where(TRACE_CHUNK.c.call_id == call).order_by(TRACE_CHUNK.c.seq)
    target = ""
    for chunk in (await connection.execute(query)).scalars():
        for event in orjson.loads(zlib.decompress(chunk)):
            match event:
                case {"layer": "route", "event": kind, "outcome": where, "data": {"account": _}}:
                    target = target or f"{kind}:{where}"
                case {"layer": "call", "event": "answered", "ts": answered_at}:
                    return target, answered_at
    return target, None


async def oldest_of(connection: AsyncConnection, chunks: int) -> int:
    """When the oldest of the latest `chunks` was written [ms UTC]; 0 when there are fewer."""
    query = sa.select(TRACE_CHUNK.c.written_at).order_by(TRACE_CHUNK.c.written_at.desc())
    return (await connection.execute(query.offset(chunks - 1).limit(1))).scalar() or 0
