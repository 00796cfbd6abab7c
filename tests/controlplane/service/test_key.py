"""API keys that the database does not take; the rest is in tests/controlplane/api/test_key.py."""

from unittest.mock import AsyncMock, patch

from controlplane.auth.principal import CLI
from controlplane.store.store import Store
from edge.error import Refusal
from tests.support.administration import office
from tests.support.database import Database


async def test_what_is_not_on_disk_has_not_happened(database: Database) -> None:
    async with office(database) as site:
        made = await site.make("agents.read")
        with patch.object(Store, "commit", AsyncMock(return_value=False)):
            for work in (
                site.keys.create(CLI, "two", ["agents.read"]),
                site.keys.rotate(CLI, made["id"]),
                site.keys.revoke(CLI, made["id"]),
            ):
                refusal = await work
                assert isinstance(refusal, Refusal) and (refusal.status, refusal.code) == (503, "not_kept")
        assert len(site.keys.show(CLI)) == 1
        assert await site.status("/queues", made["key"]) == (200, "")


async def test_there_is_no_key_of_that_id(database: Database) -> None:
    async with office(database) as site:
        for work in (site.keys.rotate(CLI, "none"), site.keys.revoke(CLI, "none")):
            refusal = await work
            assert isinstance(refusal, Refusal) and refusal.code == "no_such_key"
