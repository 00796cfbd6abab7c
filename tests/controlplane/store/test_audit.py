"""Rows of the audit trail, on both databases."""

from config.schema import StoreLimits
from controlplane.store import audit
from controlplane.store.audit import Deed
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from tests.support.database import Database


async def test_deeds_are_told_the_latest_first_and_forgotten_with_their_cdrs(database: Database) -> None:
    store = await Store.open(DataFolder.open(database.folder), StoreLimits(), lambda: 1, database.url)
    deeds = [Deed("acc" if at % 2 else "", at, "token", "create", "user", f"{at}") for at in range(5)]
    assert await store.commit(*map(audit.act, deeds))
    async with store.engine.connect() as reader:
        assert await audit.latest(reader, 3) == deeds[:1:-1]
    await store.close()
    writer = database.writer()
    from controlplane.store.batch import Batch

    writer.write(Batch(prune_cdrs_before=3))
    writer.close()
    assert len(database.rows("SELECT * FROM audit")) == 2
