"""API keys: rows of `api_key`. Of the secret there is a digest alone."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.auth.key import ApiKey
from controlplane.store import statement
from controlplane.store.act import Act
from controlplane.store.table import API_KEY

UPSERT: Final = statement.upsert(API_KEY)


def act(key: ApiKey) -> Act:
    return Act(
        UPSERT,
        (
            key.id,
            statement.workspace_of(key.account) if key.account else "",
            key.account,
            key.name,
            key.digest,
            " ".join(sorted(key.scopes)),
            key.created_at,
            key.expires_at,
            key.used_at,
            key.revoked_at,
            key.successor,
        ),
    )


async def all_of_them(connection: AsyncConnection) -> list[ApiKey]:
    """The oldest first, revoked ones too."""
    query = sa.select(API_KEY).order_by(API_KEY.c.created_at, API_KEY.c.id)
    return [
        ApiKey(
            row.id,
            row.account_id,
            row.name,
            row.digest,
            frozenset(row.scopes.split()),
            row.created_at,
            row.expires_at,
            row.used_at,
            row.revoked_at,
            row.successor,
        )
        for row in (await connection.execute(query)).fetchall()
    ]
