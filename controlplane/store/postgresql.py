"""The connection that writes to PostgreSQL: one transaction per batch. Blocking; runs in the writer's thread.

A commit returns when the server has it on disk (its own `synchronous_commit`). A lost connection fails its
batch, which the journal offers again, and is made anew for the next one. One daemon at a time writes to a
database: it holds an advisory lock for as long as its connection lives.
"""

from collections.abc import Callable
from typing import Final

import psycopg
from psycopg import pq

from controlplane.store.batch import Batch, Written
from controlplane.store.error import StoreError
from controlplane.store.writing import Row, legible, parts, statements

LOCK: Final = 0x7A4D_7461_6E64_656D
"Key of the advisory lock."
CONNECT_TIMEOUT: Final = 5
"A server that does not answer by then cannot be reached [s]."
LOCK_TIMEOUT: Final = "3s"
"Another daemon may hold the database for so long before we give up."
STATEMENT_TIMEOUT: Final = "10s"
"A statement that takes longer fails its batch."

_PASSING: Final = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.QueryCanceled)
_REJECTED: Final = (psycopg.Error, ValueError, TypeError, OverflowError)


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """With the lock. Raises `StoreError` without the URL's password in it."""
    try:
        connection = psycopg.connect(
            url, autocommit=True, connect_timeout=CONNECT_TIMEOUT, application_name="tandem"
        )
    except psycopg.Error as error:
        raise StoreError(f"database: {one_line(error)}; check store: and the server") from None
    try:
        # One that was killed a moment ago holds it until the server has seen its socket close.
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (LOCK_TIMEOUT,))
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        connection.execute("SELECT set_config('statement_timeout', %s, false)", (STATEMENT_TIMEOUT,))
    except psycopg.errors.LockNotAvailable:
        connection.close()
        fix = "stop it or give this one a database of its own"
        raise StoreError(f"database: in use by another daemon; {fix}") from None
    except psycopg.Error as error:
        connection.close()
        raise StoreError(f"database: {one_line(error)}; check store: and the server") from None
    return connection


def one_line(error: Exception) -> str:
    return " ".join(str(error).split())


class PostgresWriter:
    def __init__(self, url: str, wall_ms: Callable[[], int]) -> None:
        """Raises `StoreError`."""
        self._url = url
        self._wall_ms = wall_ms
        self._connection = connect(url)

    def write(self, batch: Batch) -> Written:
        """Commit `batch`; never raises for what is in it or for what the server does."""
        try:
            self._revive()
            with self._connection.transaction():
                self._execute(batch)
        except (*_PASSING, StoreError) as error:
            return _failed(batch, error)
        except _REJECTED:
            return self._write_singly(batch)
        return Written((True,) * len(batch.promises), committed=True)

    def close(self) -> None:
        self._connection.close()

    # Inside.

    def _revive(self) -> None:
        if self._connection.closed or self._connection.pgconn.status != pq.ConnStatus.OK:
            self._connection.close()
            self._connection = connect(self._url)

    def _execute(self, batch: Batch, dressed: Callable[[Row], Row] = lambda row: row) -> None:
        with self._connection.cursor() as cursor:
            for sql, rows in statements(batch, self._wall_ms()):
                cursor.executemany(sql.postgresql, (_without_nul(dressed(row)) for row in rows))

    def _write_singly(self, batch: Batch) -> Written:
        kept: list[bool] = []
        rejected = 0
        try:
            with self._connection.transaction():
                for part in parts(batch):
                    good = self._write_part(part)
                    rejected += not good
                    if part.promises:
                        kept.append(good)
        except _PASSING as error:
            return _failed(batch, error)
        return Written(tuple(kept), committed=True, rejected=rejected)

    def _write_part(self, part: Batch) -> bool:
        try:
            with self._connection.transaction():  # a savepoint
                self._execute(part, legible)
        except _PASSING:
            raise
        except _REJECTED:
            return False
        return True


def _without_nul(row: Row) -> Row:
    """PostgreSQL has no NUL in text; what a peer put into a name must not cost a CDR."""
    if any(isinstance(value, str) and "\0" in value for value in row):
        return tuple(value.replace("\0", "") if isinstance(value, str) else value for value in row)
    return row


def _failed(batch: Batch, error: Exception) -> Written:
    return Written((False,) * len(batch.promises), committed=False, error=one_line(error))
