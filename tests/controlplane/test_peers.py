"""Other machines that ask during calls, on a real node."""

import asyncio
from pathlib import Path

import httpx2
from starlette.routing import Route, WebSocketRoute

from config.load import parse
from config.schema import Gates
from controlplane.api.app import public_app
from controlplane.api.gate import Gate
from controlplane.api.health import Readiness
from controlplane.observe.metrics import Metrics
from controlplane.peers import Peers
from controlplane.service.call import CallService
from controlplane.service.call_flow import CallFlows
from controlplane.service.flow import FlowLibrary
from controlplane.service.system_prompt import SystemPrompts
from controlplane.tasks import Tasks
from edge.directory import AccountId
from tests.controlplane.test_control import YAML, opened

FLOW = """
name: main
nodes:
  wait: {kind: enqueue, queue: support, next: {default: bye}}
  bye: {kind: hangup}
"""
MORE = """
    flows: {main: main.yaml}
    queues: {support: {members: [{user: "1001"}], when_empty: wait}}
    carrier_hooks:
      {url: "https://pbx.example.com/hooks/carrier", sip: pbx.example.com, twilio: {auth_token: secret}}
"""


async def test_flows_are_stepped_carriers_are_heard_and_what_is_left_of_them_is_reaped(
    tmp_path: Path,
) -> None:
    (tmp_path / "main.yaml").write_text(FLOW)
    text = YAML.format(data=tmp_path / "data", address="127.0.0.1").rstrip() + MORE
    config = parse(text, "test.yaml", tmp_path, {})
    library = FlowLibrary.load(config, {})
    loop = asyncio.get_running_loop()
    async with opened(tmp_path, MORE) as site, Tasks() as tasks:
        prompts = SystemPrompts(tmp_path / "prompts")
        flows = CallFlows(library, prompts, tmp_path / "prompts", config.limits.flow, tasks.create_task)
        node, gate = site.node, Gate(Gates(), frozenset())
        peers = Peers(config, node, site.plane, site.directory, flows, loop, tasks)
        routes = peers.public(gate)
        assert {route.path for route in routes if isinstance(route, Route | WebSocketRoute)} == {
            "/flow",
            "/hooks/carrier",
            "/agent-socket",
        }
        calls = CallService(site.store, node.switch.live_trace, 100)
        app = public_app(gate, Readiness(), Metrics(), calls, routes)
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 5))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as http:
            start = {"callId": "c1", "accountId": "acc_demo", "flowId": "main"}
            assert (await http.post("/flow", json=start)).json()["command"] == "enqueue"
            assert (await http.post("/flow", json=start | {"accountId": "acc_no"})).status_code == 404
            waiting = [one.call for one in node.switch.acd.tickets(AccountId("acc_demo"))]
            assert waiting == ["c1"]
            forged = await http.post("/hooks/carrier", headers={"X-Twilio-Signature": "A"}, data={"To": "1"})
            assert forged.status_code == 403
            peers.take([])  # no account has hooks any more
            gone = await http.post("/hooks/carrier", headers={"X-Twilio-Signature": "A"}, data={"To": "1"})
            assert gone.status_code == 501
            site.plane.admission.audited()
            assert [one.call for one in node.switch.acd.tickets(AccountId("acc_demo"))] == ["c1"]
        await flows.close()
