"""What the edge takes up again after a restart: rows of `keepsake`, their data as JSON."""

from typing import Final

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement
from controlplane.store.plain import dump
from controlplane.store.table import KEEPSAKE
from edge.directory import AccountId
from edge.journal import Keepsake

UPSERT: Final = statement.upsert(KEEPSAKE)
DELETE: Final = statement.delete(KEEPSAKE)

Row = tuple[object, ...]


def encode(kept: Keepsake) -> Row:
    """In column order."""
    data = dump(kept.data).decode()
    return (kept.kind, kept.key, statement.workspace_of(kept.account), kept.account, kept.expires_at, data)


async def live(connection: AsyncConnection, wall_ms: int) -> list[Keepsake]:
    """Those that have not expired at `wall_ms` [ms UTC], in order of their keys."""
    columns = KEEPSAKE.c
    query = sa.select(KEEPSAKE).where(columns.expires_at > wall_ms).order_by(columns.kind, columns.key)
    return [
        Keepsake(row.kind, row.key, AccountId(row.account_id), row.expires_at, orjson.loads(row.data))
        for row in (await connection.execute(query)).fetchall()
    ]


async def remove_expired(connection: AsyncConnection, wall_ms: int) -> None:
    await connection.execute(sa.delete(KEEPSAKE).where(KEEPSAKE.c.expires_at <= wall_ms))
