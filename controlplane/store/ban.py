"""Bans of this node and those that other nodes reported: rows of `ban`, one for each node and network."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement
from controlplane.store.table import BAN
from edge.security.ban import BanRecord

UPSERT: Final = statement.upsert(BAN)
PRUNE: Final = statement.plain(
    "DELETE FROM ban WHERE (node, network) IN "
    "(SELECT node, network FROM ban WHERE expires_at < ? ORDER BY expires_at LIMIT ?)"
)

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class NodeBan:
    node: str
    ban: BanRecord
    gone_at: int | None = None
    "When a report of its node did not name it any more [ms UTC]."


def encode(row: NodeBan) -> Row:
    ban = row.ban
    return (
        row.node,
        ban.network,
        "",
        ban.rule,
        ban.count,
        ban.first_seen,
        ban.last_seen,
        ban.expires_at,
        ban.user_agent,
        ban.note,
        ban.lifted_at,
        row.gone_at,
    )


def _decode(row: sa.Row[Any]) -> NodeBan:
    ban = BanRecord(
        network=row.network,
        rule=row.rule,
        count=row.count_,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        expires_at=row.expires_at,
        user_agent=row.user_agent,
        note=row.note,
        lifted_at=row.lifted_at,
    )
    return NodeBan(row.node, ban, row.gone_at)


def _in_force(wall_ms: int) -> sa.ColumnElement[bool]:
    return sa.and_(BAN.c.expires_at > wall_ms, BAN.c.lifted_at.is_(None), BAN.c.gone_at.is_(None))


async def active(connection: AsyncConnection, node: str | None, wall_ms: int) -> list[NodeBan]:
    """Bans of one node, or of all, that hold at `wall_ms`."""
    query = _select().where(_in_force(wall_ms))
    if node is not None:
        query = query.where(BAN.c.node == node)
    return [_decode(row) for row in (await connection.execute(query)).fetchall()]


async def search(
    connection: AsyncConnection, *, status: str, q: str, wall_ms: int, offset: int, limit: int
) -> list[NodeBan]:
    """The latest first.

    Args:
        status: `active`, `expired`, `unbanned`, or empty for all.
        q: the beginning of a network, or part of a rule or User-Agent; empty for all.
    """
    query = _select().order_by(BAN.c.last_seen.desc(), BAN.c.node, BAN.c.network).limit(limit).offset(offset)
    match status:
        case "active":
            query = query.where(_in_force(wall_ms))
        case "unbanned":
            query = query.where(BAN.c.lifted_at.is_not(None))
        case "expired":
            query = query.where(BAN.c.lifted_at.is_(None), sa.not_(_in_force(wall_ms)))
    if q:
        query = query.where(
            sa.or_(
                BAN.c.network.startswith(q, autoescape=True),
                BAN.c.rule.icontains(q, autoescape=True),
                BAN.c.user_agent.icontains(q, autoescape=True),
            )
        )
    return [_decode(row) for row in (await connection.execute(query)).fetchall()]


def _select() -> sa.Select[Any]:
    # `row.count` is a method of tuples.
    return sa.select(
        *(column.label("count_") if column.name == "count" else column for column in BAN.columns)
    )
