"""CORS of routes that a user's own token opens."""

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from config.load import parse
from config.schema import Gates
from controlplane.api.app import _App
from controlplane.api.envelope import Failure, answer
from controlplane.api.gate import Gate
from controlplane.api.origin import Origins
from controlplane.auth.principal import Principal
from controlplane.auth.token import BAD
from edge.error import Refusal

PAGE = "https://desk.example"


async def judge(token: str) -> Principal | Refusal:
    return Principal("user:us_1", frozenset(), "acc", "us_1") if token == "good" else BAD


async def who(request: Request, principal: Principal) -> Response:
    return answer({"user": principal.user})


def client(*origins: str, source: str = "203.0.113.5") -> TestClient:
    gates = Gates.model_validate({"origins": origins})
    gate = Gate(gates, frozenset(), tokens=judge)
    routes = [Route("/agent", gate.wrap_user(who), methods=["POST"]), Route("/agent", gate.wrap_user(who))]
    return TestClient(
        _App([*gate.origins.preflights(routes), *routes]), base_url="http://127.0.0.1", client=(source, 5)
    )


def test_a_page_that_may_reads_answers_and_refusals() -> None:
    for token, status in (("good", 200), ("bad", 401)):
        headers = {"Origin": PAGE, "Authorization": f"Bearer {token}"}
        response = client("https://Desk.Example").get("/agent", headers=headers)
        assert response.status_code == status
        assert (response.headers["access-control-allow-origin"], response.headers["vary"]) == (PAGE, "Origin")
        assert "access-control-allow-credentials" not in response.headers


def test_its_browser_is_told_before_what_it_may_ask() -> None:
    response = client(PAGE).options("/agent", headers={"Origin": PAGE})
    assert response.status_code == 204 and response.content == b""
    assert response.headers["access-control-allow-methods"] == "GET, HEAD, POST"
    assert response.headers["access-control-allow-headers"] == "Authorization, Content-Type"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://desk.example", f"{PAGE}:444"])
def test_other_pages_read_nothing(origin: str) -> None:
    made = client(PAGE)
    headers = {"Origin": origin, "Authorization": "Bearer good"}
    assert "access-control-allow-origin" not in made.get("/agent", headers=headers).headers
    response = made.options("/agent", headers={"Origin": origin})
    assert (response.status_code, response.json()["error"]) == (403, "foreign_origin")


def test_without_pages_there_is_no_preflight() -> None:
    response = client().options("/agent", headers={"Origin": PAGE})
    assert response.status_code == 405
    response = client().get("/agent", headers={"Origin": PAGE, "Authorization": "Bearer good"})
    assert response.status_code == 200 and "vary" not in response.headers


def test_a_page_that_may_ask_with_a_token_has_no_right_of_our_address() -> None:
    response = client(PAGE, source="127.0.0.1").get("/agent", headers={"Origin": PAGE})
    assert (response.status_code, response.json()["error"]) == (403, "foreign_origin")


async def test_what_fails_otherwise_fails_as_before() -> None:
    async def broken(request: Request) -> Response:
        raise RuntimeError("a bug")

    async def refuses(request: Request) -> Response:
        raise Failure(404, "no_such_user", "there is none")

    request = Request({"type": "http", "headers": [(b"origin", PAGE.encode())]})
    with pytest.raises(RuntimeError):
        await Origins([PAGE]).wrap(broken)(request)
    assert (await Origins([PAGE]).wrap(refuses)(request)).status_code == 404


def test_the_configuration_takes_origins_and_nothing_else() -> None:
    text = "gates: {{origins: [{}]}}\naccounts: [{{id: a, domain: a.local}}]\n"
    made = parse(text.format('"https://Desk.example"'), "t.yaml", None, {})  # type: ignore[arg-type]
    assert made.gates.origins == (PAGE,)
    with pytest.raises(Exception, match="no web origin"):
        parse(text.format('"*"'), "t.yaml", None, {})  # type: ignore[arg-type]
