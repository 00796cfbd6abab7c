"""A WebSocket of our server whose peer breaks RFC 6455 or does not read, on real sockets of this machine."""

import asyncio
import base64
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from config.schema import HttpLimits
from controlplane.api.server import HttpServer, bind_tcp

MUCH = "x" * 1_000_000
GENEROUS = 30.0


class Served:
    """What became of the sockets that the server took."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    async def endless(self, socket: WebSocket) -> None:
        """Send as much as there is room for."""
        await socket.accept()
        try:
            while True:
                await socket.send_text(MUCH)
        except WebSocketDisconnect:
            self.ended.append("cut off")

    async def brief(self, socket: WebSocket) -> None:
        """Send more than the kernel takes, and leave before it has gone."""
        await socket.accept()
        for _ in range(8):
            sending = asyncio.create_task(socket.send_text(MUCH))
            await asyncio.sleep(0.01)
            sending.cancel()
        self.ended.append("left")

    async def hear(self, socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                self.ended.append(await socket.receive_text())
        except WebSocketDisconnect as over:
            self.ended.append(str(over.code))


@contextlib.asynccontextmanager
async def serving(served: Served, **limits: Any) -> AsyncIterator[int]:
    routes = [WebSocketRoute(f"/{name}", getattr(served, name)) for name in ("endless", "brief", "hear")]
    bound = bind_tcp("127.0.0.1", 0)
    server = HttpServer(Starlette(routes=routes), bound, HttpLimits(**limits))
    task = asyncio.create_task(server.serve())
    try:
        yield bound.getsockname()[1]
    finally:
        server.stop()
        await task


@contextlib.asynccontextmanager
async def dialled(port: int, path: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=1_024)
    key = base64.b64encode(bytes(16)).decode()
    writer.write(
        f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def open_sockets() -> int:
    count = 0
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            count += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
    return count


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(GENEROUS):
        while not true():
            await asyncio.sleep(0.01)


LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])


@LOOPS
@pytest.mark.parametrize("path", ["endless", "brief"])
def test_who_does_not_read_is_cut_off(loop: Callable[[], asyncio.AbstractEventLoop], path: str) -> None:
    """However much is left to send, and whether or not anybody still sends."""

    async def run() -> None:
        served = Served()
        async with serving(served, unread_seconds="200ms") as port:
            before = open_sockets()
            async with dialled(port, path):
                assert open_sockets() == before + 2
                await until(lambda: open_sockets() == before + 1)
                await until(lambda: served.ended)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())


async def test_who_reads_slowly_is_not() -> None:
    served = Served()
    async with serving(served, unread_seconds="2s") as port, dialled(port, "endless") as (reader, _):
        for _ in range(100):
            await reader.read(65_536)
            await asyncio.sleep(0.001)
        assert not served.ended


@pytest.mark.parametrize("bit", [0x40, 0x20, 0x10])
async def test_a_reserved_bit_that_nothing_gives_a_meaning_fails_the_connection(bit: int) -> None:
    """RFC 6455 §5.2: MUST be 0 unless an extension is negotiated."""
    served = Served()
    async with serving(served) as port, dialled(port, "hear") as (reader, writer):
        writer.write(bytes((0x81 | bit, 0x84, 0, 0, 0, 0)) + b"text")
        answer = await asyncio.wait_for(reader.read(), GENEROUS)
        assert answer[:1] == b"\x88" and answer[2:4] == (1002).to_bytes(2)
        await until(lambda: served.ended == ["1002"])
