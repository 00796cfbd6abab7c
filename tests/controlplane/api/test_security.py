"""S004-67…74 over HTTP, on the gated application and on the control socket."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from config.schema import Gates
from controlplane.api.app import operator_app, public_app
from controlplane.api.gate import Gate
from controlplane.api.health import Readiness
from controlplane.api.security import SecurityRoutes
from controlplane.observe.metrics import Metrics
from tests.support.desk import Desk, desk

REPORT = {
    "node": "edge-2",
    "ts": 1_000_000,
    "bans": [
        {
            "ip": "10.0.0.1",
            "reason": "failed_auth",
            "count": 12,
            "first_seen": 900,
            "last_seen": "1970-01-01T00:16:40Z",
            "expires_at": 4_000_000_000_000,
            "user_agent": None,
        }
    ],
}


class Site:
    def __init__(self, made: Desk) -> None:
        self.desk = made
        routes = SecurityRoutes(made.service, 100_000)
        gate, nothing = Gate(Gates(), frozenset()), Metrics()
        calls: Any = None
        public = public_app(gate, Readiness(), nothing, calls, routes.public(gate))
        self.public = self._client(public)
        self.far = self._client(public, "203.0.113.5")
        self.operator = self._client(operator_app(Readiness(), nothing, calls, routes.operator()))

    def _client(self, app: Any, source: str = "127.0.0.1") -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app, client=(source, 5))
        return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with desk(tmp_path) as made:
        yield Site(made)


async def test_a_node_reports_and_its_bans_are_listed(site: Site) -> None:
    response = await site.public.post("/security/report", json=REPORT)
    assert response.status_code == 200 and response.json() == {"node": "edge-2", "bans": 1}
    for client in (site.public, site.operator):
        (ban,) = (await client.get("/security/bans?status=active&q=10.&flagged=0&limit=5")).json()["bans"]
        assert ban["ip"] == "10.0.0.1" and ban["node"] == "edge-2" and ban["status"] == "active"
        assert (ban["first_seen"], ban["last_seen"]) == (900, 1_000), "whole seconds, of whatever was told"
    empty = {"node": "edge-2", "ts": "1000000", "bans": "[]"}
    assert (await site.public.post("/security/report", data=empty)).status_code == 200
    assert (await site.public.get("/security/bans?status=active")).json() == {"bans": []}


async def test_a_ban_may_be_reported_by_its_address_alone_and_lasts_while_it_is_named(
    site: Site,
) -> None:  # S004-72
    report = {"node": "edge-2", "ts": 1_000, "bans": [{"ip": "10.0.0.9", "last_seen": None}]}
    assert (await site.public.post("/security/report", json=report)).status_code == 200
    (ban,) = (await site.public.get("/security/bans?status=active")).json()["bans"]
    assert (ban["ip"], ban["first_seen"], ban["last_seen"], ban["count"]) == ("10.0.0.9", 1_000, 1_000, 1)
    del report["ts"], report["bans"]
    assert (await site.public.post("/security/report", json=report | {"bans": []})).status_code == 200
    assert (await site.public.get("/security/bans?status=active")).json() == {"bans": []}


async def test_allowing_by_form_or_json_unbans(site: Site) -> None:
    await site.operator.post("/security/bans", json={"ip": "192.0.2.66"})
    assert site.desk.shield.refuses("192.0.2.66", 1_000.0)
    added = await site.public.post("/security/allow", data={"ip": "192.0.2.0/24", "note": "office"})
    assert added.status_code == 201 and added.json()["ip"] == "192.0.2.0/24"
    assert not site.desk.shield.refuses("192.0.2.66", 1_000.0)
    assert (await site.public.post("/security/allow", json={"address": "2001:db8::1"})).status_code == 201
    listed = (await site.public.get("/security/allow")).json()["allow"]
    assert [row["ip"] for row in listed] == ["198.51.100.0/24", "192.0.2.0/24", "2001:db8::1"]
    assert (await site.public.delete("/security/allow/192.0.2.0%2F24")).json()["removed"]
    assert (await site.public.delete("/security/allow/2001%3Adb8%3A%3A1")).status_code == 200
    again = await site.public.delete("/security/allow/192.0.2.0/24")
    assert again.status_code == 404 and again.json()["error"] == "no_such_allow"


async def test_an_operator_bans_and_lifts_but_not_over_the_network(site: Site) -> None:
    made = await site.operator.post("/security/bans", json={"ip": "10.1.0.0/16", "seconds": 60, "note": "n"})
    assert made.status_code == 201 and made.json()["reason"] == "manual"
    assert (await site.operator.delete("/security/bans/10.1.0.0%2F16")).json()["status"] == "unbanned"
    assert (await site.operator.delete("/security/bans/10.1.0.0%2F16")).status_code == 404
    assert (await site.public.post("/security/bans", json={"ip": "10.1.0.0/16"})).status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/security/report", {"node": "", "bans": []}),
        ("POST", "/security/report", {"node": "a"}),
        ("POST", "/security/report", {"node": "a", "bans": [{"reason": "scanner"}]}),
        ("POST", "/security/report", REPORT | {"bans": [REPORT["bans"][0] | {"expires_at": "soon"}]}),  # type: ignore[index,operator]
        ("POST", "/security/report", REPORT | {"bans": [REPORT["bans"][0] | {"ip": "host"}]}),  # type: ignore[index,operator]
        ("POST", "/security/allow", {}),
        ("POST", "/security/allow", {"ip": "999.0.0.1"}),
        ("POST", "/security/allow", {"ip": 5}),
        ("GET", "/security/bans?status=odd", None),
        ("GET", "/security/bans?flagged=perhaps", None),
        ("GET", "/security/bans?limit=0", None),
        ("GET", "/security/bans?limit=-1", None),
        ("GET", "/security/bans?limit=x", None),
        ("DELETE", "/security/allow/nonsense", None),
    ],
)
async def test_bad_input_is_400_with_code_and_detail(
    site: Site, method: str, path: str, body: object
) -> None:
    response = await site.public.request(method, path, json=body)
    assert response.status_code == 400, response.text
    assert set(response.json()) == {"error", "detail"}


async def test_the_limit_is_a_thousand_at_most(site: Site) -> None:
    assert (await site.public.get("/security/bans?limit=5000")).status_code == 200


async def test_strangers_are_kept_out(site: Site) -> None:
    for method, path in (
        ("POST", "/security/report"),
        ("GET", "/security/bans"),
        ("GET", "/security/allow"),
        ("POST", "/security/allow"),
        ("DELETE", "/security/allow/10.0.0.1"),
    ):
        response = await site.far.request(method, path)
        assert response.status_code == 403 and response.json()["error"] == "not_allowed"
