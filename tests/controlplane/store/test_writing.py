"""What a batch leaves in the database, whichever it is (design §3, durability)."""

from collections.abc import Iterator

import pytest

from controlplane.store import writing
from controlplane.store.batch import Batch
from controlplane.store.writer import Connection
from edge.directory import AccountId
from edge.journal import CallId, Keepsake, KeepsakeChange
from tests.support.database import Database
from tests.support.journal import cdr, event, kept, open_call, removed


@pytest.fixture
def writer(database: Database) -> Iterator[Connection]:
    writer = database.writer(7_000)
    yield writer
    writer.close()


def test_a_binding_is_replaced_by_its_refresh(writer: Connection, database: Database) -> None:
    for cseq in (1, 2):
        written = writer.write(Batch(promises=[(kept(cseq=cseq, path=("<sip:p;lr>",)),)]))
        assert written.kept == (True,) and written.committed
    assert database.rows("SELECT aor, cseq, path FROM binding") == [("1001", 2, '["<sip:p;lr>"]')]


def test_only_the_last_word_on_a_contact_counts(writer: Connection, database: Database) -> None:
    writer.write(Batch(promises=[(kept(cseq=1),), (removed(),), (kept(cseq=3), kept("1002"))]))
    assert database.rows("SELECT aor, cseq FROM binding ORDER BY aor") == [("1001", 3), ("1002", 1)]
    writer.write(Batch(promises=[(kept(cseq=4),), (removed(),)]))
    assert database.rows("SELECT aor FROM binding") == [("1002",)]


def test_a_call_is_open_until_its_cdr_comes(writer: Connection, database: Database) -> None:
    writer.write(Batch(opened={CallId("call_1"): open_call()}))
    assert database.rows("SELECT id FROM open_call") == [("call_1",)]
    writer.write(Batch(closed={CallId("call_1"): cdr(media={"a": {"lost": 1}})}))
    assert database.rows("SELECT id FROM open_call") == []
    assert database.rows("SELECT id, media FROM cdr") == [("call_1", '{"a":{"lost":1}}')]


def test_a_call_that_begins_and_ends_in_one_batch_leaves_its_cdr(
    writer: Connection, database: Database
) -> None:
    writer.write(Batch(opened={CallId("call_1"): open_call()}, closed={CallId("call_1"): cdr()}))
    assert database.rows("SELECT count(*) FROM open_call") == [(0,)]
    assert database.rows("SELECT id FROM cdr") == [("call_1",)]


def test_a_cdr_written_again_after_a_doubtful_commit_is_one_row(
    writer: Connection, database: Database
) -> None:
    for _ in range(2):
        writer.write(Batch(closed={CallId("call_1"): cdr()}))
    assert database.rows("SELECT count(*) FROM cdr") == [(1,)]


def test_every_row_has_its_workspace(writer: Connection, database: Database) -> None:
    writer.write(Batch(promises=[(kept(),)], closed={CallId("call_1"): cdr()}))
    ((workspace,),) = database.rows("SELECT workspace_id FROM binding")
    assert str(workspace).startswith("ws_")
    assert database.rows("SELECT workspace_id FROM cdr") == [(workspace,)]


def test_a_row_that_no_database_takes_does_not_take_its_company_with_it(
    writer: Connection, database: Database
) -> None:
    batch = Batch(
        promises=[(kept("1"),), (kept("2", cseq=1 << 70),), (kept("4"),)],
        opened={CallId("call_2"): open_call("call_2")},
        closed={CallId("call_1"): cdr()},
        traces={CallId("call_1"): [event()]},
    )
    written = writer.write(batch)
    assert written.kept == (True, False, True)
    assert written.committed and written.rejected == 1
    assert database.rows("SELECT aor FROM binding ORDER BY aor") == [("1",), ("4",)]
    assert database.rows("SELECT (SELECT count(*) FROM cdr), (SELECT count(*) FROM open_call)") == [(1, 1)]
    assert database.rows("SELECT call_id, written_at FROM trace_chunk") == [("call_1", 7_000)]


def test_text_that_is_not_unicode_costs_neither_a_registration_nor_a_cdr(
    writer: Connection, database: Database
) -> None:
    """Old equipment writes Latin-1 (RFC 3261 §7.3.1 has UTF-8)."""
    phone = kept("1", user_agent="T\udce9l\udce9phone é", path=("<sip:\udcff@p;lr>",))
    mark = KeepsakeChange("m", "k", Keepsake("m", "k", AccountId("acc"), 9, {"text": "\udcff"}))
    closed = {CallId("call_1"): cdr(sip_call_id="a\udcff@h")}
    written = writer.write(Batch(promises=[(phone,), (mark,)], closed=closed))
    assert written.kept == (True, True) and written.committed and not written.rejected
    assert database.rows("SELECT user_agent FROM binding") == [("T\ufffdl\ufffdphone é",)]
    assert database.rows("SELECT sip_call_id FROM cdr") == [("a\ufffd@h",)]
    assert database.rows("SELECT count(*) FROM keepsake") == [(1,)]


def test_old_traces_go(writer: Connection, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PRUNE_ROWS", 2)
    for name in "abc":
        writer.write(Batch(traces={CallId(name): [event()]}))
    writer.write(Batch(prune_before=7_000))
    assert database.rows("SELECT count(*) FROM trace_chunk") == [(3,)]
    writer.write(Batch(prune_before=7_001))
    assert database.rows("SELECT call_id FROM trace_chunk") == [("c",)]
