"""Routes of calls are proved through the applications in `test_app`; here, over a real store (S004-62)."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from starlette.requests import Request

from config.schema import StoreLimits
from controlplane.api.call import CallRoutes
from controlplane.api.envelope import Failure
from controlplane.service.call import CallService
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.directory import AccountId
from tests.support.administration import TOKEN, office
from tests.support.database import Database, new_database
from tests.support.journal import cdr, event, open_call


def request(call: str) -> Request:
    return Request(
        {"type": "http", "path": "/", "headers": [], "query_string": b"", "path_params": {"call_id": call}}
    )


async def test_a_key_of_one_account_sees_the_calls_of_that_account_alone(database: Database) -> None:
    async with office(database) as site:
        site.store.journal.closed(cdr("call_mine"))
        site.store.journal.closed(cdr("call_other", account=AccountId("acc_other")))
        site.store.journal.opened(replace(open_call("call_live"), account=AccountId("acc_other")))
        mine = {"X-API-Key": (await site.make("calls.read", account="acc_demo"))["key"]}
        listed = (await site.http.get("/calls", headers=mine)).json()
        assert ([row["id"] for row in listed["ended"]], listed["live"]) == (["call_mine"], [])
        everybodys = (await site.http.get("/calls", headers=TOKEN)).json()
        assert len(everybodys["ended"]) == 2 and len(everybodys["live"]) == 1
        for path, status, code in (
            ("/calls?accountId=acc_demo", 200, ""),
            ("/calls?accountId=acc_other", 403, "foreign_account"),
            ("/calls/call_mine", 200, ""),
            ("/calls/call_mine/trace", 200, ""),
            ("/calls/call_other", 404, "no_such_call"),
            ("/calls/call_other/trace", 404, "no_such_call"),
            ("/calls/call_live", 404, "no_such_call"),
            ("/calls/call_live?accountId=acc_other", 403, "foreign_account"),
        ):
            response = await site.http.get(path, headers=mine)
            assert (response.status_code, response.json().get("error", "")) == (status, code), path
        assert await site.status("/calls", (await site.make("agents.read"))["key"]) == (403, "missing_scope")


async def test_a_trace_and_a_call_are_read_from_the_store(tmp_path: Path) -> None:
    new_database(tmp_path)
    store = await Store.open(DataFolder.open(tmp_path), StoreLimits(), lambda: 1_000)
    routes = CallRoutes(CallService(store, lambda call: (), page_rows=10))
    ended = cdr()
    store.journal.closed(ended)
    store.journal.traced(ended.id, [event("INVITE", message=b"\xff")])
    body = orjson.loads((await routes.trace(request("call_1"))).body)
    assert body["events"][0]["data"] == {"message": "\\xff"}
    assert orjson.loads((await routes.show(request("sip-call_1"))).body)["id"] == "call_1"
    recent = orjson.loads((await routes.recent(request(""))).body)
    assert [row["id"] for row in recent["ended"]] == ["call_1"]
    with pytest.raises(Failure, match="there is no call"):
        await routes.trace(request("x"))
    await store.close()
