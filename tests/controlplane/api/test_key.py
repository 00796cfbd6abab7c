"""API keys over HTTP, on both databases: made once, scoped, rotated with a grace, revoked at once."""

from tests.support.administration import TOKEN, office
from tests.support.database import Database


async def test_a_key_opens_what_its_scopes_say_and_nothing_else(database: Database) -> None:  # S004-03
    async with office(database) as site:
        key = (await site.make("agents.read"))["key"]
        assert await site.status("/queues", key) == (200, "")
        bearer = await site.http.get("/queues", headers={"Authorization": f"Bearer {key}"})
        assert bearer.status_code == 200
        assert await site.status("/cac", key) == (403, "missing_scope")
        assert await site.status("/keys", key) == (403, "missing_scope")
        assert await site.status("/queues", key[:-3] + "abc") == (401, "bad_key")
        assert await site.status("/queues", "vk_live_of_another_surface") == (401, "bad_key")


async def test_only_the_token_or_a_key_makes_keys(database: Database) -> None:
    async with office(database) as site:
        near = site.client(site.routes.public(site.gate), "127.0.0.1")
        assert (await near.get("/keys")).json()["error"] == "no_token"
        assert (await site.http.get("/keys")).json()["error"] == "not_allowed"
        assert (await near.get("/keys", headers={"X-Admin-Token": "x"})).json()["error"] == "bad_token"


async def test_a_secret_is_shown_once_and_is_in_no_row(database: Database) -> None:  # S002-51 S002-52
    async with office(database) as site:
        key = (await site.make("agents.read"))["key"]
        listed = await site.http.get("/keys", headers=TOKEN)
        assert key not in listed.text and listed.json()["keys"][0]["masked"].endswith("_…")
        assert key.rpartition("_")[2] not in str(database.rows("SELECT * FROM api_key"))
        (row,) = listed.json()["keys"]
        assert (row["status"], row["used_at"], row["scopes"]) == ("active", None, ["agents.read"])


async def test_what_was_made_used_and_revoked_is_so_after_a_restart(database: Database) -> None:
    async with office(database) as site:
        good, bad = await site.make("agents.read"), await site.make("agents.read")
        await site.status("/queues", good["key"])
        response = await site.http.delete(f"/keys/{bad['id']}", headers=TOKEN)
        assert response.json()["status"] == "revoked"
        assert await site.status("/queues", bad["key"]) == (401, "bad_key")
    async with office(database) as site:
        assert await site.status("/queues", good["key"]) == (200, "")
        assert await site.status("/queues", bad["key"]) == (401, "bad_key")
        rows = {row["id"]: row for row in (await site.http.get("/keys", headers=TOKEN)).json()["keys"]}
        assert rows[good["id"]]["used_at"] == 1_000_000 and rows[bad["id"]]["status"] == "revoked"


async def test_the_old_key_works_until_the_grace_ends(database: Database) -> None:  # S002-54
    async with office(database) as site:
        old = await site.make("agents.read")
        path = f"/keys/{old['id']}/rotate"
        new = (await site.http.post(path, json={"grace": "60s"}, headers=TOKEN)).json()
        assert new["scopes"] == ["agents.read"] and new["key"] != old["key"]
        assert await site.status("/queues", old["key"]) == (200, "")
        site.now += 60_000
        assert await site.status("/queues", old["key"]) == (401, "bad_key")
        assert await site.status("/queues", new["key"]) == (200, "")
        again = await site.http.post(path, json={}, headers=TOKEN)
        assert (again.status_code, again.json()["error"]) == (409, "not_in_use")
        too_long = await site.http.post(f"/keys/{new['id']}/rotate", json={"grace": "8d"}, headers=TOKEN)
        assert too_long.status_code == 400


async def test_a_key_gives_no_more_than_it_has(database: Database) -> None:  # S002-52
    async with office(database) as site:
        maker = (await site.make("keys.write", "agents.read"))["key"]
        body = {"name": "child", "scopes": ["agents.read"]}
        assert await site.status("/keys", maker, "POST", json=body) == (201, "")
        body["scopes"] = ["edge.admin"]
        assert await site.status("/keys", maker, "POST", json=body) == (403, "missing_scope")
        strong = await site.make("edge.admin")
        assert await site.status(f"/keys/{strong['id']}/rotate", maker, "POST", json={}) == (
            403,
            "missing_scope",
        )


async def test_a_key_of_an_account_sees_that_one_alone(database: Database) -> None:
    async with office(database) as site:
        theirs = await site.make("config.read", "keys.write", account="acc_demo")
        other = await site.make("agents.read")
        seen = await site.http.get("/keys", headers={"X-API-Key": theirs["key"]})
        assert [row["id"] for row in seen.json()["keys"]] == [theirs["id"]]
        assert await site.status(f"/keys/{other['id']}", theirs["key"], "DELETE") == (404, "no_such_key")
        assert await site.status("/audit", theirs["key"]) == (403, "foreign_account")
        body = {"name": "x", "scopes": ["config.read"]}
        assert await site.status("/keys", theirs["key"], "POST", json=body) == (403, "foreign_account")


async def test_bad_requests_are_refused_at_the_door(database: Database) -> None:
    async with office(database, limit=1) as site:
        for body, status, code in (
            ({"name": "x", "scopes": ["everything"]}, 400, "no_such_scope"),
            ({"name": "x", "scopes": []}, 400, "bad_parameter"),
            ({"name": "", "scopes": ["agents.read"]}, 400, "bad_parameter"),
            ({"name": "x", "scopes": ["agents.read"], "expires": "soon"}, 400, "bad_parameter"),
            ({"name": "x", "scopes": ["agents.read"], "more": 1}, 400, "bad_parameter"),
            ({"name": "x", "scopes": ["config.read"], "account": "acc_none"}, 404, "no_such_account"),
            ({"name": "x", "scopes": ["agents.read"], "account": "acc_demo"}, 400, "platform_scope"),
        ):
            response = await site.http.post("/keys", json=body, headers=TOKEN)
            assert (response.status_code, response.json()["error"]) == (status, code), body
        await site.make("agents.read")
        full = await site.http.post("/keys", json={"name": "x", "scopes": ["agents.read"]}, headers=TOKEN)
        assert (full.status_code, full.json()["error"]) == (409, "too_many_keys")


async def test_every_change_names_who_made_it(database: Database) -> None:
    async with office(database) as site:
        maker = await site.make("keys.write", "agents.read")
        body = {"name": "child", "scopes": ["agents.read"]}
        child = await site.http.post("/keys", json=body, headers={"X-API-Key": maker["key"]})
        await site.http.delete(f"/keys/{child.json()['id']}", headers=TOKEN)
        told = (await site.http.get("/audit", headers=TOKEN)).json()["audit"]
        assert [(row["actor"], row["action"], row["name"]) for row in told] == [
            ("token", "revoke", child.json()["id"]),
            (f"key:{maker['id']}", "create", child.json()["id"]),
            ("token", "create", maker["id"]),
        ]
