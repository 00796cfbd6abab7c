"""Calls that are up (`open_call`) and calls that were (`cdr`)."""

from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement, trace
from controlplane.store.plain import dump
from controlplane.store.table import CDR, OPEN_CALL, TRACE_CHUNK
from edge.directory import AccountId
from edge.journal import CallId, Cdr, OpenCall

INSERT_OPEN: Final = statement.upsert(OPEN_CALL)
DELETE_OPEN: Final = statement.delete(OPEN_CALL)
INSERT_CDR: Final = statement.upsert(CDR)
PRUNE: Final = statement.plain(
    "DELETE FROM cdr WHERE id IN (SELECT id FROM cdr WHERE started_at < ? ORDER BY started_at LIMIT ?)"
)

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Outbound:
    """What one caller spent on one number of the public network."""

    account: AccountId
    user: str
    "Number of the user who called; empty for forwards."
    number: str
    seconds: float


def encode_open(call: OpenCall) -> Row:
    return (
        call.id,
        statement.workspace_of(call.account),
        call.account,
        call.sip_call_id,
        call.direction,
        call.caller,
        call.callee,
        call.started_at,
    )


def encode_cdr(cdr: Cdr) -> Row:
    return (
        cdr.id,
        statement.workspace_of(cdr.account),
        cdr.account,
        cdr.sip_call_id,
        cdr.direction,
        cdr.caller,
        cdr.callee,
        cdr.started_at,
        cdr.target,
        cdr.answered_at,
        cdr.ended_at,
        cdr.disposition,
        cdr.cause,
        cdr.sip_status,
        cdr.q850,
        dump(cdr.media).decode() if cdr.media else "{}",
        cdr.queue,
        cdr.agent,
        cdr.wait_ms,
    )


def _decode(row: sa.Row[Any]) -> Cdr:
    return Cdr(
        id=CallId(row.id),
        account=AccountId(row.account_id),
        sip_call_id=row.sip_call_id,
        direction=row.direction,
        caller=row.caller,
        callee=row.callee,
        target=row.target,
        started_at=row.started_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        disposition=row.disposition,
        cause=row.cause,
        sip_status=row.sip_status,
        q850=row.q850,
        media=orjson.loads(row.media),
        queue=row.queue,
        agent=row.agent,
        wait_ms=row.wait_ms,
    )


async def latest(
    connection: AsyncConnection, *, account: str = "", before: tuple[int, str] | None = None, limit: int
) -> list[Cdr]:
    """Newest first.

    Args:
        account: whose; empty: everybody's.
        before: only what comes after the call that began then [ms UTC] and has this id.
    """
    query = sa.select(CDR).order_by(CDR.c.started_at.desc(), CDR.c.id.desc()).limit(limit)
    if account:
        query = query.where(CDR.c.account_id == account)
    if before is not None:
        at, id = before
        # The first of the two is for the index.
        query = query.where(CDR.c.started_at <= at, sa.or_(CDR.c.started_at < at, CDR.c.id < id))
    return [_decode(row) for row in (await connection.execute(query)).fetchall()]


async def oldest_of(connection: AsyncConnection, rows: int) -> int:
    """When the oldest of the latest `rows` calls began [ms UTC]; 0 when there are fewer."""
    query = sa.select(CDR.c.started_at).order_by(CDR.c.started_at.desc()).offset(rows - 1).limit(1)
    return (await connection.execute(query)).scalar() or 0


async def find(connection: AsyncConnection, name: str, *, account: str = "") -> Cdr | None:
    """By our id, else by SIP Call-ID, which several calls may share: the newest of them.

    Args: account: whose it must be; empty: anybody's.
    """
    for column in (CDR.c.id, CDR.c.sip_call_id):
        query = sa.select(CDR).where(column == name).order_by(CDR.c.started_at.desc()).limit(1)
        if account:
            query = query.where(CDR.c.account_id == account)
        if (row := (await connection.execute(query)).fetchone()) is not None:
            return _decode(row)
    return None


async def outbound_since(connection: AsyncConnection, since: int) -> list[Outbound]:
    """Answered calls to the public network that began after `since` [ms UTC], added up."""
    forward = "forward:"
    query = (
        sa.select(
            CDR.c.account_id,
            CDR.c.direction,
            CDR.c.caller,
            CDR.c.target,
            sa.func.sum(CDR.c.ended_at - CDR.c.answered_at).label("ms"),
        )
        .where(CDR.c.started_at > since, CDR.c.answered_at.is_not(None), CDR.c.target.startswith(forward))
        .group_by(CDR.c.account_id, CDR.c.direction, CDR.c.caller, CDR.c.target)
    )
    return [
        Outbound(
            AccountId(row.account_id),
            row.caller if row.direction == "out" else "",
            row.target.removeprefix(forward),
            float(row.ms) / 1000,  # PostgreSQL adds up as numeric
        )
        for row in (await connection.execute(query)).fetchall()
    ]


async def open_calls(
    connection: AsyncConnection, name: str | None = None, *, account: str = "", limit: int
) -> list[OpenCall]:
    """Calls that are up, newest first.

    Args:
        name: only those with this id or SIP Call-ID.
        account: whose; empty: everybody's.
    """
    # Ids begin with the time (`edge/ident.py`), and are the key: nothing has to be sorted.
    query = sa.select(OPEN_CALL).order_by(OPEN_CALL.c.id.desc()).limit(limit)
    if name is not None:
        query = query.where(sa.or_(OPEN_CALL.c.id == name, OPEN_CALL.c.sip_call_id == name))
    if account:
        query = query.where(OPEN_CALL.c.account_id == account)
    return [
        OpenCall(
            id=CallId(row.id),
            account=AccountId(row.account_id),
            sip_call_id=row.sip_call_id,
            direction=row.direction,
            caller=row.caller,
            callee=row.callee,
            started_at=row.started_at,
        )
        for row in (await connection.execute(query)).fetchall()
    ]


async def close_leftovers(connection: AsyncConnection) -> int:
    """Calls that a crash cut off become CDRs; they ended when last heard of. Returns their number.

    Where they went and since when they talked is told by their traces, which may lag by a second.
    """
    heard = (
        sa.select(sa.func.max(TRACE_CHUNK.c.written_at))
        .where(TRACE_CHUNK.c.call_id == OPEN_CALL.c.id)
        .scalar_subquery()
    )
    copied = (
        "id",
        "workspace_id",
        "account_id",
        "sip_call_id",
        "direction",
        "caller",
        "callee",
        "started_at",
    )
    unwritten = OPEN_CALL.c.id.not_in(sa.select(CDR.c.id))
    found = (await connection.execute(sa.select(OPEN_CALL.c.id).where(unwritten))).scalars().all()
    leftovers = sa.select(
        *(OPEN_CALL.c[name] for name in copied),
        sa.literal(""),
        sa.func.coalesce(heard, OPEN_CALL.c.started_at),
        sa.literal("interrupted"),
        sa.literal("interrupted"),
        sa.literal(0),
        sa.literal(41),  # Q.850 temporary failure
        sa.literal("{}"),
    ).where(unwritten)
    filled = ("target", "ended_at", "disposition", "cause", "sip_status", "q850", "media")
    await connection.execute(sa.insert(CDR).from_select([*copied, *filled], leftovers))
    await connection.execute(sa.delete(OPEN_CALL))
    for id in found:
        target, answered_at = await trace.outset(connection, id)
        known: dict[str, object] = {"target": target, "answered_at": answered_at}
        if answered_at is not None:
            known["sip_status"] = 200
        await connection.execute(sa.update(CDR).where(CDR.c.id == id).values(known))
    return len(found)
