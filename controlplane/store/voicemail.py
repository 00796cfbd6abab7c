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


async def of_mailbox(
    connection: AsyncConnection, account: AccountId, mailbox: str, limit: int
) -> list[Voicemail]:
    """Newest first."""
    query = (
        sa.select(VOICEMAIL)
        .where(VOICEMAIL.c.account_id == account, VOICEMAIL.c.mailbox == mailbox)
        .order_by(VOICEMAIL.c.started_at.desc())
        .limit(limit)
    )
    return [_decode(row) for row in (await connection.execute(query)).fetchall()]
