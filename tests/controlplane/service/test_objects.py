"""Changes of objects, one at a time; the rest is in tests/controlplane/api/test_objects.py."""

import asyncio

from controlplane.auth.principal import CLI
from edge.error import Refusal
from tests.support.administration import office
from tests.support.database import Database


async def test_of_many_who_make_one_number_at_once_one_does(database: Database) -> None:
    async with office(database) as site:
        values: dict[str, dict[str, object]] = {"users": {}, "extensions": {"target": {"echo": True}}}
        work = [
            site.objects.put(CLI, "acc_demo", kind, "1003", values[kind], new=True)
            for kind in ("users", "extensions") * 4
        ]
        found = await asyncio.gather(*work)
        assert sum(not isinstance(one, Refusal) for one in found) == 1
        assert len(site.shelf.documents) == 1


async def test_what_is_not_there_is_said_to_be_missing(database: Database) -> None:
    async with office(database) as site:
        for found in (
            await site.objects.remove(CLI, "acc_demo", "users", "1003"),
            site.objects.show(CLI, "acc_demo", "users", "1003"),
        ):
            assert isinstance(found, Refusal) and (found.status, found.code) == (404, "no_such_object")
