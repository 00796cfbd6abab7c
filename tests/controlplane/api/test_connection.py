"""What an HTTP connection may send and for how long, on real sockets of this machine."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from config.schema import HttpLimits
from controlplane.api.connection import LINES, Crowd
from controlplane.api.envelope import answer
from controlplane.api.health import healthz
from controlplane.api.server import HttpServer, bind_tcp

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
LAST = b"Connection: close\r\n\r\n"
GENEROUS = 60.0


async def echo(request: Request) -> Response:
    return answer({"bytes": len(await request.body())})


async def hello(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.receive()


@contextlib.asynccontextmanager
async def serving(exempt: bool = False, **limits: Any) -> AsyncIterator[int]:
    """The port of a server of these limits."""
    routes = [
        Route("/healthz", healthz),
        Route("/echo", echo, methods=["POST"]),
        WebSocketRoute("/ws", hello),
    ]
    bound = bind_tcp("127.0.0.1", 0)
    server = HttpServer(Starlette(routes=routes), bound, HttpLimits(**limits), lambda source: exempt)
    task = asyncio.create_task(server.serve())
    try:
        yield bound.getsockname()[1]
    finally:
        server.stop()
        await task


async def said(port: int, *pieces: bytes, close: bool = False) -> bytes:
    """All that is answered until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
        return await asyncio.wait_for(reader.read(), GENEROUS)
    finally:
        writer.close()


def refused(answered: bytes) -> tuple[int, str]:
    head, _, body = answered.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head and b"connection: close" in head.lower()
    found = json.loads(body)
    assert found.keys() == {"error", "detail"}
    return int(head.split()[1]), found["error"]


async def test_a_head_that_does_not_end_is_not_waited_for() -> None:
    async with serving(head_seconds=1) as port:
        assert refused(await said(port, HEAD)) == (408, "too_slow")
        assert await said(port) == b"", "who says nothing is told nothing"
        one, other = HEAD + b"\r\n", HEAD + b"X: "
        answered = await said(port, one + other)
        assert answered.startswith(b"HTTP/1.1 200") and b"too_slow" in answered, "also a later one"


async def test_a_body_of_which_nothing_more_comes_is_given_up() -> None:
    async with serving(body_seconds=1) as port:
        post = b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n"
        assert await said(port, post + b"12345") == b""
        answered = await said(port, post[:-2] + b"Connection: close\r\n\r\n", b"12345", b"67890")
        assert b'{"bytes":10}' in answered


async def test_who_asks_first_whether_to_send_is_told_to() -> None:  # RFC 9110 §10.1.1
    async with serving() as port:
        head = b"POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n"
        answered = await said(port, head + LAST, b"ok")
        assert (
            answered.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200") and b'{"bytes":2}' in answered
        )


@pytest.mark.parametrize(
    ("pieces", "verdict"),
    [
        ([HEAD, b"X: " + b"a" * 100_000], (431, "head_too_long")),
        ([HEAD, b"X: y\r\n" * LINES, LAST], (431, "head_too_long")),
        ([b"GET /" + b"a" * 100_000], (431, "head_too_long")),
        ([b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"], (400, "bad_request")),
        ([b"nonsense\r\n\r\n"], (400, "bad_request")),
        ([b"FOO /healthz HTTP/1.1\r\n\r\n"], (400, "bad_request")),
        ([b"POST /echo HTTP/1.1\r\nContent-Length: -5\r\n\r\n"], (400, "bad_request")),
        (
            [b"POST /echo HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"],
            (400, "bad_request"),
        ),
    ],
    ids=["header", "lines", "path", "hosts", "nonsense", "method", "length", "smuggled"],
)
async def test_what_is_no_request_is_told_so(pieces: list[bytes], verdict: tuple[int, str]) -> None:
    async with serving() as port:
        assert refused(await said(port, *pieces)) == verdict
        assert (await said(port, HEAD + LAST)).startswith(b"HTTP/1.1 200"), "others are served"


async def test_one_source_has_so_many_connections_and_gives_them_back() -> None:
    async with serving(connections_per_source=3) as port:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for reader, writer in opened:
            writer.write(HEAD + b"\r\n")
            assert (await reader.readuntil(b"alive")).startswith(b"HTTP/1.1 200")
        assert refused(await said(port)) == (503, "too_many_connections")
        opened[0][1].close()
        async with asyncio.timeout(GENEROUS):
            while not (await said(port, HEAD + LAST)).startswith(b"HTTP/1.1 200"):
                await asyncio.sleep(0.01)
        for _, writer in opened[1:]:
            writer.close()


async def test_nodes_have_as_many_as_there_are_and_then_a_busy_answer() -> None:
    async with serving(exempt=True, connections_per_source=1, connections=10) as port:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(9)]
        assert (await said(port, HEAD + LAST)).startswith(b"HTTP/1.1 200")
        opened += [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        busy = await said(port, HEAD + LAST)
        assert refused(busy) == (503, "too_many_connections") and b"retry-after: 1" in busy.lower()
        for _, writer in opened:
            writer.close()


async def test_a_websocket_is_left_alone() -> None:
    upgrade = (
        b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    async with serving(connections_per_source=1, head_seconds=1.5, body_seconds=1.5) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(upgrade)
        assert b"hello" in await reader.readuntil(b"hello")
        assert (await said(port, HEAD + LAST)).startswith(b"HTTP/1.1 200"), (
            "it is no HTTP connection any more"
        )
        with pytest.raises(TimeoutError):  # nothing ends it
            await asyncio.wait_for(reader.read(1), 2)
        writer.close()


def test_a_crowd_forgets_who_has_gone() -> None:
    crowd = Crowd(HttpLimits(connections_per_source=2), lambda source: source == "node")
    assert [crowd.enter("a"), crowd.enter("a"), crowd.enter("a"), crowd.enter("node")] == [
        True,
        True,
        False,
        True,
    ]
    for source in ("a", "a", "node", "b"):
        crowd.leave(source)
    assert not crowd.of and crowd.enter("a")
