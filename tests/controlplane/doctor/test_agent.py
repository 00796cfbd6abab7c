"""Agents that answer, and those that do not."""

import socket
import threading
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from websockets.sync.server import Request, Response, Server, ServerConnection, serve

from config.agent import Agent
from controlplane.doctor import agent as module
from controlplane.doctor.finding import Finding, Verdict


def examine(url: str, **headers: str) -> Finding:
    section = Agent.model_validate({"dialect": "twilio", "url": url, "headers": headers})
    return module.agent("a", "greeter", section)


@pytest.fixture
def bot() -> Iterator[Server]:
    def gate(connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("X-Key") == "right":
            return None
        return connection.respond(HTTPStatus.UNAUTHORIZED, "no")

    with serve(lambda connection: None, "127.0.0.1", 0, process_request=gate) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_agent_that_answers(bot: Server) -> None:
    port = bot.socket.getsockname()[1]
    finding = examine(f"ws://127.0.0.1:{port}/media?secret=s3cret", **{"X-Key": "right"})
    assert finding.verdict is Verdict.OK and "s3cret" not in finding.found
    refused = examine(f"ws://127.0.0.1:{port}/media")
    assert refused.verdict is Verdict.FAIL and "HTTP 401" in refused.found and "headers" in refused.fix


def test_an_agent_that_is_not_there() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    assert "refuses" in examine(f"ws://127.0.0.1:{port}/").found


def test_an_agent_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEADLINE", 0.05)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(1)
        finding = examine(f"ws://127.0.0.1:{held.getsockname()[1]}/")
    assert "does not answer" in finding.found


def test_the_built_in_agent_needs_no_check() -> None:
    assert examine("builtin:demo").found == "built in"


def test_a_key_is_sent_as_in_a_call() -> None:
    seen: list[tuple[str | None, str | None]] = []

    def gate(connection: ServerConnection, request: Request) -> Response | None:
        seen.append((request.headers.get("Authorization"), request.headers.get("Sec-WebSocket-Protocol")))
        return connection.respond(HTTPStatus.UNAUTHORIZED, "no")

    with serve(lambda connection: None, "127.0.0.1", 0, process_request=gate) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        for fields in ({"dialect": "deepgram", "api_key": "k"}, {"dialect": "jambonz"}):
            module.agent("a", "x", Agent.model_validate({"url": url, **fields}))
        server.shutdown()
        thread.join()
    assert seen == [("Token k", None), (None, "audio.drachtio.org")]


def test_a_url_that_is_good_for_one_call_is_not_used_up() -> None:
    section = Agent.model_validate({"dialect": "ultravox", "url": "wss://h/join"})
    assert "good for one call" in module.agent("a", "x", section).found
