"""Rows of API keys, on both databases."""

from dataclasses import replace

from config.schema import StoreLimits
from controlplane.auth.key import ApiKey
from controlplane.store import api_key
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from tests.support.database import Database


async def test_a_key_comes_back_as_it_was_kept_last(database: Database) -> None:
    first = ApiKey("a", "", "one", "d" * 64, frozenset({"edge.read", "calls.read"}), 5)
    second = ApiKey("b", "acc", "two", "e" * 64, frozenset({"config.read"}), 6, 7, 8, 9, "a")
    store = await Store.open(DataFolder.open(database.folder), StoreLimits(), lambda: 1, database.url)
    assert await store.commit(api_key.act(first), api_key.act(second))
    assert await store.commit(api_key.act(replace(first, used_at=10)))
    await store.close()
    store = await Store.open(DataFolder.open(database.folder), StoreLimits(), lambda: 1, database.url)
    assert store.take_api_keys() == [replace(first, used_at=10), second] and store.take_api_keys() == []
    await store.close()
