"""`POST /flow` on the gated application (S004-29…36)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from config.schema import Gates
from controlplane.api.app import public_app
from controlplane.api.flow import FlowRoutes
from controlplane.api.gate import Gate
from controlplane.api.health import Readiness
from controlplane.observe.metrics import Metrics
from tests.controlplane.service.test_flow_session import Desk


def client(source: str = "127.0.0.1") -> httpx2.AsyncClient:
    gate = Gate(Gates(), frozenset())
    calls: Any = None
    routes = FlowRoutes(Desk().sessions, 10_000).public(gate)
    app = public_app(gate, Readiness(), Metrics(), calls, routes)
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app, client=(source, 5)), base_url="http://127.0.0.1:8080"
    )


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with client() as made:
        yield made


START = {"callId": "c1", "accountId": "acc", "flowId": "main", "vars": {"caller_cid": "49"}}


async def test_a_start_and_a_step(http: httpx2.AsyncClient) -> None:
    first = (await http.post("/flow", json=START)).json()
    assert (first["command"], first["node_id"], first["seq"]) == ("gather", "menu", 1)
    assert first["params"]["text"] == "Hello 49"
    step = {"callId": "c1", "outcome": "done", "data": {"digits": "1"}, "seq": 1}
    second = (await http.post("/flow", json=step)).json()
    assert second == {"command": "noop", "node_id": "ask", "params": {"poll_ms": 200}, "seq": 2}


async def test_forms_are_taken_as_well(http: httpx2.AsyncClient) -> None:
    """S004-02."""
    await http.post("/flow", data={**START, "vars": '{"caller_cid": "49"}'})
    response = await http.post("/flow", data={"callId": "c1", "outcome": "timeout", "data": "{}", "seq": "1"})
    assert response.json()["seq"] == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "bad_parameter"),
        ({"callId": "c1"}, 400, "bad_parameter"),
        ({"callId": "", "outcome": "done"}, 400, "bad_parameter"),
        ({"callId": "c1", "outcome": "done", "data": 3}, 400, "bad_parameter"),
        ({"callId": "c2", "outcome": "done"}, 404, "no_such_call"),
        ({**START, "flowId": "x"}, 404, "no_such_flow"),
        ({**START, "accountId": "x"}, 404, "no_such_account"),
        ({**START, "vars": {"x": "y" * 20_000}}, 413, "body_too_long"),
    ],
)
async def test_what_is_wrong_is_told(
    http: httpx2.AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    response = await http.post("/flow", json=body)
    assert (response.status_code, response.json()["error"]) == (status, code)


async def test_strangers_do_not_step_our_flows() -> None:
    async with client("203.0.113.5") as far:
        assert (await far.post("/flow", json=START)).status_code == 403


async def test_a_call_is_of_one_account_and_began_in_one_flow(http: httpx2.AsyncClient) -> None:  # S004-36
    assert (await http.post("/flow", json=START)).json() == (await http.post("/flow", json=START)).json()
    for wrong, code in (({"accountId": "other"}, "no_such_call"), ({"flowId": "x"}, "no_such_flow")):
        response = await http.post("/flow", json={**START, **wrong})
        assert (response.status_code, response.json()["error"]) == (404, code), (
            "and nothing of the call is told"
        )
    step = {"callId": "c1", "outcome": "done", "data": {"digits": "1"}}
    response = await http.post("/flow", json={**step, "accountId": "other"})
    assert (response.status_code, response.json()["error"]) == (404, "no_such_call")
    assert (await http.post("/flow", json={**step, "accountId": "acc"})).json()["seq"] == 2


async def test_names_and_numbers_are_taken_as_other_routes_take_them(http: httpx2.AsyncClient) -> None:
    first = await http.post("/flow", json={"call_id": 77, "account_id": "acc", "flow_id": "main"})
    assert first.json()["seq"] == 1
    assert (await http.post("/flow", data={"callId": "77", "outcome": "timeout"})).json()["seq"] == 2
