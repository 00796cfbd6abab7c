"""`/agent-socket`: a bot dials us, shows its token, and waits."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from controlplane.api.agent_socket import BROKEN, REFUSED, TRY_AGAIN, AgentSocketRoutes
from media.agent.inbound import Visit

TOKEN = "0123456789abcdef"
PATH = "/agent-socket?account=acc&agent=bot"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Bots:
    def __init__(self, *, room: bool = True) -> None:
        self.room = room
        self.visits: list[Visit] = []
        self.left = 0

    def announce(self, key: str, visit: Visit) -> bool:
        assert key == "acc/bot"
        self.visits.append(visit)
        return self.room

    def leave(self, key: str, visit: Visit) -> None:
        self.left += 1


def client(bots: Bots) -> TestClient:
    tokens = {("acc", "bot"): TOKEN}
    routes = AgentSocketRoutes(bots, lambda account, agent: tokens.get((account, agent), ""), 1000)
    return TestClient(Starlette(routes=list(routes.public())))


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (PATH, {}),
        (PATH, {"Authorization": "Bearer wrong"}),
        (PATH, {"Authorization": f"Basic {TOKEN}"}),
        (PATH, {"Authorization": "Bearer "}),
        ("/agent-socket?account=acc&agent=other", HEADERS),
        ("/agent-socket", {"Authorization": "Bearer -"}),
    ],
)
def test_a_bot_without_its_token_is_turned_away(path: str, headers: dict[str, str]) -> None:
    bots = Bots()
    with pytest.raises(WebSocketDisconnect) as refused, client(bots).websocket_connect(path, headers=headers):
        pass
    assert refused.value.code == REFUSED and not bots.visits


def test_messages_pass_both_ways_until_the_call_is_over() -> None:
    bots = Bots()
    with client(bots).websocket_connect(PATH, headers=HEADERS) as socket:
        (visit,) = bots.visits
        visit.text("{}")
        visit.binary(b"\1\2")
        assert socket.receive_text() == "{}" and socket.receive_bytes() == b"\1\2"
        visit.close(1000)
        with pytest.raises(WebSocketDisconnect) as over:
            socket.receive_text()
    assert over.value.code == 1000 and bots.left == 1


def test_a_fault_of_ours_ends_one_socket_and_its_call_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bots, gone = Bots(), []
    monkeypatch.setattr(Visit, "gone", lambda visit, code, reason: gone.append(code))
    monkeypatch.setattr(Visit, "received_text", None)
    with client(bots).websocket_connect(PATH, headers=HEADERS) as socket:
        socket.send_text("{}")
        with pytest.raises(WebSocketDisconnect) as over:
            socket.receive_text()
    assert over.value.code == BROKEN and bots.left == 1 and gone == [1006]
    assert "acc/bot" in caplog.text


def test_a_bot_too_many_is_told_to_come_later() -> None:
    with (
        client(Bots(room=False)).websocket_connect(PATH, headers=HEADERS) as socket,
        pytest.raises(WebSocketDisconnect) as refused,
    ):
        socket.receive_text()
    assert refused.value.code == TRY_AGAIN
