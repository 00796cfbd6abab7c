"""What agents of queues said (`queue_agent`), and every change of their state (`agent_move`)."""

from typing import Final

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement
from controlplane.store.table import AGENT_MOVE, QUEUE_AGENT
from edge.acd.record import Told, Transition
from edge.acd.state import State, Status
from edge.acd.terms import AgentId
from edge.directory import AccountId

UPSERT: Final = statement.upsert(QUEUE_AGENT)
INSERT_MOVE: Final = statement.insert(AGENT_MOVE, without=("seq",))
PRUNE_MOVES: Final = statement.plain(
    "DELETE FROM agent_move WHERE seq IN (SELECT seq FROM agent_move WHERE at < ? ORDER BY at LIMIT ?)"
)

Row = tuple[object, ...]


def encode(told: Told) -> Row:
    """In column order."""
    memberships = told.memberships
    return (
        told.account,
        told.agent,
        statement.workspace_of(told.account),
        told.status.value,
        told.reason,
        told.since,
        None if memberships is None else orjson.dumps(dict(memberships)).decode(),
    )


def encode_move(row: Transition) -> Row:
    """In column order, without `seq`."""
    return (
        statement.workspace_of(row.account),
        row.account,
        row.agent,
        row.at,
        row.status.value,
        row.state.value,
        row.cause,
        row.reason,
        row.queue,
        row.call,
    )


async def all_of_them(connection: AsyncConnection) -> list[Told]:
    rows = (await connection.execute(sa.select(QUEUE_AGENT))).fetchall()
    return [
        Told(
            AccountId(row.account_id),
            AgentId(row.agent_id),
            Status(row.status),
            row.reason,
            row.since,
            None if row.memberships is None else orjson.loads(row.memberships),
        )
        for row in rows
    ]


async def moves(
    connection: AsyncConnection, account: AccountId, agent: AgentId | None, since: int, limit: int
) -> list[Transition]:
    """The latest `limit` since [ms UTC], oldest first. Args: agent: None: of all."""
    query = sa.select(AGENT_MOVE).where(AGENT_MOVE.c.account_id == account, AGENT_MOVE.c.at >= since)
    if agent is not None:
        query = query.where(AGENT_MOVE.c.agent_id == agent)
    rows = (await connection.execute(query.order_by(AGENT_MOVE.c.seq.desc()).limit(limit))).fetchall()
    return [
        Transition(
            AccountId(row.account_id),
            AgentId(row.agent_id),
            row.at,
            Status(row.status),
            State(row.state),
            row.cause,
            row.reason,
            row.queue,
            row.call_id,
        )
        for row in reversed(rows)
    ]
