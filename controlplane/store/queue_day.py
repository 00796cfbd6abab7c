"""What queues did, by day: counts that are added to, one row for each queue and day (`queue_day`).

A batch that a lost connection leaves in doubt is written again: then its counts may be in twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement
from controlplane.store.table import QUEUE_DAY, QUEUE_DAY_COUNTS
from edge.directory import AccountId

ADD: Final = statement.accumulate(QUEUE_DAY)
PRUNE: Final = statement.plain("DELETE FROM queue_day WHERE day < ?")

Key = tuple[AccountId, str, str]
"Account, name of the queue, and the day of the account's own calendar, such as 2026-11-28."
Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class QueueDay:
    account: AccountId
    queue: str
    day: str
    counts: tuple[int, ...]
    "As `QUEUE_DAY_COUNTS` names them."


def added(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(sum, zip(one, other, strict=True)))


def encode(key: Key, counts: Sequence[int]) -> Row:
    """In column order."""
    account, queue, day = key
    return (account, queue, day, statement.workspace_of(account), *counts)


async def of_account(
    connection: AsyncConnection, account: AccountId, since: str, until: str, limit: int
) -> list[QueueDay]:
    """The latest `limit` rows of days from `since` to `until`, both included, oldest first."""
    table = QUEUE_DAY.c
    query = sa.select(QUEUE_DAY).where(table.account_id == account, table.day >= since, table.day <= until)
    query = query.order_by(table.day.desc(), table.queue.desc()).limit(limit)
    rows = (await connection.execute(query)).mappings().fetchall()
    return [
        QueueDay(account, row["queue"], row["day"], tuple(row[name] for name in QUEUE_DAY_COUNTS))
        for row in reversed(rows)
    ]
