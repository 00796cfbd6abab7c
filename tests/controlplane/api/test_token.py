"""Tokens of users over HTTP."""

from tests.support.administration import TOKEN, office
from tests.support.database import Database

PATH = "/accounts/acc_demo/users/1001/token"


async def test_a_token_is_made_by_who_may_change_the_account(database: Database) -> None:  # S004-03
    async with office(database) as site:
        made = await site.http.post(PATH, json={"ttl": "8h"}, headers=TOKEN)
        assert made.status_code == 201 and made.headers["cache-control"] == "no-store"
        assert made.json()["expires_in"] == 28_800
        form = await site.http.post(PATH, data={"expires_in": "60s"}, headers=TOKEN)
        assert form.json()["expires_in"] == 60
        good = (await site.make("config.write", account="acc_demo"))["key"]
        poor = (await site.make("config.read"))["key"]
        assert await site.status(PATH, good, "POST") == (201, "")
        assert await site.status(PATH, poor, "POST") == (403, "missing_scope")
        foreign = PATH.replace("acc_demo", "acc_other")
        assert await site.status(foreign, good, "POST") == (403, "foreign_account")
        assert await site.status(foreign, good, "DELETE") == (403, "foreign_account")
        near = site.client(site.token_routes.public(site.gate), "127.0.0.1")
        assert (await near.post(PATH)).json()["error"] == "no_token"
        own = {"Authorization": f"Bearer {made.json()['access_token']}"}
        assert (await near.post(PATH, headers=own)).json()["error"] == "bad_key", "nobody renews his own"


async def test_what_is_wrong_is_said(database: Database) -> None:
    async with office(database) as site:
        for body, status in (
            ({"ttl": 0}, 400),
            ({"ttl": "soon"}, 400),
            ({"ttl": "366d"}, 400),
            ({"ttl": "31d"}, 400),
            ({"life": 5}, 400),
        ):
            made = await site.http.post(PATH, json=body, headers=TOKEN)
            assert (made.status_code, set(made.json())) == (status, {"error", "detail"})
        for gone in ("/accounts/acc_demo/users/9/token", "/accounts/x/users/1001/token"):
            assert (await site.http.post(gone, headers=TOKEN)).status_code == 404
            assert (await site.http.delete(gone, headers=TOKEN)).status_code == 404


async def test_tokens_are_ended_and_their_key_is_the_platforms(database: Database) -> None:
    async with office(database) as site:
        assert (await site.http.delete(PATH, headers=TOKEN)).status_code == 200
        rotated = await site.http.post("/token-key/rotate", json={"grace": "1h"}, headers=TOKEN)
        assert rotated.status_code == 201 and rotated.json()["older_keys"] == 0
        of_account = (await site.make("keys.write", "config.write", account="acc_demo"))["key"]
        assert await site.status("/token-key/rotate", of_account, "POST") == (403, "foreign_account")
        writer = (await site.make("config.write"))["key"]
        assert await site.status("/token-key/rotate", writer, "POST") == (403, "missing_scope")
