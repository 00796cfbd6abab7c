"""Objects that the API makes, on both databases: live at once, sealed, checked like the file, which wins."""

from pathlib import Path

import pytest

from controlplane.auth.seal import FILE, SealError
from controlplane.service.directory import ha1
from controlplane.store.store import Store
from edge.directory import AccountId
from tests.support.administration import TOKEN, office
from tests.support.database import Database

ACC = AccountId("acc_demo")
USER = {"name": "Carol", "devices": [{"username": "carol", "password": "hush-hush"}]}


async def test_a_user_may_register_and_be_called_at_once_and_after_a_restart(database: Database) -> None:
    async with office(database) as site:
        status, made = await site.put("acc_demo/users/1003", **USER)
        assert status == 201 and made["value"]["devices"] == [{"username": "carol"}]
        assert (await site.put("acc_demo/dids/+12025550188", target={"user": "1003"}))[0] == 201
        for directory in (site.directory,):
            device = directory.device(ACC, "carol")
            assert device is not None and device.ha1 == ha1("carol", "demo.local", "hush-hush")
            did = directory.did("12025550188")
            assert did is not None and did.target.value == "1003"
    async with office(database) as site:
        assert (
            site.directory.device(ACC, "carol") is not None and site.directory.did("12025550188") is not None
        )
        assert (await site.delete("acc_demo/users/1003")) == (409, "in_use")
        assert (await site.delete("acc_demo/dids/12025550188")) == (200, "")
        assert (await site.delete("acc_demo/users/1003")) == (200, "")
        assert site.directory.device(ACC, "carol") is None and site.directory.did("12025550188") is None
    async with office(database) as site:
        assert site.directory.device(ACC, "carol") is None


async def test_what_the_file_has_can_be_read_and_not_changed(database: Database) -> None:
    async with office(database) as site:
        status, found = await site.get("/accounts/acc_demo/users")
        alice = {"number": "1001", "name": "Alice", "devices": [{"username": "alice"}]}
        assert (status, found) == (200, {"users": [{"name": "1001", "origin": "file", "value": alice}]})
        for path in ("users/1001", "dids/+12025550123", "queues/support", "extensions/77"):
            status, refused = await site.put(f"acc_demo/{path}", target={"echo": True})
            assert (status, refused["error"]) == (409, "read_only") and "tandem reload" in refused["detail"]
            assert (await site.delete(f"acc_demo/{path}")) == (409, "read_only")


@pytest.mark.parametrize(
    ("path", "value", "status", "code", "said"),
    [
        ("users/1003", {"nmae": "Carol"}, 400, "bad_object", "did you mean name?"),
        ("users/x y", {}, 400, "bad_object", "number"),
        ("users/1003", {"number": "1004"}, 400, "bad_object", "in the path"),
        ("users/1003", {"devices": [{"username": "alice", "password": "x"}]}, 409, "conflict", "alice"),
        ("users/1003", {"devices": 5}, 400, "bad_object", "devices"),
        ("users/77", {}, 409, "conflict", "taken"),
        ("extensions/78", {"target": {"user": "9999"}}, 409, "conflict", "no such user"),
        ("extensions/1001", {"target": {"echo": True}}, 409, "conflict", "taken"),
        ("dids/12025550199", {"target": {"echo": True}}, 409, "conflict", "taken"),
        ("dids/12025550188", {"target": {"nonsense": "x"}}, 400, "bad_object", "no such kind"),
        ("queues/sales", {"music": "/etc/passwd"}, 400, "bad_object", "file"),
        ("flows/hello", {"nodes": {"a": {"kind": "nonsense"}}}, 400, "bad_object", "nonsense"),
        (
            "flows/hello",
            {"nodes": {"a": {"kind": "say", "text": "${HOME}"}}},
            400,
            "bad_object",
            "flows in files",
        ),
        (
            "flows/hello",
            {
                "nodes": {
                    "a": {"kind": "http", "url": "http://10.0.0.1/", "next": "b"},
                    "b": {"kind": "hangup"},
                }
            },
            400,
            "bad_object",
            "fetch URLs",
        ),
        (
            "flows/hello",
            {"nodes": {"a": {"kind": "enqueue", "queue": "nobody"}}},
            409,
            "conflict",
            "nobody",
        ),
        (
            "flows/hello",
            {"nodes": {"a": {"kind": "play", "prompt": {"file": "/etc/x.wav"}}}},
            400,
            "bad_object",
            "",
        ),
        ("conferences/room", {}, 404, "no_such_kind", "conferences"),
    ],
)
async def test_what_the_file_may_not_say_the_api_may_not_either(
    tmp_path: Path, path: str, value: dict[str, object], status: int, code: str, said: str
) -> None:
    async with office(Database.new("sqlite", tmp_path)) as site:
        found, body = await site.put(f"acc_demo/{path}", **value)
        assert (found, body["error"]) == (status, code), body
        assert said in body["detail"]
        assert site.shelf.documents == {} and not site.taken


async def test_a_password_is_generated_shown_once_and_kept_when_left_out(database: Database) -> None:
    async with office(database) as site:
        _, made = await site.put("acc_demo/users/1003", name="Carol")
        ((one),) = made["generated"]
        assert one["username"] == "1003" and len(one["password"]) == 16
        before = site.directory.device(ACC, "1003")
        assert one["password"] not in (await site.http.get("/accounts/acc_demo/users", headers=TOKEN)).text
        status, again = await site.put("acc_demo/users/1003", name="Caroline")
        assert status == 200 and "generated" not in again
        assert site.directory.device(ACC, "1003") == before
        for new, error in (("1", "exists"), ("true", "exists"), ("yes", "bad_parameter")):
            response = await site.http.put(f"/accounts/acc_demo/users/1003?new={new}", json={}, headers=TOKEN)
            assert response.json()["error"] == error


async def test_secrets_are_sealed_in_the_database(database: Database) -> None:
    async with office(database) as site:
        await site.put("acc_demo/users/1003", **USER)
        key = site.store.folder.path / FILE
        assert key.stat().st_mode & 0o777 == 0o600
    rows = str(database.rows("SELECT * FROM config_object"))
    assert "1003" in rows and "hush-hush" not in rows and "Carol" not in rows
    key.write_bytes(bytes(32))
    with pytest.raises(SealError, match="restore it"):
        async with office(database):
            pass


async def test_a_flow_is_served_under_its_name(database: Database) -> None:
    async with office(database) as site:
        nodes = {"hello": {"kind": "say", "text": "Hello.", "next": "bye"}, "bye": {"kind": "hangup"}}
        status, _ = await site.put("acc_demo/flows/greet", nodes=nodes)
        assert status == 201 and site.flow_reloads == 1
        assert (await site.put("acc_demo/extensions/78", target={"flow": "greet"}))[0] == 201
        (account, _) = site.taken[-1]
        assert account.flows["greet"].is_file()
        assert (await site.delete("acc_demo/flows/greet")) == (409, "in_use")


async def test_what_a_flow_of_the_api_names_stays(database: Database) -> None:
    async with office(database) as site:
        assert (await site.put("acc_demo/queues/repairs", strategy="ring_all"))[0] == 201
        nodes = {"wait": {"kind": "enqueue", "queue": "repairs", "next": "bye"}, "bye": {"kind": "hangup"}}
        assert (await site.put("acc_demo/flows/line", nodes=nodes))[0] == 201
        assert (await site.delete("acc_demo/queues/repairs")) == (409, "in_use")
        assert (await site.delete("acc_demo/flows/line"))[0] == 200
        assert (await site.delete("acc_demo/queues/repairs"))[0] == 200


def enters(flow: str, *, said: bool = False) -> dict[str, object]:
    """A flow that does nothing but enter another one; said: after it has spoken."""
    nodes: dict[str, object] = {
        "in": {"kind": "subflow", "flow": flow, "next": "bye"},
        "bye": {"kind": "hangup"},
    }
    if not said:
        return {"entry": "in", "nodes": nodes}
    return {"entry": "hello", "nodes": {"hello": {"kind": "say", "text": "Hello.", "next": "in"}, **nodes}}


async def test_flows_that_enter_one_another_in_a_circle_are_refused(database: Database) -> None:
    async with office(database) as site:
        plain = {"nodes": {"bye": {"kind": "hangup"}}}
        assert (await site.put("acc_demo/flows/c", **plain))[0] == 201
        for name, inner in (("b", "c"), ("a", "b")):
            assert (await site.put(f"acc_demo/flows/{name}", **enters(inner)))[0] == 201
        for inner in ("a", "c"):
            status, told = await site.put("acc_demo/flows/c", **enters(inner))
            assert (status, told["error"]) == (409, "conflict") and f"c → {inner}" in told["detail"]
        flows = {"c": enters("a"), "b": enters("c"), "a": enters("b")}
        status, told = await site.take_in([{"id": "acc_demo", "flows": flows}])
        assert (status, told["error"]) == (409, "conflict") and "enters itself" in told["detail"]
        _, shown = await site.get("/accounts/acc_demo/flows/c")
        assert shown["value"] == plain, "all is as it was"
        heard = flows | {"a": enters("b", said=True)}
        assert (await site.take_in([{"id": "acc_demo", "flows": heard}]))[0] == 200, (
            "a caller notices, as in a file"
        )


async def test_a_file_that_comes_to_have_it_wins(database: Database) -> None:
    async with office(database) as site:
        await site.put("acc_demo/users/1003", **USER)
        await site.put("acc_demo/extensions/80", target={"user": "1003"})
        site.text = site.text.replace('users: [{number: "1001"', 'users: [{number: "1003"}, {number: "1001"')
        assert await site.configuration.reload() == ""
        device = site.directory.device(ACC, "carol")
        assert device is None and site.directory.user(ACC, "1003") is not None
        _, found = await site.get("/accounts/acc_demo/users")
        rows = [row for row in found["users"] if row["name"] == "1003"]
        assert [row.get("not_served", "") for row in rows] == ["", "the configuration file has it too"]
        # A line of the file that stands behind it in the checks is no reason to refuse the file.
        site.text = site.text.replace('number: "77"', 'number: "80"')
        assert await site.configuration.reload() == ""
        assert site.directory.extension(ACC, "80") is not None
        assert ("acc_demo", "extensions", "80") in site.shelf.left_out


async def test_a_key_of_an_account_makes_and_sees_objects_of_that_one(database: Database) -> None:
    async with office(database) as site:
        key = (await site.make("config.read", "config.write", account="acc_demo"))["key"]
        body = {"target": {"echo": True}}
        path = "/accounts/acc_demo/extensions/78"
        assert await site.status(path, key, "PUT", json=body) == (201, "")
        other = "/accounts/acc_other/extensions/78"
        assert await site.status(other, key, "PUT", json=body) == (403, "foreign_account")
        assert await site.status("/accounts/acc_other/dids", key) == (403, "foreign_account")
        reader = (await site.make("config.read"))["key"]
        assert await site.status(path, reader, "DELETE") == (403, "missing_scope")
        assert await site.status("/configuration?secrets=1", reader) == (403, "missing_scope")


async def test_an_export_makes_the_same_on_another_database(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    nodes = {"bye": {"kind": "hangup"}}
    for first, second in (("sqlite", "postgresql"), ("postgresql", "sqlite")):
        for folder in (one / first, two / first):
            folder.mkdir(parents=True)
        here = Database.new(first, one / first)
        there = Database.new(second, two / first)
        async with office(here) as site:
            await site.put("acc_demo/users/1003", **USER)
            await site.put("acc_demo/queues/sales", strategy="ring_all")
            await site.put("acc_demo/dids/12025550188", target={"queue": "sales"})
            await site.put("acc_demo/flows/greet", nodes=nodes)
            _, told = await site.get("/configuration?secrets=1")
            _, masked = await site.get("/configuration")
            assert "hush-hush" in str(told) and "hush-hush" not in str(masked)
        async with office(there) as site:
            status, dry = await site.take_in(told["accounts"], dry_run=True)
            assert status == 200 and len(dry["created"]) == 4 and site.shelf.documents == {}
            status, made = await site.take_in(told["accounts"])
            assert made["created"] == dry["created"]
            assert (await site.get("/configuration?secrets=1"))[1] == told
            _, again = await site.take_in(told["accounts"])
            assert (again["created"], again["changed"], again["unchanged"]) == ([], [], 4)
            _, again = await site.take_in(masked["accounts"])
            assert again["unchanged"] == 4, "passwords that an export leaves out stay"
            _, less = await site.take_in(
                [{"id": "acc_demo", "users": told["accounts"][0]["users"]}], prune=True
            )
            assert len(less["removed"]) == 3 and less["unchanged"] == 1


async def test_an_import_is_all_or_nothing(database: Database) -> None:
    async with office(database) as site:
        good = {"number": "78", "target": {"echo": True}}
        for bad, status, code in (
            ({"number": "77", "target": {"echo": True}}, 409, "read_only"),
            ({"number": "79", "target": {"user": "9999"}}, 409, "conflict"),
            ({"number": "79"}, 400, "bad_object"),
            ("79", 400, "bad_object"),
            (good, 400, "bad_object"),
        ):
            found, body = await site.take_in([{"id": "acc_demo", "extensions": [good, bad]}])
            assert (found, body["error"]) == (status, code), (bad, body)
        for accounts in (
            [{"id": "acc_none"}],
            [{"id": "acc_demo", "conferences": []}],
            [{"id": "acc_demo", "users": {}}],
        ):
            assert (await site.take_in(accounts))[0] in (400, 404)
        assert site.shelf.documents == {} and not site.taken
    assert database.rows("SELECT name FROM config_object") == []


async def test_what_is_not_on_disk_has_not_happened(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(database) as site:

        async def never(self: Store, *acts: object) -> bool:
            return False

        monkeypatch.setattr(Store, "commit", never)
        status, body = await site.put("acc_demo/users/1003", **USER)
        assert (status, body["error"]) == (503, "not_kept")
        assert site.directory.device(ACC, "carol") is None and site.shelf.documents == {}


async def test_there_are_no_more_than_the_limit(database: Database) -> None:
    async with office(database, limit=1) as site:
        assert (await site.put("acc_demo/extensions/78", target={"echo": True}))[0] == 201
        assert (await site.put("acc_demo/extensions/79", target={"echo": True}))[1][
            "error"
        ] == "too_many_objects"


async def test_every_change_names_who_made_it(database: Database) -> None:
    async with office(database) as site:
        await site.put("acc_demo/extensions/78", target={"echo": True})
        await site.put("acc_demo/extensions/78", target={"hangup": True})
        await site.delete("acc_demo/extensions/78")
        told = (await site.get("/audit"))[1]["audit"]
        assert [(row["action"], row["kind"], row["name"], row["actor"]) for row in told] == [
            (action, "extensions", "78", "token") for action in ("remove", "change", "create")
        ]
