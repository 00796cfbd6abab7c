"""Contacts of addresses of record: rows of `binding`."""

from typing import Final

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.store import statement
from controlplane.store.plain import dump
from controlplane.store.table import BINDING
from edge.directory import AccountId
from edge.journal import Binding, BindingChange

UPSERT: Final = statement.upsert(BINDING)
DELETE: Final = statement.delete(BINDING)

Row = tuple[object, ...]


def encode(binding: Binding) -> Row:
    """In column order."""
    return (
        binding.account,
        binding.aor,
        binding.contact,
        statement.workspace_of(binding.account),
        binding.q,
        binding.expires_at,
        binding.call_id,
        binding.cseq,
        dump(binding.path).decode() if binding.path else "[]",
        binding.flow,
        binding.user_agent,
        binding.instance,
        binding.reg_id,
    )


def key(change: BindingChange) -> Row:
    return (change.account, change.aor, change.contact)


async def live(connection: AsyncConnection, wall_ms: int) -> list[Binding]:
    """Every binding that has not expired at `wall_ms` [ms UTC]."""
    rows = await connection.execute(sa.select(BINDING).where(BINDING.c.expires_at > wall_ms))
    return [
        Binding(
            account=AccountId(account),
            aor=aor,
            contact=contact,
            q=q,
            expires_at=expires_at,
            call_id=call_id,
            cseq=cseq,
            path=() if path == "[]" else tuple(orjson.loads(path)),
            flow=flow,
            user_agent=user_agent,
            instance=instance,
            reg_id=reg_id,
        )
        for (
            account, aor, contact, _, q, expires_at, call_id, cseq, path, flow, user_agent, instance, reg_id
        ) in rows.fetchall()
    ]  # fmt: skip


async def remove_expired(connection: AsyncConnection, wall_ms: int) -> None:
    await connection.execute(sa.delete(BINDING).where(BINDING.c.expires_at <= wall_ms))
