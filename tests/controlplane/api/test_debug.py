"""`GET /debug`: page and WebSocket, gated (S004-64…66)."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from config.schema import Gates
from controlplane.api.app import public_app
from controlplane.api.debug import FORBIDDEN, TRY_AGAIN, DebugRoutes
from controlplane.api.gate import Gate
from controlplane.api.health import Readiness
from controlplane.observe.metrics import Metrics
from controlplane.observe.monitor import Monitor
from edge.journal import CallId, TraceEvent
from tests.support.control import control

HERE = {"host": "127.0.0.1:8080"}


@pytest.fixture
def monitor() -> Monitor:
    return Monitor(1, 10)


def client(monitor: Monitor, source: str = "127.0.0.1") -> TestClient:
    gate = Gate(Gates(admin_token="t"), frozenset())
    app = public_app(gate, Readiness(), Metrics(), None, DebugRoutes(monitor, gate).public())  # type: ignore[arg-type]
    return TestClient(app, base_url="http://127.0.0.1:8080", client=(source, 5))


def test_rows_come_as_they_happen_and_as_filtered(monitor: Monitor) -> None:  # S004-64
    with client(monitor).websocket_connect("/debug?layer=sip", headers=HERE) as socket:
        assert len(monitor) == 1
        rows = [TraceEvent(1, layer, "INVITE", data={"message": b"\xff"}) for layer in ("media", "sip")]
        monitor.traced(CallId("call_1"), rows)
        row = socket.receive_json()
        assert (row["layer"], row["call_id"], row["data"]["message"]) == ("sip", "call_1", "\\xff")
        socket.send_text("whatever")
    assert len(monitor) == 0


@pytest.mark.parametrize("source", ["203.0.113.5", "127.0.0.1"])
def test_it_is_gated_like_everything_else(monitor: Monitor, source: str) -> None:  # S004-65
    foreign = HERE | {"origin": "https://evil.example"}
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        client(monitor, source).websocket_connect("/debug", headers=foreign),
    ):
        pass
    assert closed.value.code == FORBIDDEN
    with client(monitor, source).websocket_connect("/debug", headers=HERE | {"x-admin-token": "t"}):
        assert len(monitor) == 1
    assert client(monitor, "203.0.113.5").get("/debug").status_code == 403


def test_there_are_only_so_many(monitor: Monitor) -> None:
    with client(monitor).websocket_connect("/debug", headers=HERE):
        with (
            pytest.raises(WebSocketDisconnect) as closed,
            client(monitor).websocket_connect("/debug", headers=HERE),
        ):
            pass
        assert closed.value.code == TRY_AGAIN


async def test_a_browser_sees_a_page_and_others_426(tmp_path: Path) -> None:  # S004-66
    async with control(tmp_path) as site:
        plain = await site.public.get("/debug")
        assert plain.status_code == 426 and plain.headers["upgrade"] == "websocket"
        page = await site.public.get("/debug", headers={"Accept": "text/html,*/*"})
        assert (
            page.status_code == 200
            and "<title>" in page.text
            and "http" not in page.text.split("<script>")[0]
        )
        assert "default-src 'none'" in page.headers["content-security-policy"]
