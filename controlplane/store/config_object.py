"""What the API has made: rows of `config_object`, each a sealed JSON document."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement
from controlplane.store.act import Act
from controlplane.store.table import CONFIG_OBJECT

UPSERT: Final = statement.upsert(CONFIG_OBJECT)
DELETE: Final = statement.delete(CONFIG_OBJECT)


@dataclass(frozen=True, slots=True)
class Stored:
    account: str
    kind: str
    name: str
    changed_at: int
    "[ms UTC]"
    sealed: bytes


def put(row: Stored) -> Act:
    workspace = statement.workspace_of(row.account)
    return Act(UPSERT, (row.account, row.kind, row.name, workspace, row.changed_at, row.sealed))


def remove(account: str, kind: str, name: str) -> Act:
    return Act(DELETE, (account, kind, name))


async def all_of_them(connection: AsyncConnection) -> list[Stored]:
    columns = CONFIG_OBJECT.c
    query = sa.select(CONFIG_OBJECT).order_by(columns.account_id, columns.kind, columns.name)
    return [
        Stored(row.account_id, row.kind, row.name, row.changed_at, bytes(row.sealed))
        for row in (await connection.execute(query)).fetchall()
    ]
