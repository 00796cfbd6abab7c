"""Routes of the two applications (design §6, HTTP; S004-62, S004-63)."""

from typing import Any, cast

import pytest
import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from config.schema import Gates
from controlplane.api.app import operator_app, public_app
from controlplane.api.envelope import Failure
from controlplane.api.gate import Gate
from controlplane.api.health import Phase, Readiness
from controlplane.observe.metrics import Metrics
from controlplane.service.call import TraceRow

ROW: TraceRow = {
    "seq": 1,
    "ts": 5,
    "layer": "sip",
    "event": "INVITE",
    "node_id": "",
    "outcome": "received",
    "data": {},
}


class Calls:
    """In place of `CallService`."""

    async def trace(self, name: str, account: str = "") -> list[TraceRow] | None:
        if name == "broken":
            raise RuntimeError("a bug")
        if name == "unreadable":
            raise sa.exc.OperationalError("SELECT secret", {}, OSError("server gone"))
        return [ROW] if name in ("call_1", "a/b@host") else None

    async def find(self, name: str, account: str = "") -> dict[str, object] | None:
        return {"state": "ended", "id": name} if name == "call_1" else None

    async def recent(self, **wanted: object) -> dict[str, object]:
        return {"live": [], "ended": [], "wanted": wanted}


class Site:
    def __init__(self) -> None:
        self.readiness = Readiness(lambda: self.trouble)
        self.trouble: list[str] = []
        self.metrics = Metrics()
        self.metrics.gauge("calls", "Live calls.", lambda: 3)
        calls: Any = Calls()
        gate = Gate(Gates(), frozenset())
        self.public = self._client(public_app(gate, self.readiness, self.metrics, calls))
        self.operator = self._client(operator_app(self.readiness, self.metrics, calls))

    def _client(self, app: Any) -> TestClient:
        return TestClient(
            app, base_url="http://127.0.0.1:8080", client=("127.0.0.1", 5), raise_server_exceptions=False
        )


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_trace_has_the_rows_of_the_contract(site: Site) -> None:
    for client in (site.public, site.operator):
        response = client.get("/calls/call_1/trace")
        assert response.status_code == 200
        assert response.json() == {"call_id": "call_1", "events": [ROW]}


def test_a_call_is_also_known_by_a_sip_call_id_with_a_slash(site: Site) -> None:
    assert site.public.get("/calls/a/b@host/trace").status_code == 200
    assert site.public.get("/calls/a%2Fb%40host/trace").status_code == 200


def test_an_unknown_call_is_404_no_such_call(site: Site) -> None:
    response = site.public.get("/calls/call_x/trace")
    assert response.status_code == 404
    assert response.json() == {
        "error": "no_such_call",
        "detail": "there is no call call_x; GET /calls lists them",
    }


@pytest.mark.parametrize("path", ["/", "/nothing", "/callsx", "/healthz/"])
def test_an_unknown_route_is_404_no_such_route(site: Site, path: str) -> None:
    response = site.public.get(path, follow_redirects=False)
    assert response.status_code == 404 and response.json()["error"] == "no_such_route"


def test_a_wrong_method_is_405_in_the_same_envelope(site: Site) -> None:
    response = site.public.post("/healthz")
    assert response.status_code == 405 and "GET" in response.headers["allow"]
    assert response.json() == {
        "error": "method_not_allowed",
        "detail": "POST is not allowed at /healthz",
    }


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/calls", "/v1/a/b"])
def test_the_platform_api_is_501_until_it_is_served(site: Site, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        response = site.public.request(method, path)
        assert response.status_code == 501 and response.json()["error"] == "not_built"


def test_a_fault_of_ours_is_500_and_tells_nothing(site: Site) -> None:
    response = site.public.get("/calls/broken/trace")
    assert response.status_code == 500 and response.json()["error"] == "internal_error"
    assert "bug" not in response.text


def test_ready_means_serving_and_without_trouble(site: Site) -> None:
    assert site.public.get("/healthz").json() == {"status": "alive"}
    assert site.public.get("/readyz").json()["reasons"] == ["starting"]
    site.readiness.phase = Phase.SERVING
    assert site.public.get("/readyz").json() == {"status": "ready"}
    site.trouble = ["database: disk full"]
    response = site.public.get("/readyz")
    assert response.status_code == 503 and response.json()["reasons"] == ["database: disk full"]
    site.readiness.phase = Phase.DRAINING
    assert site.public.get("/readyz").json()["detail"] == "draining, database: disk full"
    assert site.public.get("/healthz").status_code == 200


def test_metrics_are_text_for_prometheus(site: Site) -> None:
    response = site.public.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "tandem_calls 3.0" in response.text


def test_what_tells_of_calls_is_gated_and_health_is_not(site: Site) -> None:
    forwarded = {"X-Forwarded-For": "127.0.0.1"}
    for path in ("/metrics", "/calls", "/calls/call_1", "/calls/call_1/trace"):
        response = site.public.get(path, headers=forwarded)
        assert response.status_code == 403 and response.json()["error"] == "not_local"
    assert site.public.get("/healthz", headers=forwarded).status_code == 200


def test_calls_are_listed_and_shown(site: Site) -> None:
    for client in (site.public, site.operator):
        assert client.get("/calls?limit=7&before=99/call_1&accountId=a").json()["wanted"] == {
            "limit": 7,
            "before": [99, "call_1"],
            "account": "a",
        }
        assert client.get("/calls/call_1").json() == {"state": "ended", "id": "call_1"}
        assert client.get("/calls/call_x").json()["error"] == "no_such_call"


@pytest.mark.parametrize("name", ["limit", "before"])
@pytest.mark.parametrize("text", ["x", "-1", "1e3", "٣", "9" * 16, ""])
def test_a_bad_parameter_is_400(site: Site, name: str, text: str) -> None:
    response = site.public.get("/calls", params={name: text})
    assert response.status_code == 400 and response.json()["error"] == "bad_parameter"


def test_a_path_without_parameters_answers_as_any_other_route_does() -> None:
    async def broken(request: Request) -> Response:
        raise RuntimeError("a bug")

    async def refuses(request: Request) -> Response:
        raise Failure(409, "taken", "it is taken")

    async def unread(request: Request) -> Response:
        raise sa.exc.OperationalError("SELECT secret", {}, OSError("server gone"))

    async def gone(request: Request) -> Response:
        raise HTTPException(410, "it was here")

    def app(*routes: Route) -> TestClient:
        made = public_app(Gate(Gates(), frozenset()), Readiness(), Metrics(), cast("Any", Calls()), routes)
        return TestClient(made, raise_server_exceptions=False)

    plain = app(
        Route("/gone", gone),
        Route("/broken", broken),
        Route("/unread", unread),
        Route("/refuses", refuses, methods=["POST"]),
    )
    patterns = app(
        Route("/{x}one", gone),
        Route("/{x}roken", broken),
        Route("/{x}nread", unread),
        Route("/{x}efuses", refuses, methods=["POST"]),
    )
    for method in ("GET", "HEAD", "POST", "DELETE"):
        for path in ("/gone", "/broken", "/unread", "/refuses", "/healthz", "/nothing"):
            one, other = plain.request(method, path), patterns.request(method, path)
            assert (one.status_code, one.content) == (other.status_code, other.content), (method, path)
            assert dict(one.headers) == dict(other.headers), (method, path)
    assert plain.get("/broken").json()["error"] == "internal_error"
    with pytest.raises(RuntimeError, match="a bug"):  # so that the server logs it
        TestClient(plain.app).get("/broken")


def test_a_database_that_cannot_be_read_is_503_with_what_to_do(site: Site) -> None:
    with capture_logs() as logs:
        response = site.public.get("/calls/unreadable/trace")
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert response.json()["error"] == "database_unavailable" and "/readyz" in response.json()["detail"]
    assert logs[-1]["why"] == "server gone" and "SELECT" not in str(logs) + response.text


@pytest.mark.parametrize("path", ["/plain", "/with/parameter"])
async def test_who_goes_before_he_has_said_all_is_no_fault_of_ours(path: str) -> None:
    async def reads(request: Request) -> Response:
        return Response(await request.body())

    routes = [Route("/plain", reads, methods=["POST"]), Route("/with/{name}", reads, methods=["POST"])]
    app = public_app(Gate(Gates(), frozenset()), Readiness(), Metrics(), cast(Any, Calls()), routes)
    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b""}
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        sent.append(message)

    await app(scope, receive, cast(Any, send))
