"""Which statements a batch is, for whichever database writes it.

A row that cannot be encoded (an integer beyond 64 bits, text that is not Unicode) must not take its company
with it: then the batch is written in its smallest parts, each behind a savepoint, its text made legible. So
a phone whose User-Agent is Latin-1 may register, and its calls have their CDRs.
"""

import datetime
import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from controlplane.store import (
    allowed,
    audit,
    ban,
    binding,
    call,
    keepsake,
    queue_agent,
    queue_day,
    trace,
    voicemail,
)
from controlplane.store.act import Act
from controlplane.store.batch import Batch
from controlplane.store.statement import Sql
from edge.journal import BindingChange, KeepsakeChange

PRUNE_ROWS: Final = 500
"Old trace chunks, CDRs and bans forgotten with one batch, of each."

Row = tuple[object, ...]


def statements(batch: Batch, wall_ms: int) -> Iterator[tuple[Sql, Sequence[Row]]]:
    """In an order in which no statement needs a later one. Args: wall_ms: now [ms UTC]."""
    if batch.promises:
        yield from _promised(batch)
    closed = batch.closed
    if opened := [call.encode_open(row) for key, row in batch.opened.items() if key not in closed]:
        yield call.INSERT_OPEN, opened
    if closed:
        yield call.INSERT_CDR, [call.encode_cdr(cdr) for cdr in closed.values()]
        if known := [(key,) for key in closed if key not in batch.opened]:
            yield call.DELETE_OPEN, known
    if batch.traces:
        yield trace.INSERT, [trace.encode(key, rows, wall_ms) for key, rows in batch.traces.items()]
    if left := [voicemail.encode(row) for row in batch.messages.values() if row is not None]:
        yield voicemail.UPSERT, left
    if erased := [(key,) for key, row in batch.messages.items() if row is None]:
        yield voicemail.DELETE, erased
    if batch.bans:
        yield ban.UPSERT, [ban.encode(row) for row in batch.bans.values()]
    if added := [allowed.encode(record) for record in batch.allowed.values() if record is not None]:
        yield allowed.UPSERT, added
    if removed := [(network,) for network, record in batch.allowed.items() if record is None]:
        yield allowed.DELETE, removed
    if batch.agents:
        yield queue_agent.UPSERT, [queue_agent.encode(told) for told in batch.agents.values()]
    if batch.moves:
        yield queue_agent.INSERT_MOVE, [queue_agent.encode_move(row) for row in batch.moves]
    if batch.queue_days:
        yield queue_day.ADD, [queue_day.encode(key, counts) for key, counts in batch.queue_days.items()]
    if batch.prune_cdrs_before is not None:
        yield queue_day.PRUNE, [(_day(batch.prune_cdrs_before),)]
        yield call.PRUNE, [(batch.prune_cdrs_before, PRUNE_ROWS)]
        yield audit.PRUNE, [(batch.prune_cdrs_before, PRUNE_ROWS)]
    if batch.prune_bans_before is not None:
        yield ban.PRUNE, [(batch.prune_bans_before, PRUNE_ROWS)]
    if batch.prune_before is not None:
        yield trace.PRUNE, [(batch.prune_before, PRUNE_ROWS)]
        yield queue_agent.PRUNE_MOVES, [(batch.prune_before, PRUNE_ROWS)]


def legible(row: Row) -> Row:
    """Text of peers keeps bytes that are no UTF-8 as lone surrogates, which no database takes."""
    return tuple(
        value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if isinstance(value, str) and not _is_unicode(value)
        else value
        for value in row
    )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _promised(batch: Batch) -> Iterator[tuple[Sql, Sequence[Row]]]:
    """Only the last word on a contact, or on a keepsake, counts."""
    changes = [change for promise in batch.promises for change in promise]
    last = {binding.key(change): change.binding for change in changes if isinstance(change, BindingChange)}
    if rows := [binding.encode(kept) for kept in last.values() if kept is not None]:
        yield binding.UPSERT, rows
    if gone := [key for key, kept in last.items() if kept is None]:
        yield binding.DELETE, gone
    held = {(c.kind, c.key): c.keepsake for c in changes if isinstance(c, KeepsakeChange)}
    if taken := [keepsake.encode(kept) for kept in held.values() if kept is not None]:
        yield keepsake.UPSERT, taken
    if lost := [where for where, kept in held.items() if kept is None]:
        yield keepsake.DELETE, lost
    # In their order: one may undo another.
    acts = [change for change in changes if isinstance(change, Act)]
    for sql, group in itertools.groupby(acts, lambda act: act.sql):
        yield sql, [act.row for act in group]


def parts(batch: Batch) -> list[Batch]:
    """The batch in pieces of one promise or row each, the promises first and in their order."""
    found = [Batch(promises=[promise]) for promise in batch.promises]
    found += [Batch(opened={key: row}) for key, row in batch.opened.items() if key not in batch.closed]
    found += [Batch(closed={key: cdr}) for key, cdr in batch.closed.items()]
    found += [Batch(traces={key: rows}) for key, rows in batch.traces.items()]
    found += [Batch(messages={key: row}) for key, row in batch.messages.items()]
    found += [Batch(bans={key: row}) for key, row in batch.bans.items()]
    found += [Batch(allowed={network: record}) for network, record in batch.allowed.items()]
    found += [Batch(agents={key: told}) for key, told in batch.agents.items()]
    found += [Batch(moves=[row]) for row in batch.moves]
    found += [Batch(queue_days={key: counts}) for key, counts in batch.queue_days.items()]
    return found


def _day(wall_ms: int) -> str:
    return datetime.datetime.fromtimestamp(max(0, wall_ms) / 1000, datetime.UTC).date().isoformat()
