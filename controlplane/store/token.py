"""Tokens of users: rows of `token_key`, each secret sealed, and of `token_cutoff`. No token is kept."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement
from controlplane.store.act import Act
from controlplane.store.table import TOKEN_CUTOFF, TOKEN_KEY

PUT_KEY: Final = statement.upsert(TOKEN_KEY)
DROP_KEY: Final = statement.delete(TOKEN_KEY)
PUT_CUTOFF: Final = statement.upsert(TOKEN_CUTOFF)


@dataclass(frozen=True, slots=True)
class StoredKey:
    id: str
    created_at: int
    "[ms UTC]"
    ends_at: int | None
    "[ms UTC]; None: it is the one that signs."
    sealed: bytes


@dataclass(frozen=True, slots=True)
class StoredCutoff:
    account: str
    user: str
    cutoff: int
    "Tokens of before count no more [s UTC]."
    expires_at: int
    "[ms UTC]"


@dataclass(frozen=True, slots=True)
class Kept:
    keys: tuple[StoredKey, ...] = ()
    "The oldest first."
    cutoffs: tuple[StoredCutoff, ...] = ()


def put_key(key: StoredKey) -> Act:
    return Act(PUT_KEY, (key.id, "", key.created_at, key.ends_at, key.sealed))


def drop_key(id: str) -> Act:
    return Act(DROP_KEY, (id,))


def put_cutoff(row: StoredCutoff) -> Act:
    workspace = statement.workspace_of(row.account)
    return Act(PUT_CUTOFF, (row.account, row.user, workspace, row.cutoff, row.expires_at))


async def live(connection: AsyncConnection, wall_ms: int) -> Kept:
    """What holds at `wall_ms` [ms UTC]; the rest is removed."""
    key, cutoff = TOKEN_KEY.c, TOKEN_CUTOFF.c
    await connection.execute(sa.delete(TOKEN_KEY).where(key.ends_at <= wall_ms))
    await connection.execute(sa.delete(TOKEN_CUTOFF).where(cutoff.expires_at <= wall_ms))
    keys = await connection.execute(sa.select(TOKEN_KEY).order_by(key.created_at, key.id))
    cutoffs = await connection.execute(sa.select(TOKEN_CUTOFF))
    return Kept(
        tuple(StoredKey(row.id, row.created_at, row.ends_at, bytes(row.sealed)) for row in keys),
        tuple(StoredCutoff(row.account_id, row.user_id, row.cutoff, row.expires_at) for row in cutoffs),
    )
