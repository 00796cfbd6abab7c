"""Messages that callers left: rows of `voicemail`, each with its WAV in the media folder."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement
from controlplane.store.table import VOICEMAIL
from edge.directory import AccountId
from edge.journal import CallId

UPSERT: Final = statement.upsert(VOICEMAIL)
DELETE: Final = statement.delete(VOICEMAIL)

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Voicemail:
    key: str
    "Of the WAV in the media folder: `<account>/vm/<callId>.wav`."
    account: AccountId
    mailbox: str
    "The user's number."
    call: CallId
    caller: str
    started_at: int
    "[ms UTC]"
    milliseconds: int
    heard_at: int | None = None
    "[ms UTC]; None: new."


def encode(message: Voicemail) -> Row:
    return (
        message.key,
        statement.workspace_of(message.account),
        message.account,
        message.mailbox,
        message.call,
        message.caller,
        message.started_at,
        message.milliseconds,
        message.heard_at,
    )


def _decode(row: sa.Row[Any]) -> Voicemail:
    return Voicemail(
        key=row.key,
        account=AccountId(row.account_id),
        mailbox=row.mailbox,
        call=CallId(row.call_id),
        caller=row.caller,
        started_at=row.started_at,
        milliseconds=row.milliseconds,
        heard_at=row.heard_at,
    )


async def message(
    connection: AsyncConnection, account: AccountId, mailbox: str, index: int, before: int
) -> Voicemail | None:
    """Number `index`, oldest first, of the new ones, or of those heard before `before` [ms UTC] if not 0."""
    heard = VOICEMAIL.c.heard_at
    query = _of(account, mailbox).where(heard < before if before else heard.is_(None))
    query = query.order_by(VOICEMAIL.c.started_at, VOICEMAIL.c.key).offset(index).limit(1)
    row = (await connection.execute(query)).fetchone()
    return None if row is None else _decode(row)


async def before(connection: AsyncConnection, wall_ms: int, limit: int) -> list[Voicemail]:
    """Messages left before `wall_ms` [ms UTC], the oldest first."""
    query = sa.select(VOICEMAIL).where(VOICEMAIL.c.started_at < wall_ms)
    query = query.order_by(VOICEMAIL.c.started_at, VOICEMAIL.c.key).limit(limit)
    return [_decode(row) for row in (await connection.execute(query)).fetchall()]


async def keys(connection: AsyncConnection) -> set[str]:
    """Of every message."""
    return set((await connection.execute(sa.select(VOICEMAIL.c.key))).scalars())


async def by_key(connection: AsyncConnection, account: AccountId, mailbox: str, key: str) -> Voicemail | None:
    query = _of(account, mailbox).where(VOICEMAIL.c.key == key)
    row = (await connection.execute(query)).fetchone()
    return None if row is None else _decode(row)


@dataclass(frozen=True, slots=True)
class Count:
    account: AccountId
    mailbox: str
    new: int
    old: int


async def counts(
    connection: AsyncConnection, account: AccountId | None = None, mailbox: str = ""
) -> list[Count]:
    """Of one mailbox, or of every one that has a message."""
    columns = VOICEMAIL.c
    every, heard = sa.func.count(), sa.func.count(columns.heard_at)
    query = sa.select(columns.account_id, columns.mailbox, every.label("every"), heard.label("heard"))
    if account is not None:
        query = query.where(columns.account_id == account, columns.mailbox == mailbox)
    rows = (await connection.execute(query.group_by(columns.account_id, columns.mailbox))).fetchall()
    return [Count(AccountId(row.account_id), row.mailbox, row.every - row.heard, row.heard) for row in rows]


def _of(account: AccountId, mailbox: str) -> "sa.Select[Any]":
    return sa.select(VOICEMAIL).where(VOICEMAIL.c.account_id == account, VOICEMAIL.c.mailbox == mailbox)
