"""Outgoing HTTP against a server of one answer per request."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from config.schema import FlowLimits
from controlplane.provider.http import HttpClient
from edge.flow.command import Fetch
from tests.support.address import loopback

Answer = Callable[[bytes], Awaitable[bytes]]
LIMITS = FlowLimits(fetch_bytes=2_000, fetches=2)


@contextlib.asynccontextmanager
async def served(*answers: bytes | float) -> AsyncIterator[tuple[str, list[bytes], HttpClient]]:
    """URL, requests as they came, client. An answer of seconds is a wait without an end."""
    left = list(answers)
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(x.split(b":")[1])
                    for x in head.split(b"\r\n")
                    if x.lower().startswith(b"content-length")
                ),
                0,
            )
            requests.append(head + await reader.readexactly(length))
            answer = left.pop(0)
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await asyncio.Event().wait()
        writer.close()

    address = loopback()
    server = await asyncio.start_server(serve, address, 0)
    client = HttpClient(LIMITS)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://{address}:{port}/x", requests, client
    finally:
        await client.close()
        server.close()


def reply(status: int, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    return head.encode() + body


async def test_json_in_and_out() -> None:
    async with served(reply(200, b'{"name": "Ada"}')) as (url, requests, client):
        fetch = Fetch("POST", url, (("X-Key", "k"),), {"number": "1001"})
        assert await client.fetch(fetch, trusted=True) == {
            "status": 200,
            "body": {"name": "Ada"},
            "error": "",
        }
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /x ") and b"X-Key: k" in head and b"application/json" in head
    assert body == b'{"number":"1001"}'


async def test_what_is_not_json_is_text() -> None:
    async with served(reply(200, b"hello"), reply(204, b"")) as (url, _, client):
        assert (await client.fetch(Fetch("GET", url), trusted=True))["body"] == "hello"
        assert (await client.fetch(Fetch("GET", url), trusted=True))["body"] is None


async def test_an_error_of_the_server_is_tried_again_and_one_of_ours_is_not() -> None:
    async with served(reply(503, b""), reply(200, b"1"), reply(404, b"")) as (url, requests, client):
        assert (await client.fetch(Fetch("GET", url, retries=1), trusted=True))["body"] == 1
        assert (await client.fetch(Fetch("GET", url, retries=3), trusted=True))["status"] == 404
        assert len(requests) == 3


async def test_nobody_waits_beyond_the_deadline() -> None:
    async with served(9.0, 9.0) as (url, requests, client):
        found = await client.fetch(Fetch("GET", url, timeout=0.1, retries=1), trusted=True)
        assert found == {"status": 0, "body": None, "error": "no answer within 0.1 s"} and len(requests) == 2


async def test_a_redirect_is_not_followed() -> None:
    async with served(reply(302, b"", "Location: http://127.0.0.1:1/\r\n")) as (url, requests, client):
        assert (await client.fetch(Fetch("GET", url, retries=0), trusted=True))["status"] == 302
        assert len(requests) == 1


async def test_an_answer_that_is_too_long_is_not_read_to_its_end() -> None:
    async with served(reply(200, b"x" * 5_000)) as (url, _, client):
        found = await client.fetch(Fetch("GET", url, retries=0), trusted=True)
        assert found["status"] == 0 and "longer than 2000 bytes" in str(found["error"])


async def test_strangers_urls_do_not_lead_into_our_network() -> None:
    async with served(reply(200, b"")) as (url, requests, client):
        for bad in (url, "http://[::ffff:127.0.0.1]:1/", "http://localhost:1/"):
            found = await client.fetch(Fetch("GET", bad, retries=0), trusted=False)
            assert found["status"] == 0 and found["error"]
        assert requests == []


async def test_more_than_so_many_at_once_fail_at_once() -> None:
    async with served(9.0, 9.0) as (url, _, client):
        slow = [
            asyncio.create_task(client.fetch(Fetch("GET", url, timeout=0.2, retries=0), trusted=True))
            for _ in range(2)
        ]
        await asyncio.sleep(0.05)
        found = await client.fetch(Fetch("GET", url), trusted=True)
        assert found["error"] == "too many requests are under way"
        await asyncio.gather(*slow)


@pytest.mark.parametrize("url", ["http://[", "http://127.0.0.1:1/", "http:///x", "http://127.0.0.1:99999/"])
async def test_what_cannot_be_asked_is_an_error_and_never_an_exception(url: str) -> None:
    client = HttpClient(LIMITS)
    for trusted in (True, False):
        found = await client.fetch(Fetch("GET", url, retries=0, timeout=1.0), trusted=trusted)
        assert found["status"] == 0 and found["error"]
    await client.close()


async def test_a_strange_header_is_an_error() -> None:
    client = HttpClient(LIMITS)
    fetch = Fetch("GET", "http://127.0.0.1:1/", (("X", "a\r\nY: b"),), retries=0)
    assert (await client.fetch(fetch, trusted=True))["status"] == 0
    await client.close()
