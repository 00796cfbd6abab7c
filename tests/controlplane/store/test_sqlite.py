"""What is SQLite's own about a commit (design §3, durability)."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.store.batch import Batch
from controlplane.store.sqlite import SqliteWriter
from tests.support.database import new_database, rows
from tests.support.journal import kept


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return new_database(tmp_path)


@pytest.fixture
def writer(database: Path) -> Iterator[SqliteWriter]:
    writer = SqliteWriter(database, lambda: 7_000)
    yield writer
    writer.close()


def test_the_file_survives_a_killed_process_without_a_sync_per_commit(
    writer: SqliteWriter, database: Path
) -> None:
    assert rows(database, "PRAGMA journal_mode") == [("wal",)]
    assert writer._connection.execute("PRAGMA synchronous").fetchone() == (1,)


def test_a_file_that_cannot_be_written_fails_the_whole_batch(
    writer: SqliteWriter, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer._connection.execute("PRAGMA busy_timeout=0")
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    written = writer.write(Batch(promises=[(kept(),), (kept("2"),)]))
    assert written.kept == (False, False) and not written.committed and "locked" in written.error
    other.execute("ROLLBACK")
    other.close()
    assert writer.write(Batch(promises=[(kept(),)])).committed, "and the next one is good again"
