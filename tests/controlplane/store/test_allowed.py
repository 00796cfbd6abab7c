"""Allowed addresses on disk."""

from pathlib import Path

from controlplane.store import allowed
from controlplane.store.batch import Batch
from controlplane.store.sqlite import SqliteWriter
from edge.security.ban import AllowRecord
from tests.support.database import new_database, rows


def test_the_note_of_an_address_that_is_allowed_again_is_replaced(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    writer = SqliteWriter(database, lambda: 0)
    for note in ("one", "two"):
        writer.write(Batch(allowed={"192.0.2.1": AllowRecord("192.0.2.1", note, 5)}))
    assert rows(database, "SELECT network, note, created_at FROM allowed_network") == [
        ("192.0.2.1", "two", 5)
    ]
    writer.write(Batch(allowed={"192.0.2.1": None}))
    assert rows(database, "SELECT * FROM allowed_network") == []
    writer.close()


def test_a_row_is_in_column_order() -> None:
    assert allowed.encode(AllowRecord("192.0.2.1", "n", 5)) == ("192.0.2.1", "", "n", 5)
