"""What is PostgreSQL's own about a commit: broken connections, the lock, passwords in URLs."""

from collections.abc import Iterator

import psycopg
import pytest

from controlplane.store import postgresql
from controlplane.store.batch import Batch
from controlplane.store.error import StoreError
from controlplane.store.postgresql import PostgresWriter
from edge.journal import CallId
from tests.support import postgres
from tests.support.journal import cdr, kept


@pytest.fixture
def url() -> str:
    return postgres.server().new_database()


@pytest.fixture
def writer(url: str) -> Iterator[PostgresWriter]:
    writer = PostgresWriter(url, lambda: 7_000)
    yield writer
    writer.close()


def cut(url: str) -> None:
    """The server throws every other client of the database out."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_lost_connection_fails_its_batch_and_the_next_one_is_good(writer: PostgresWriter, url: str) -> None:
    cut(url)
    written = writer.write(Batch(promises=[(kept(),), (kept("2"),)]))
    assert written.kept == (False, False) and not written.committed and "\n" not in written.error
    assert writer.write(Batch(promises=[(kept(),)], closed={CallId("call_1"): cdr()})).committed
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM binding").fetchone() == (1,)


def test_one_daemon_at_a_time_writes_to_a_database(
    writer: PostgresWriter, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "LOCK_TIMEOUT", "50ms")
    with pytest.raises(StoreError, match="in use by another daemon"):
        PostgresWriter(url, lambda: 1)
    writer.close()
    PostgresWriter(url, lambda: 1).close()


def test_a_server_that_is_not_there_is_one_line_without_the_password() -> None:
    with pytest.raises(StoreError) as caught:
        PostgresWriter("postgresql://tandem:hunter2@127.0.0.1:9/tandem", lambda: 1)
    assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)
    assert "check store:" in str(caught.value)


def test_a_nul_in_text_is_left_out_and_costs_no_row(writer: PostgresWriter, url: str) -> None:
    """PostgreSQL has none, SQLite has."""
    written = writer.write(Batch(promises=[(kept("1", user_agent="a\0b"),), (kept("2"),)]))
    assert written.kept == (True, True) and written.committed and not written.rejected
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT user_agent FROM binding WHERE aor = '1'").fetchone() == ("ab",)
