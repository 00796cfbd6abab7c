"""One suite through both doors: a native call and `POST /flow` get the same commands (S004-29…37)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest

from config.schedule import Schedule
from config.schema import FlowLimits, Gates
from controlplane.api.app import public_app
from controlplane.api.flow import FlowRoutes
from controlplane.api.gate import Gate
from controlplane.api.health import Readiness
from controlplane.observe.metrics import Metrics
from controlplane.service.flow_session import FlowSessions
from edge.directory import Agent
from edge.flow.document import read_flow
from edge.flow.machine import Program
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import FakeJournal
from tests.support.flow_call import FlowCall

RECEPTION = Path(__file__).parents[2] / "config/flows/reception.yaml"


def reception(force: str) -> Program:
    draft = read_flow(RECEPTION.read_text(), str(RECEPTION), name="main")
    schedule = Schedule.model_validate({"force": force})
    return Program({"main": draft.flow}, {"office": schedule})


class Door(Protocol):
    """Says how the command under way ended; what comes next is `command node`."""

    async def begin(self, force: str) -> str: ...
    async def step(self, outcome: str) -> str: ...


class Native:
    async def begin(self, force: str) -> str:
        directory = FakeDirectory()
        directory.agents["demo"] = Agent(ACC, "demo", "twilio", "ws://127.0.0.1:1/", (), 8_000, True, 5.0)
        self.call = FlowCall(reception(force), directory)
        return self._now()

    async def step(self, outcome: str) -> str:
        call, bench = self.call, self.call.bench
        kind = self._now().split()[0]
        match kind, outcome:
            case "play", "done":
                call.played(call.playing()[0])
            case "gather", "timeout":
                if call.playing():
                    call.played(call.playing()[0])
                bench.advance(5.0)
            case _, digit if digit.startswith("digit:"):
                call.press(digit[6:])
            case "dial", "done":
                bench.media(port.AgentEnded(call.leg, "closed"))
            case "dial", "no_answer" if bench.commanded(port.AttachAgent) and self._now() == "dial assistant":
                bench.media(port.AgentFailed(call.leg, "refused", ""))
            case "record", "done":
                bench.advance(1.0)
                if not bench.commanded(port.Record):
                    stop = bench.commanded(port.StopPlay)[-1]
                    assert isinstance(stop, port.StopPlay) and stop.play is not None
                    bench.media(port.Played(call.leg, stop.play, 400, False))
                record = bench.commanded(port.Record)[-1]
                assert isinstance(record, port.Record)
                bench.media(port.Recorded(call.leg, record.path, 3_000))
            case _:
                raise AssertionError(f"{kind} cannot end by {outcome} here")
        return self._now()

    def _now(self) -> str:
        issued = self.call.issued
        return f"{type(issued.command).__name__.lower()} {issued.node_id}"


class Http:
    async def begin(self, force: str) -> str:
        made = reception(force)

        async def nothing(question: object) -> dict[str, Any]:
            return {}

        def wall(now: float) -> int:
            return int(now * 1000)

        limits, journal = FlowLimits(), FakeJournal()
        sessions = FlowSessions(lambda account: made, journal, limits, lambda: 1.0, wall, nothing, print)
        gate = Gate(Gates(), frozenset())
        calls: Any = None
        app = public_app(gate, Readiness(), Metrics(), calls, FlowRoutes(sessions, 10_000).public(gate))
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 5))
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080")
        return await self._post({"accountId": "acc_demo", "flowId": "main"})

    async def step(self, outcome: str) -> str:
        return await self._post({"outcome": outcome, "data": {}})

    async def _post(self, body: dict[str, Any]) -> str:
        answer = (await self._client.post("/flow", json={"callId": "c1", **body})).json()
        return f"{answer['command']} {answer['node_id']}"


@pytest.fixture(params=[Native, Http], ids=["native", "http"])
async def door(request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    made = request.param()
    yield made
    if isinstance(made, Http):
        await made._client.aclose()


WAYS = {
    "the assistant, then good-bye": (
        "open",
        ["digit:1", "done", "done"],
        ["gather menu", "dial assistant", "play goodbye", "hangup end"],
    ),
    "0 leads from the assistant to people, who are not there": (
        "open",
        ["digit:1", "digit:0", "done"],
        ["gather menu", "dial assistant", "play connecting", "play nobody"],
    ),
    "an assistant that is not there is as good as 0": (
        "open",
        ["digit:1", "no_answer"],
        ["gather menu", "dial assistant", "play connecting"],
    ),
    "a wrong key is asked again": (
        "open",
        ["digit:9", "digit:3"],
        ["gather menu", "gather menu", "play message"],
    ),
    "who says nothing talks to the assistant": (
        "open",
        ["timeout", "timeout"],
        ["gather menu", "gather menu", "dial assistant"],
    ),
    "at night there is the message": (
        "closed",
        ["done", "done", "done", "done"],
        ["play closed", "play message", "record message", "play goodbye", "hangup end"],
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_the_reception_goes_the_same_way_through_both_doors(door: Door, way: str) -> None:
    force, outcomes, expected = WAYS[way]
    took = [await door.begin(force)]
    for outcome in outcomes:
        took.append(await door.step(outcome))
    if isinstance(door, Http) and "play nobody" in expected:
        # An outside edge waits for itself; natively nobody has a phone, so that it is over at once.
        assert took[-1] == "enqueue people"
        took[-1] = await door.step("no_agents")
    assert took == expected
