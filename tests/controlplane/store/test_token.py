"""Rows of token keys and of ended tokens, on both databases."""

from dataclasses import replace

from config.schema import StoreLimits
from controlplane.store import token
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from tests.support.database import Database


async def test_what_holds_comes_back_and_the_rest_is_gone(database: Database) -> None:
    old = token.StoredKey("a", 5, None, b"sealed")
    new = token.StoredKey("b", 6, None, b"too")
    over = token.StoredKey("c", 1, 50, b"over")
    ended = token.StoredCutoff("acc", "us_1", 7, 1_000)
    past = token.StoredCutoff("acc", "us_2", 7, 50)
    store = await Store.open(DataFolder.open(database.folder), StoreLimits(), lambda: 50, database.url)
    assert store.take_tokens() == token.Kept()
    acts = [token.put_key(key) for key in (old, over, new)]
    assert await store.commit(*acts, token.put_cutoff(ended), token.put_cutoff(past))
    old, ended = replace(old, ends_at=900), replace(ended, cutoff=8)
    assert await store.commit(token.put_key(old), token.put_cutoff(ended), token.drop_key("none"))
    await store.close()
    store = await Store.open(DataFolder.open(database.folder), StoreLimits(), lambda: 50, database.url)
    assert store.take_tokens() == token.Kept((old, new), (ended,)) and store.take_tokens() == token.Kept()
    assert await store.commit(token.drop_key("a"))
    await store.close()
    store = await Store.open(DataFolder.open(database.folder), StoreLimits(), lambda: 50, database.url)
    assert store.take_tokens().keys == (new,)
    await store.close()
