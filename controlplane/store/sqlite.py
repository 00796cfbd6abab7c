"""The connection that writes to SQLite: one transaction per batch. Blocking; runs in the writer's thread.

Rows go through the driver by `executemany`.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from controlplane.store.batch import Batch, Written
from controlplane.store.writing import Row, legible, parts, statements

BUSY_TIMEOUT: Final = 2.0
"Another process may hold the file this long before a commit fails [s]."


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
            self._execute(batch)
            execute("COMMIT")
        except sqlite3.OperationalError as error:
            return self._failed(batch, error)
        except (sqlite3.Error, ValueError, TypeError, OverflowError):
            self._roll_back()
            return self._write_singly(batch)
        return Written((True,) * len(batch.promises), committed=True)

    def close(self) -> None:
        self._connection.close()

    def _execute(self, batch: Batch, dressed: Callable[[Row], Row] = lambda row: row) -> None:
        for sql, rows in statements(batch, self._wall_ms()):
            self._connection.executemany(sql.sqlite, map(dressed, rows))

    def _write_singly(self, batch: Batch) -> Written:
        kept: list[bool] = []
        rejected = 0
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for part in parts(batch):
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
            self._execute(part, legible)
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
