"""HTTP in our own loop, on real sockets of this machine."""

import asyncio
import http.client
import socket
import stat
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from config.schema import HttpLimits
from controlplane.api.health import healthz
from controlplane.api.server import BindError, HttpServer, bind_tcp, bind_unix
from controlplane.store.folder import socket_address

APP = Starlette(routes=[Route("/healthz", healthz)])


def get(port: int) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        return response.status, response.read(), dict(response.headers)
    finally:
        connection.close()


async def test_it_serves_until_it_is_stopped() -> None:
    bound = bind_tcp("127.0.0.1", 0)
    port = bound.getsockname()[1]
    server = HttpServer(APP, bound, HttpLimits())
    serving = asyncio.create_task(server.serve())
    status, body, headers = await asyncio.to_thread(get, port)
    assert (status, body) == (200, b'{"status":"alive"}') and "server" not in headers
    assert server.started
    server.stop()
    await serving
    with pytest.raises(OSError):
        await asyncio.to_thread(get, port)


def test_a_busy_port_is_one_line_with_the_remedy() -> None:
    bound = bind_tcp("127.0.0.1", 0)
    port = bound.getsockname()[1]
    with pytest.raises(BindError, match=f"HTTP 127.0.0.1:{port}: address already in use; .*listen.http.port"):
        bind_tcp("127.0.0.1", port)
    bound.close()


def test_an_address_of_another_machine_is_one_line_with_the_remedy() -> None:
    with pytest.raises(BindError, match=r"change listen\.http\.address"):
        bind_tcp("192.0.2.1", 8080)


@pytest.mark.parametrize("name", ["control.sock", "x" * 80 + "/" + "y" * 80 + "/control.sock"])
async def test_the_control_socket_is_the_owners_alone_however_long_its_path(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    bind_unix(path).close()
    bound = bind_unix(path)  # over the file that a crash left
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    server = HttpServer(APP, bound, HttpLimits())
    serving = asyncio.create_task(server.serve())

    def ask() -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client, socket_address(path) as address:
            client.settimeout(5)
            client.connect(address)
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: tandem\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: client.recv(4096), b""))

    assert (await asyncio.to_thread(ask)).startswith(b"HTTP/1.1 200 OK")
    server.stop()
    await serving


def test_a_control_socket_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BindError, match="choose another folder with --data"):
        bind_unix(tmp_path / "missing" / "control.sock")
