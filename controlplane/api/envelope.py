"""The one place that makes error answers: `{"error": code, "detail": text}` (S004-04)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import sqlalchemy as sa
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from controlplane.store.plain import dump
from edge.error import Refusal

Value = TypeVar("Value")
Endpoint = Callable[[Request], Awaitable[Response]]

UNREADABLE: Final = (sa.exc.OperationalError, sa.exc.InterfaceError)
"What a read raises when the database has gone, is locked, or its disk fails."

_log = structlog.get_logger(__name__)


class Failure(Exception):
    """What a handler raises to refuse; `code` is stable, `detail` is for people."""

    def __init__(self, status: int, code: str, detail: str, retry_after: int | None = None) -> None:
        """Args: retry_after: [s]"""
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers: dict[str, str] | None = None
        if status == 401:
            self.headers = {"WWW-Authenticate": "Bearer"}  # RFC 9110 §15.5.2
        elif retry_after is not None:
            self.headers = {"Retry-After": str(retry_after)}


class Json(Response):
    """JSON as bytes. Its two headers are written as they go out; `Response` makes them of text."""

    media_type = "application/json"

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        if headers:
            super().init_headers(headers)
            return
        length = str(len(self.body)).encode()
        self.raw_headers = [(b"content-length", length), (b"content-type", b"application/json")]


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Args: value: of any text, also of peers whose bytes are no UTF-8."""
    return Json(dump(value), status, headers)


def refuse(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    return answer({"error": code, "detail": detail}, status, headers)


def done(result: Value | Refusal) -> Value:
    """What the service found; raises `Failure` when it refused."""
    if isinstance(result, Refusal):
        raise Failure(result.status, result.code, f"{result.text}; {result.fix}", result.retry_after)
    return result


async def failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Failure), "registered for nothing else"
    return refuse(error.status, error.code, error.detail, error.headers)


async def unrouted(request: Request, error: Exception) -> Response:
    """What the router itself refuses: an unknown route, a wrong method."""
    assert isinstance(error, HTTPException), "registered for nothing else"
    headers = dict(error.headers) if error.headers else None
    path = request.url.path
    match error.status_code:
        case 404:
            return refuse(
                404, "no_such_route", f"there is nothing at {path}; /docs lists what there is", headers
            )
        case 405:
            return refuse(405, "method_not_allowed", f"{request.method} is not allowed at {path}", headers)
        case status:
            return refuse(status, "refused", error.detail, headers)


async def unread(request: Request, error: Exception) -> Response:
    """The database cannot be read: it has gone, is locked, or its disk fails."""
    assert isinstance(error, UNREADABLE), "registered for nothing else"
    # Without the statement and its parameters, which may hold what people said.
    _log.warning("the database cannot be read", path=request.url.path, why=" ".join(str(error.orig).split()))
    text = "the database cannot be read now; see /readyz for why, and try again"
    return refuse(503, "database_unavailable", text, {"Retry-After": "5"})


async def broken(request: Request, error: Exception) -> Response:
    """Our mistake; the server logs it with its trace."""
    return refuse(500, "internal_error", "the server failed; its log says why")
