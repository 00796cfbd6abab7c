"""Copies of a database that is in use."""

import sqlite3
from pathlib import Path

import pytest

from controlplane.store.backup import MAGIC, back_up, trouble
from controlplane.store.batch import Batch
from controlplane.store.error import StoreError
from controlplane.store.sqlite import SqliteWriter
from edge.journal import CallId
from tests.support.database import new_database, rows
from tests.support.journal import cdr


def test_a_copy_holds_what_was_committed_while_a_writer_goes_on(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    writer = SqliteWriter(database, lambda: 0)
    writer.write(Batch(closed={CallId(f"call_{n}"): cdr(f"call_{n}") for n in range(50)}))
    copy = tmp_path / "copy.db"
    copy.write_bytes(MAGIC + b"an older copy")
    assert back_up(database, copy) == copy.stat().st_size
    writer.write(Batch(closed={CallId("call_x"): cdr("call_x")}))
    writer.close()
    assert rows(copy, "SELECT count(*) FROM cdr") == [(50,)]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("copy")) == ["copy.db"]
    assert trouble(copy) == "" == trouble(database)


def test_what_cannot_be_copied_leaves_the_older_copy(tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(MAGIC + b"an older copy")
    with pytest.raises(StoreError, match="unable to open"):
        back_up(tmp_path / "none.db", copy)
    damaged = new_database(tmp_path)
    _damage(damaged)
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        back_up(damaged, copy)
    assert copy.read_bytes() == MAGIC + b"an older copy"
    with pytest.raises(StoreError, match="choose another file"):
        back_up(new_database(tmp_path), tmp_path / "no" / "copy.db")


def test_only_an_older_copy_is_replaced(tmp_path: Path) -> None:
    """A slip of the hand costs neither a configuration nor the database that a daemon writes to."""
    database, other = new_database(tmp_path), tmp_path / "tandem.yaml"
    other.write_text("accounts: []")
    with pytest.raises(StoreError, match="is no copy of a database; choose another file"):
        back_up(database, other)
    assert other.read_text() == "accounts: []"
    again = tmp_path / "link.db"
    again.symlink_to(database)
    number = database.stat().st_ino
    for path in (database, again):
        with pytest.raises(StoreError, match="the database itself"):
            back_up(database, path)
    assert database.stat().st_ino == number


def test_a_damaged_database_is_found(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    _damage(database)
    assert trouble(database) not in ("", None)
    database.write_bytes(b"no database at all, but as long as a page is" * 100)
    assert "not a database" in str(trouble(database))


def test_a_look_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    database = tmp_path / "big.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE t (x TEXT)")
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 50,)] * 20_000)
    connection.close()
    ticks = iter(range(1_000_000))
    assert trouble(database, 0.5, lambda: float(next(ticks))) is None


def _damage(database: Path) -> None:
    """Garbage in the middle of every page but the first."""
    content = bytearray(database.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 64] = b"\xff" * 64
    database.write_bytes(bytes(content))
