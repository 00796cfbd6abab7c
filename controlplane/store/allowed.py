"""Addresses and networks allowed at run time: rows of `allowed_network`."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement
from controlplane.store.table import ALLOWED_NETWORK
from edge.security.ban import AllowRecord

UPSERT: Final = statement.upsert(ALLOWED_NETWORK)
DELETE: Final = statement.delete(ALLOWED_NETWORK)

Row = tuple[object, ...]


def encode(record: AllowRecord) -> Row:
    return (record.network, "", record.note, record.created_at)


async def all_of_them(connection: AsyncConnection) -> list[AllowRecord]:
    query = sa.select(ALLOWED_NETWORK).order_by(ALLOWED_NETWORK.c.created_at)
    return [
        AllowRecord(row.network, row.note, row.created_at)
        for row in (await connection.execute(query)).fetchall()
    ]
