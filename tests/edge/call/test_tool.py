"""Custom tools: what is posted (# S002-56), the deadline (# S002-57), data only (# S002-58), the schema
(# S002-59)."""

import json

import pytest

from edge.call.tool import ARGUMENT_BYTES
from edge.directory import Agent, Target, Tool
from edge.flow.command import Fetch
from edge.question import Look
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


class Scene:
    def __init__(self) -> None:
        directory = FakeDirectory()
        directory.add_user("1001")
        directory.agents["demo"] = Agent(ACC, "demo", "openai", "ws://h", (), 8_000, True, 5.0)
        directory.tools["weather"] = Tool("weather", "https://h/w", SCHEMA, (("X-Key", "secret"),), 10.0)
        directory.extensions["9000"] = Target("agent", "demo")
        self.bench = Bench(directory)
        self.alice = Phone(self.bench, "1001")
        self.alice.ack(final(self.alice.dial("9000")))
        (self.call,) = self.bench.switch.calls.values()
        self.leg = self.call.leg.id

    def use(self, name: str = "weather", call: str = "t1", arguments: str = '{"city":"Bonn"}') -> None:
        self.bench.media(port.AgentToolCall(self.leg, call, name, arguments))

    def reply(self, **reply: object) -> None:
        ask = self.bench.asked.pop(0)
        self.bench.switch.told(ask.token, reply, self.bench.now)  # type: ignore[arg-type]
        self.bench.drain()

    def results(self) -> list[port.ToolResult]:
        told = [c for c in self.bench.commanded(port.TellAgent) if isinstance(c, port.TellAgent)]
        return [command.news for command in told if isinstance(command.news, port.ToolResult)]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def nested(levels: int) -> list[object]:
    inner: list[object] = []
    for _ in range(levels):
        inner = [inner]
    return inner


def test_the_service_is_asked_and_its_answer_given_back(scene: Scene) -> None:
    scene.use()
    (ask,) = scene.bench.asked
    assert isinstance(ask.question, Look) and isinstance(ask.question.fetch, Fetch)
    fetch = ask.question.fetch
    assert (fetch.method, fetch.url, fetch.timeout, fetch.retries) == ("POST", "https://h/w", 10.0, 0)
    assert fetch.body == {"arguments": {"city": "Bonn"}, "callSessionId": scene.call.id, "tool": "weather"}
    assert "secret" not in repr(fetch)
    scene.reply(status=200, body={"sky": "clear", "hangup": True}, error="")
    (result,) = scene.results()
    assert result.call == "t1" and json.loads(result.result)["sky"] == "clear" and not result.failed
    assert scene.bench.switch.calls, "an answer is data and ends no call"


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("tide", "{}", "no tool tide"),
        ("weather", "{", "not JSON"),
        ("weather", "[]", "not an object"),
        ("weather", '{"city":' + "[" * 500 + "]" * 500 + "}", "nested too deeply"),
        ("weather", "[" * ARGUMENT_BYTES, "nested too deeply"),
        ("weather", "{}", "city"),
        ("weather", '{"city":5}', "do not fit"),
        ("weather", json.dumps({"city": "x" * ARGUMENT_BYTES}), "longer than"),
    ],
)
def test_what_does_not_fit_is_not_posted(scene: Scene, name: str, arguments: str, why: str) -> None:
    scene.use(name, arguments=arguments)
    (result,) = scene.results()
    assert result.failed and why in result.result and not scene.bench.asked


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ({"status": 0, "body": None, "error": "no answer within 10 s"}, "no answer within 10 s"),
        ({"status": 500, "body": "", "error": ""}, "answered 500"),
        ({"status": 200, "body": nested(500), "error": ""}, "cannot be handed on"),
        ({"status": 200, "body": "x" * 70_000, "error": ""}, "longer than 65536 bytes"),
    ],
)
def test_a_service_that_fails_is_told_so(scene: Scene, reply: dict[str, object], why: str) -> None:
    scene.use()
    scene.reply(**reply)
    (result,) = scene.results()
    assert result.failed and why in result.result


def test_tools_at_work_are_bounded(scene: Scene) -> None:
    for number in range(9):
        scene.use(call=f"t{number}")
    (result,) = scene.results()
    assert result.call == "t8" and "too many" in result.result


def test_of_what_is_cancelled_only_what_is_at_work_is_remembered(scene: Scene) -> None:
    """Else an agent that cancels what it never asked for fills the memory, and its next call is dropped."""
    scene.use()
    scene.bench.media(port.AgentToolCancelled(scene.leg, tuple(f"t{number}" for number in range(2, 10_000))))
    scene.reply(status=200, body="first", error="")
    scene.use(call="t2")
    scene.reply(status=200, body="second", error="")
    assert [result.result for result in scene.results()] == ["first", "second"]


def test_a_result_that_nobody_wants_any_more_is_dropped(scene: Scene) -> None:
    scene.use()
    scene.bench.media(port.AgentToolCancelled(scene.leg, ("t1",)))
    scene.reply(status=200, body="late", error="")
    scene.use(call="t2")
    scene.bench.media(port.AgentEnded(scene.leg, "bye"))
    assert scene.results() == []
