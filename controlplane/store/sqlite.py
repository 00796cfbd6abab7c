"""The connection that writes: one transaction per batch. Blocking; runs in the writer's thread.

Rows go through the driver by `executemany`. A row that cannot be encoded at all (an integer beyond 64
bits, text that is not Unicode) must not take its company with it: then the batch is written row by row.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from controlplane.store import allowed, ban, binding, call, keepsake, queue_agent, trace, voicemail
from controlplane.store.batch import Batch, Written
from edge.journal import BindingChange, KeepsakeChange

BUSY_TIMEOUT: Final = 2.0
"Another process may hold the file this long before a commit fails [s]."
PRUNE_ROWS: Final = 500
"Old trace chunks and old bans forgotten with one batch, of each."

Row = tuple[object, ...]


def connect(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        database, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False, cached_statements=32
    )
    # NORMAL survives `kill -9`: the page cache is the kernel's. A power cut may cost the last moment.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "journal_size_limit=67108864",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


class SqliteWriter:
    def __init__(self, database: Path, wall_ms: Callable[[], int]) -> None:
        self._connection = connect(database)
        self._wall_ms = wall_ms

    def write(self, batch: Batch) -> Written:
        """Commit `batch`; never raises for what is in it or for what the disk does."""
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            for sql, rows in self._statements(batch):
                self._connection.executemany(sql, rows)
            execute("COMMIT")
        except sqlite3.OperationalError as error:
            return self._failed(batch, error)
        except (sqlite3.Error, ValueError, TypeError, OverflowError):
            self._roll_back()
            return self._write_singly(batch)
        return Written((True,) * len(batch.promises), committed=True)

    def close(self) -> None:
        self._connection.close()

    def _statements(self, batch: Batch) -> Iterator[tuple[str, Sequence[Row]]]:
        if batch.promises:
            # Only the last word on a contact counts.
            changes = [change for promise in batch.promises for change in promise]
            last = {
                binding.key(change): change.binding for change in changes if isinstance(change, BindingChange)
            }
            if rows := [binding.encode(kept) for kept in last.values() if kept is not None]:
                yield binding.UPSERT, rows
            if gone := [key for key, kept in last.items() if kept is None]:
                yield binding.DELETE, gone
            held = {
                (change.kind, change.key): change.keepsake
                for change in changes
                if isinstance(change, KeepsakeChange)
            }
            if taken := [keepsake.encode(kept) for kept in held.values() if kept is not None]:
                yield keepsake.UPSERT, taken
            if lost := [where for where, kept in held.items() if kept is None]:
                yield keepsake.DELETE, lost
        closed = batch.closed
        if opened := [call.encode_open(row) for key, row in batch.opened.items() if key not in closed]:
            yield call.INSERT_OPEN, opened
        if closed:
            yield call.INSERT_CDR, [call.encode_cdr(cdr) for cdr in closed.values()]
            if known := [(key,) for key in closed if key not in batch.opened]:
                yield call.DELETE_OPEN, known
        if batch.traces:
            now = self._wall_ms()
            yield trace.INSERT, [trace.encode(key, rows, now) for key, rows in batch.traces.items()]
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
        if batch.prune_bans_before is not None:
            yield ban.PRUNE, [(batch.prune_bans_before, PRUNE_ROWS)]
        if batch.prune_before is not None:
            yield trace.PRUNE, [(batch.prune_before, PRUNE_ROWS)]
            yield queue_agent.PRUNE_MOVES, [(batch.prune_before, PRUNE_ROWS)]

    def _write_singly(self, batch: Batch) -> Written:
        kept: list[bool] = []
        rejected = 0
        parts = [Batch(promises=[promise]) for promise in batch.promises]
        parts += [Batch(opened={key: row}) for key, row in batch.opened.items() if key not in batch.closed]
        parts += [Batch(closed={key: cdr}) for key, cdr in batch.closed.items()]
        parts += [Batch(traces={key: rows}) for key, rows in batch.traces.items()]
        parts += [Batch(messages={key: row}) for key, row in batch.messages.items()]
        parts += [Batch(bans={key: row}) for key, row in batch.bans.items()]
        parts += [Batch(allowed={network: record}) for network, record in batch.allowed.items()]
        parts += [Batch(agents={key: told}) for key, told in batch.agents.items()]
        parts += [Batch(moves=[row]) for row in batch.moves]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for part in parts:
                good = self._write_part(part)
                rejected += not good
                if part.promises:
                    kept.append(good)
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            return self._failed(batch, error)
        return Written(tuple(kept), committed=True, rejected=rejected)

    def _write_part(self, part: Batch) -> bool:
        self._connection.execute("SAVEPOINT part")
        try:
            for sql, rows in self._statements(part):
                self._connection.executemany(sql, rows)
        except sqlite3.OperationalError:
            raise
        except (sqlite3.Error, ValueError, TypeError, OverflowError):
            self._connection.execute("ROLLBACK TO part")
            return False
        finally:
            if self._connection.in_transaction:
                self._connection.execute("RELEASE part")
        return True

    def _failed(self, batch: Batch, error: sqlite3.Error) -> Written:
        self._roll_back()
        return Written((False,) * len(batch.promises), committed=False, error=str(error))

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
