"""Rows of what the API has made, on both databases."""

from dataclasses import replace

from config.schema import StoreLimits
from controlplane.store import config_object
from controlplane.store.config_object import Stored
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from tests.support.database import Database


async def test_an_object_is_as_it_was_put_last_until_it_is_removed(database: Database) -> None:
    one, two = Stored("acc", "users", "1", 5, b"\0sealed"), Stored("acc", "users", "2", 6, b"x")
    store = await Store.open(DataFolder.open(database.folder), StoreLimits(), lambda: 1, database.url)
    assert await store.commit(config_object.put(one), config_object.put(two))
    last = replace(one, sealed=b"again", changed_at=7)
    assert await store.commit(config_object.put(last), config_object.remove("acc", "users", "2"))
    await store.close()
    store = await Store.open(DataFolder.open(database.folder), StoreLimits(), lambda: 1, database.url)
    assert store.take_objects() == [last] and store.take_objects() == []
    await store.close()
