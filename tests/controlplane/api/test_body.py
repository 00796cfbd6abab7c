"""Request bodies (S004-02, S004-03)."""

import pytest
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from controlplane.api import envelope
from controlplane.api.body import read, read_bytes

FORM = "application/x-www-form-urlencoded"


class Sum(BaseModel):
    name: str
    parts: list[int] = []
    count: int = 0


async def echo(request: Request) -> Response:
    return envelope.answer((await read(request, Sum, 1_000)).model_dump())


@pytest.fixture
def client() -> TestClient:
    handlers = {envelope.Failure: envelope.failed}
    return TestClient(Starlette(routes=[Route("/", echo, methods=["POST"])], exception_handlers=handlers))


def test_text_stays_text_whatever_it_begins_with(client: TestClient) -> None:  # S004-03
    for text in ("[x] 1.0", "{", "[1]", "{}"):  # a User-Agent, as its phone likes
        for more in ({"data": {"name": text}}, {"json": {"name": text}}):
            response = client.post("/", **more)  # type: ignore[arg-type]
            assert (response.status_code, response.json()["name"]) == (200, text)


def test_json_and_forms_are_the_same(client: TestClient) -> None:
    expected = {"name": "a b", "parts": [1, 2], "count": 3}
    assert client.post("/", json=expected).json() == expected
    assert client.post("/", data={"name": "a b", "parts": "[1,2]", "count": "3"}).json() == expected
    assert client.post("/", data={"name": "x", "parts": ""}).json()["parts"] == [], "empty is left out"
    raw = client.post("/", content=b'{"name":"x"}')
    assert raw.json()["name"] == "x", "without a type it is JSON"


def test_json_is_taken_under_the_name_that_curl_gives_it(client: TestClient) -> None:  # S004-02
    for content in (b'{"name": "x", "count": 3}', b'\n {"name": "x", "count": 3}'):
        response = client.post("/", content=content, headers={"Content-Type": FORM})
        assert response.json() == {"name": "x", "parts": [], "count": 3}
    for wrong in (b'{"name"', b"{"):
        response = client.post("/", content=wrong, headers={"Content-Type": FORM})
        assert (response.status_code, response.json()["error"]) == (400, "bad_json")


def test_what_is_null_is_left_out(client: TestClient) -> None:
    assert client.post("/", json={"name": "x", "parts": None, "count": None}).json()["count"] == 0
    assert client.post("/", json={"name": None}).status_code == 400


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "bad_json"),
        (b"[]", "application/json", 400, "bad_body"),
        (b"", "application/json", 400, "bad_parameter"),
        (b'{"name": 5}', "application/json", 400, "bad_parameter"),
        (b"name=\xff", "application/x-www-form-urlencoded", 400, "bad_form"),
        (b"a=1&" * 2_000, "application/x-www-form-urlencoded", 413, "body_too_long"),
        (b"a&" * 490, "application/x-www-form-urlencoded", 400, "bad_parameter"),
        (b"name=x&parts=[1", "application/x-www-form-urlencoded", 400, "bad_json"),
        (b"x" * 1_001, "application/json", 413, "body_too_long"),
        (b"x", "text/plain", 415, "unsupported_media_type"),
    ],
)
def test_a_bad_body_is_refused_in_the_envelope(
    client: TestClient, content: bytes, kind: str, status: int, code: str
) -> None:
    response = client.post("/", content=content, headers={"Content-Type": kind})
    assert (response.status_code, response.json()["error"]) == (status, code)


def test_the_field_at_fault_is_named_and_its_value_is_not(client: TestClient) -> None:
    detail = client.post("/", json={"name": "x", "parts": [1, "secret"]}).json()["detail"]
    assert detail.startswith("parts.1: ") and "secret" not in detail
    assert client.post("/", json={}).json()["detail"] == "name: missing; add name: …"


async def test_a_body_in_pieces_is_joined_and_one_that_breaks_off_is_nobodys() -> None:
    messages = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"c"},
    ]

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    assert await read_bytes(Request({"type": "http"}, receive), 3) == b"abc"
    messages += [{"type": "http.request", "body": b"ab", "more_body": True}, {"type": "http.disconnect"}]
    with pytest.raises(ClientDisconnect):
        await read_bytes(Request({"type": "http"}, receive), 3)


async def test_of_a_body_that_is_too_long_a_part_is_read_so_that_its_sender_sees_the_answer() -> None:
    for last_piece, pieces in ((5, 5), (None, 9)):
        read_of: list[None] = []

        async def receive(read_of: list[None] = read_of, last: int | None = last_piece) -> dict[str, object]:
            read_of.append(None)
            return {"type": "http.request", "body": b"abc", "more_body": len(read_of) != last}

        with pytest.raises(envelope.Failure, match="longer than 6 bytes"):
            await read_bytes(Request({"type": "http"}, receive), 6)
        assert len(read_of) == pieces, "to its end, or four times as much as there may be"
