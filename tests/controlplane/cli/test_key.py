"""`tandem keys` over the control socket of a daemon."""

import json

from tests.support.administration import office
from tests.support.database import Database
from tests.support.operator import operator, tandem_beside


async def test_keys_are_made_listed_rotated_and_revoked(database: Database) -> None:
    async with office(database) as site, operator(site.store, database.folder, site.routes.operator()):

        async def run(*words: str) -> tuple[int, str]:
            result = await tandem_beside("keys", *words, TANDEM_DATA=str(database.folder))
            return result.exit_code, result.output

        status, text = await run("create", "wallboard", "--scope", "agents.read", "--expires", "90d")
        token, _, rest = text.partition("\n")
        assert status == 0 and "not shown again" in rest
        assert await site.status("/queues", token) == (200, "")
        id = token.split("_")[1]
        _, shown = await run("list")
        assert id in shown and "wallboard" in shown and token not in shown
        status, made = await run("rotate", id, "--grace", "1h", "--json")
        assert status == 0 and json.loads(made)["id"] != id
        status, text = await run("revoke", id)
        assert status == 0 and "is revoked" in text
        assert await site.status("/queues", token) == (401, "bad_key")
        status, text = await run("create", "x", "--scope", "everything")
        assert status == 1 and "no such scope" in text
        status, text = await run("revoke", "nothing")
        assert status == 1 and "there is no key" in text
        status, _ = await run("create", "x")
        assert status == 2, "a key without a scope is a mistake"
