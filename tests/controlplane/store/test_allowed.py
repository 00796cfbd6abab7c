"""Allowed addresses on disk."""

from controlplane.store import allowed
from controlplane.store.batch import Batch
from edge.security.ban import AllowRecord
from tests.support.database import Database


def test_the_note_of_an_address_that_is_allowed_again_is_replaced(database: Database) -> None:
    writer = database.writer()
    for note in ("one", "two"):
        writer.write(Batch(allowed={"192.0.2.1": AllowRecord("192.0.2.1", note, 5)}))
    assert database.rows("SELECT network, note, created_at FROM allowed_network") == [("192.0.2.1", "two", 5)]
    writer.write(Batch(allowed={"192.0.2.1": None}))
    assert database.rows("SELECT * FROM allowed_network") == []
    writer.close()


def test_a_row_is_in_column_order() -> None:
    assert allowed.encode(AllowRecord("192.0.2.1", "n", 5)) == ("192.0.2.1", "", "n", 5)
