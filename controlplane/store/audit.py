"""Who changed what: rows of `audit`, kept as long as CDRs."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement
from controlplane.store.act import Act
from controlplane.store.table import AUDIT

INSERT: Final = statement.insert(AUDIT, without=("seq",))
PRUNE: Final = statement.plain(
    "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < ? ORDER BY at LIMIT ?)"
)


@dataclass(frozen=True, slots=True)
class Deed:
    account: str
    "Empty: the platform's."
    at: int
    "[ms UTC]"
    actor: str
    "`cli`, `token`, `node`, or `key:` with its id."
    action: str
    kind: str
    name: str


def act(deed: Deed) -> Act:
    workspace = statement.workspace_of(deed.account) if deed.account else ""
    row = (workspace, deed.account, deed.at, deed.actor, deed.action, deed.kind, deed.name)
    return Act(INSERT, row)


async def latest(connection: AsyncConnection, limit: int) -> list[Deed]:
    """The youngest first."""
    query = sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit)
    return [
        Deed(row.account_id, row.at, row.actor, row.action, row.kind, row.name)
        for row in (await connection.execute(query)).fetchall()
    ]
