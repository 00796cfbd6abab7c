"""Routes of calls are proved through the applications in `test_app`; here, over a real store (S004-62)."""

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
from tests.support.database import new_database
from tests.support.journal import cdr, event


def request(call: str) -> Request:
    return Request(
        {"type": "http", "path": "/", "headers": [], "query_string": b"", "path_params": {"call_id": call}}
    )


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
