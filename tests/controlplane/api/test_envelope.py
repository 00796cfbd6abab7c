"""Error answers; the routes that give them are proved in `test_app`."""

import orjson
from starlette.requests import Request

from controlplane.api.envelope import Failure, answer, failed, refuse


async def test_a_failure_becomes_the_envelope() -> None:
    request = Request({"type": "http", "path": "/", "headers": []})
    response = await failed(request, Failure(409, "taken", "the number is taken"))
    assert response.status_code == 409
    assert orjson.loads(response.body) == {"error": "taken", "detail": "the number is taken"}


def test_answers_are_json() -> None:
    assert answer({"a": 1}).headers["content-type"] == "application/json"
    assert refuse(400, "bad", "x", {"Retry-After": "5"}).headers["retry-after"] == "5"
    plain = answer({"a": 1}, 201)
    assert (plain.status_code, plain.headers["content-length"]) == (201, "7")


def test_what_a_stranger_wrote_is_shown_whatever_its_bytes() -> None:
    """A Call-ID or User-Agent that is no UTF-8 must not hide the list of bans that it is in."""
    assert orjson.loads(answer({"user_agent": "scan\udcffner"}).body) == {"user_agent": "scan?ner"}
