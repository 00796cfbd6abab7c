"""Texts and subscriptions on disk."""

from controlplane.store.batch import Batch
from edge.directory import AccountId
from edge.journal import Keepsake, KeepsakeChange
from tests.support.database import Database


def keepsake(key: str, expires_at: int = 9_000, kind: str = "text") -> Keepsake:
    return Keepsake(kind, key, AccountId("acc_demo"), expires_at, {"to": "1002"})


def change(kept: Keepsake) -> KeepsakeChange:
    return KeepsakeChange(kept.kind, kept.key, kept)


def test_the_last_word_on_a_key_is_what_is_kept(database: Database) -> None:
    writer = database.writer()
    gone = KeepsakeChange("text", "b", None)
    written = writer.write(Batch(promises=[(change(keepsake("a")),), (change(keepsake("b")),), (gone,)]))
    assert written.kept == (True, True, True)
    assert database.rows("SELECT kind, key, data FROM keepsake") == [("text", "a", '{"to":"1002"}')]
    writer.write(Batch(promises=[(KeepsakeChange("text", "a", None),)]))
    assert database.rows("SELECT key FROM keepsake") == []
    writer.close()


async def test_the_next_run_takes_up_what_has_not_expired(database: Database) -> None:
    store = await database.store(lambda: 1_000)
    kept = [keepsake("b"), keepsake("a"), keepsake("old", 4_000), keepsake("c", kind="subscription")]
    store.journal.promise([change(each) for each in kept], lambda ok: None)
    await store.close()
    store = await database.store(lambda: 5_000)
    assert [each.key for each in store.take_keepsakes()] == ["c", "a", "b"]
    assert store.take_keepsakes() == []
    await store.close()
