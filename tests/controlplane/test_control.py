"""The control plane on a real node: every route is there, is described, and answers in its envelope."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route, WebSocketRoute

from config.load import parse
from config.schema import Gates, Settings
from controlplane.api.administration_operations import ADMINISTRATION
from controlplane.api.app import public_app
from controlplane.api.gate import Gate
from controlplane.api.health import Readiness
from controlplane.api.operations import OPERATIONS
from controlplane.control import ControlPlane
from controlplane.node import Node, wall_ms
from controlplane.observe.edge import watch_admission
from controlplane.observe.metrics import Metrics
from controlplane.provider.http import HttpClient
from controlplane.service.call import CallService
from controlplane.service.directory import MemoryDirectory
from controlplane.service.mirror import Mirror
from controlplane.service.question import Answers
from controlplane.service.recording import RecordingKeeper
from controlplane.service.speech import SpokenTexts
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from controlplane.tasks import Tasks
from media.tts import Speaker
from tests.support.address import loopback

YAML = """
node: {{data: "{data}"}}
listen:
  sip: [{{transport: udp, address: {address}, port: 5060}}]
  http: {{address: {address}, port: 8080}}
  rtp: {{address: {address}, ports: [20000, 20099]}}
accounts:
  - id: acc_demo
    domain: demo.local
    users: [{{number: "1001"}}, {{number: "1002"}}]
    dids:
      - {{number: "12025550123", target: {{user: "1002"}}}}
      - {{number: "12025550124", target: {{echo: true}}}}
    trunks: [{{name: carrier, proxy: "sip:192.0.2.10", default: true}}]
"""
ELSEWHERE = {
    "/hooks/carrier",
    "/flow",
    *(operation.path for operation in ADMINISTRATION),
    "/security/report",
    "/security/bans",
    "/security/allow",
    "/security/allow/{ip}",
}
"Routes that the daemon adds from their own modules."


class Site:
    def __init__(self, settings: Settings, node: Node, store: Store, directory: MemoryDirectory) -> None:
        calls = CallService(store, node.switch.live_trace, 100)
        loop = asyncio.get_running_loop()
        self.node = node
        self.store = store
        self.directory = directory
        self.plane = ControlPlane(
            settings, node, store, directory, calls, Speaker(), lambda account, mailbox: None, loop, Mirror()
        )
        self.metrics = Metrics()
        watch_admission(self.metrics, self.plane.outside, node.switch.admissions)
        gate = Gate(Gates(), frozenset())
        self.app = public_app(gate, Readiness(), self.metrics, calls, self.plane.public(gate))
        transport = httpx2.ASGITransport(self.app, client=("127.0.0.1", 5), raise_app_exceptions=True)
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080")


@contextlib.asynccontextmanager
async def opened(folder: Path, more: str = "") -> AsyncIterator[Site]:
    """Args: more: of the account, as YAML."""
    address = loopback()
    text = YAML.format(data=folder / "data", address=address).rstrip() + more
    config = parse(text, "test.yaml", folder, {})
    loop = asyncio.get_running_loop()
    store = await Store.open(
        DataFolder.open(config.node.data), config.limits.store, lambda: wall_ms(loop.time())
    )
    passwords = {("acc_demo", number): "secret" for number in ("1001", "1002")}
    directory = MemoryDirectory(config.accounts, passwords, {address}, {})
    async with Tasks() as tasks:
        answers = Answers(
            SpokenTexts(folder / "prompts", config.limits.flow.spoken), HttpClient(config.limits.flow)
        )
        keeper = RecordingKeeper(folder / "media", store.journal)
        node = Node(config, store, directory, answers, keeper, loop, tasks)
        await node.listeners.open(config.listen.sip, node)
        site = Site(config, node, store, directory)
        try:
            yield site
        finally:
            site.plane.close()
            node.engine.close()
            await node.listeners.close()
    await store.close()


async def test_every_route_is_in_the_document_and_the_other_way_round(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        served = {
            (method, route.path.replace(":path", ""))
            for route in site.app.routes
            if isinstance(route, Route) and not route.path.startswith("/v1")
            for method in (route.methods or set()) - {"HEAD"}
        }
        hooks = {entry for entry in served if entry[1] == "/hooks/carrier"}
        described = {(one.method, one.path) for one in OPERATIONS if one.path not in ELSEWHERE}
        assert served - hooks == described
        assert any(isinstance(route, WebSocketRoute) and route.path == "/debug" for route in site.app.routes)
        paths = (await site.http.get("/openapi.json")).json()["paths"]
        assert set(paths) == {one.path for one in OPERATIONS}


async def test_a_call_is_routed_traced_and_released(tmp_path: Path) -> None:  # S004-13 S004-41 S004-62
    async with opened(tmp_path) as site:
        register = {
            "type": "register",
            "accountId": "acc_demo",
            "userId": "1002",
            "contact": "sip:1002@192.0.2.7",
        }
        assert (await site.http.post("/presence/event", json=register)).status_code == 200
        asked = {"callId": "c1", "from": "14155550100", "fromDomain": "x.example", "to": "12025550123"}
        rtjson = (await site.http.post("/route", json=asked)).json()["rtjson"]
        assert rtjson["action"] == "proxy" and rtjson["contacts"] == ["sip:1002@192.0.2.7"]
        assert (await site.http.get("/cac?accountId=acc_demo")).json()["counters"]["in"] == 1
        assert "tandem_outside_calls 1.0" in site.metrics.render().decode()
        trace = (await site.http.get("/calls/c1/trace")).json()
        assert [row["event"] for row in trace["events"]] == ["Stranger", "user", "cac", "rtjson"]
        end = {"type": "dialog", "accountId": "acc_demo", "callId": "c1", "event": "end"}
        await site.http.post("/presence/event", json=end)
        assert len(site.node.switch.admissions) == 0
        trace = (await site.http.get("/calls/c1/trace")).json()
        assert trace["events"][-1]["outcome"] == "end"


async def test_what_we_alone_answer_is_sent_to_our_own_door(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        asked = {"callId": "c1", "from": "1", "fromDomain": "x.example", "to": "12025550124"}
        rtjson = (await site.http.post("/route", json=asked)).json()["rtjson"]
        (contact,) = rtjson["contacts"]
        assert contact.startswith("sip:12025550124@127.") and contact.endswith(":5060")


async def test_carriers_are_told_that_nobody_listens(tmp_path: Path) -> None:  # S004-81 S004-82
    async with opened(tmp_path) as site:
        for path in ("/hooks/carrier", "/v1/calls", "/v1"):
            response = await site.http.post(path, json={})
            assert response.status_code == 501 and response.json()["error"] == "not_built"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
WORDS = "callId from fromDomain to type accountId userId aor event expires contact registered cause srcIp"
NAMES = st.sampled_from(
    [*WORDS.split(), "method", "username", "realm", "nonce", "uri", "response", "nc", "qop"]
)
VALUES = JSON | st.sampled_from(
    [
        "acc_demo",
        "1001",
        "1002",
        "12025550123",
        "demo.local",
        "register",
        "dialog",
        "agent",
        "end",
        "login",
        "c1",
    ]
)


@pytest.mark.parametrize("path", ["/auth", "/route", "/presence/event", "/cac/reset"])
async def test_whatever_is_posted_is_answered_in_the_envelope(tmp_path: Path, path: str) -> None:  # S004-04
    async with opened(tmp_path) as site:
        bodies: list[dict[str, Any]] = []

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(st.dictionaries(NAMES, VALUES, max_size=12))
        def collect(body: dict[str, Any]) -> None:
            bodies.append(body)

        collect()
        for body in bodies:
            response = await site.http.post(path, json=body)
            assert response.status_code in (200, 400, 404, 409, 503), (body, response.text)
            if response.status_code != 200:
                assert set(response.json()) == {"error", "detail"}
