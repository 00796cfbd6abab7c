"""One OpenTelemetry trace per call of a running daemon: from who calls to the agent and a collector."""

import http.client
import json
from pathlib import Path
from typing import Any

from tests.support.address import loopback
from tests.support.bot import Bot
from tests.support.caller import Phone
from tests.support.collector import Collector, attributes
from tests.support.daemon import PASSWORDS, Daemon

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GIVEN = f"00-{TRACE}-00f067aa0ba902b7-01"
FLOW = """
nodes:
  talk: {kind: agent, agent: bot, next: {default: bye}}
  bye: {kind: hangup}
"""


def post(daemon: Daemon, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(*daemon.http, timeout=60.0)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
    response = connection.getresponse()
    found: dict[str, Any] = json.loads(response.read())
    connection.close()
    assert response.status == 200, found
    return found


def test_the_trace_of_a_caller_reaches_the_agent_and_the_collector(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(FLOW)
    bot = Bot(tmp_path / "bot")
    account = {
        "headers": ["X-Traceparent"],
        "agents": {"bot": bot.agent()},
        "flows": {"talk": str(tmp_path / "flow.yaml")},
        "extensions": [{"number": "9001", "target": {"flow": "talk"}}],
        "dids": [{"number": "12025550123", "target": {"flow": "talk"}}],
    }
    with Collector() as collector, bot.child:
        settings = {"observe": {"otlp": {"endpoint": collector.url, "delay": "0.05s"}}}
        with Daemon(tmp_path / "daemon", account=account, settings=settings) as daemon:
            with Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone:
                call = phone.dial("9001", timeout=60.0, headers=(("X-Traceparent", GIVEN),))
                told = bot.wait("connected", timeout=60.0)["traceparent"]
                call.hang_up(timeout=60.0)
            asked = {"callId": "out-1", "from": "14155550100", "to": "12025550123"}
            assert post(daemon, "/route", asked, traceparent=GIVEN.replace("4736", "4737"))["rtjson"]
            post(
                daemon,
                "/presence/event",
                {"type": "dialog", "accountId": "acc_demo", "callId": "out-1", "event": "end"},
            )
        # The daemon has ended, and kept nothing back.
        spans = {span.name: span for span in collector.spans if span.trace_id.hex() == TRACE}
        other = [span for span in collector.spans if span.trace_id.hex() == TRACE[:-1] + "7"]
    assert {"call", "auth", "route", "admission", "flow talk", "leg caller", "agent"} <= set(spans)
    call_span, agent = spans["call"], spans["agent"]
    assert call_span.parent_span_id.hex() == "00f067aa0ba902b7"
    assert told == f"00-{TRACE}-{agent.span_id.hex()}-01" and agent.parent_span_id == call_span.span_id
    assert attributes(call_span)["tandem.cause"] == "caller_hangup"
    assert "call" in [span.name for span in other]
