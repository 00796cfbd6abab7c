"""What a batch leaves in the file (design §3, durability)."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.store import sqlite
from controlplane.store.batch import Batch
from controlplane.store.sqlite import SqliteWriter
from edge.journal import CallId
from tests.support.database import new_database, rows
from tests.support.journal import cdr, event, kept, open_call, removed


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


def test_a_binding_is_replaced_by_its_refresh(writer: SqliteWriter, database: Path) -> None:
    for cseq in (1, 2):
        written = writer.write(Batch(promises=[(kept(cseq=cseq, path=("<sip:p;lr>",)),)]))
        assert written.kept == (True,) and written.committed
    assert rows(database, "SELECT aor, cseq, path FROM binding") == [("1001", 2, '["<sip:p;lr>"]')]


def test_only_the_last_word_on_a_contact_counts(writer: SqliteWriter, database: Path) -> None:
    writer.write(Batch(promises=[(kept(cseq=1),), (removed(),), (kept(cseq=3), kept("1002"))]))
    assert rows(database, "SELECT aor, cseq FROM binding ORDER BY aor") == [("1001", 3), ("1002", 1)]
    writer.write(Batch(promises=[(kept(cseq=4),), (removed(),)]))
    assert rows(database, "SELECT aor FROM binding") == [("1002",)]


def test_a_call_is_open_until_its_cdr_comes(writer: SqliteWriter, database: Path) -> None:
    writer.write(Batch(opened={CallId("call_1"): open_call()}))
    assert rows(database, "SELECT id FROM open_call") == [("call_1",)]
    writer.write(Batch(closed={CallId("call_1"): cdr(media={"a": {"lost": 1}})}))
    assert rows(database, "SELECT id FROM open_call") == []
    assert rows(database, "SELECT id, media FROM cdr") == [("call_1", '{"a":{"lost":1}}')]


def test_a_call_that_begins_and_ends_in_one_batch_leaves_its_cdr(
    writer: SqliteWriter, database: Path
) -> None:
    writer.write(Batch(opened={CallId("call_1"): open_call()}, closed={CallId("call_1"): cdr()}))
    assert rows(database, "SELECT count(*) FROM open_call") == [(0,)]
    assert rows(database, "SELECT id FROM cdr") == [("call_1",)]


def test_a_cdr_written_again_after_a_doubtful_commit_is_one_row(writer: SqliteWriter, database: Path) -> None:
    for _ in range(2):
        writer.write(Batch(closed={CallId("call_1"): cdr()}))
    assert rows(database, "SELECT count(*) FROM cdr") == [(1,)]


def test_every_row_has_its_workspace(writer: SqliteWriter, database: Path) -> None:
    writer.write(Batch(promises=[(kept(),)], closed={CallId("call_1"): cdr()}))
    ((workspace,),) = rows(database, "SELECT workspace_id FROM binding")
    assert str(workspace).startswith("ws_")
    assert rows(database, "SELECT workspace_id FROM cdr") == [(workspace,)]


def test_a_row_that_no_database_takes_does_not_take_its_company_with_it(
    writer: SqliteWriter, database: Path
) -> None:
    batch = Batch(
        promises=[(kept("1"),), (kept("2", cseq=1 << 70),), (kept("3", user_agent="\udc80"),), (kept("4"),)],
        opened={CallId("call_2"): open_call("call_2")},
        closed={CallId("call_1"): cdr()},
        traces={CallId("call_1"): [event()]},
    )
    written = writer.write(batch)
    assert written.kept == (True, False, False, True)
    assert written.committed and written.rejected == 2
    assert rows(database, "SELECT aor FROM binding ORDER BY aor") == [("1",), ("4",)]
    assert rows(database, "SELECT (SELECT count(*) FROM cdr), (SELECT count(*) FROM open_call)") == [(1, 1)]
    assert rows(database, "SELECT call_id, written_at FROM trace_chunk") == [("call_1", 7_000)]


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


def test_old_traces_go(writer: SqliteWriter, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "PRUNE_ROWS", 2)
    for name in "abc":
        writer.write(Batch(traces={CallId(name): [event()]}))
    writer.write(Batch(prune_before=7_000))
    assert rows(database, "SELECT count(*) FROM trace_chunk") == [(3,)]
    writer.write(Batch(prune_before=7_001))
    assert rows(database, "SELECT call_id FROM trace_chunk") == [("c",)]
