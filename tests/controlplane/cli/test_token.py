"""`tandem users token`, `end-tokens` and `rotate-token-key` over the control socket of a daemon."""

import json

from edge.error import Refusal
from tests.support.administration import office
from tests.support.database import Database
from tests.support.operator import operator, tandem_beside


async def test_tokens_are_made_and_ended_from_the_command_line(database: Database) -> None:
    async with office(database) as site, operator(site.store, database.folder, site.operator()):

        async def run(*words: str) -> tuple[int, str]:
            result = await tandem_beside("users", *words, TANDEM_DATA=str(database.folder))
            return result.exit_code, result.output

        status, text = await run("token", "acc_demo", "alice", "--ttl", "8h")
        token, _, rest = text.partition("\n")
        assert status == 0 and "not shown again" in rest
        assert not isinstance(await site.tokens.judge(token), Refusal)
        status, text = await run("end-tokens", "acc_demo", "1001")
        assert status == 0 and "are invalid now" in text
        assert isinstance(await site.tokens.judge(token), Refusal)
        status, text = await run("token", "acc_demo", "1001", "--json")
        assert status == 0 and json.loads(text)["token_type"] == "Bearer"
        status, text = await run("rotate-token-key")
        assert status == 0 and "older ones are valid until" in text
        status, text = await run("rotate-token-key", "--grace", "0s")
        assert status == 0 and "older ones are invalid now" in text
        assert isinstance(await site.tokens.judge(token), Refusal)
        status, text = await run("token", "acc_demo", "9")
        assert status == 1 and "has no user 9" in text
