"""HTTP in the daemon's own loop: uvicorn without its signals, its sockets and its logs."""

import contextlib
import errno
import functools
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette

from config.schema import HttpLimits
from controlplane.api.connection import Connection, Crowd
from controlplane.api.websocket import WebSocketConnection
from controlplane.store.folder import socket_address

GRACE: Final = 3
"Requests under way when the server stops may take this long [s]."
BACKLOG: Final = 512
WS_MESSAGE_MAX: Final = 1_048_576
"Longest message taken on a WebSocket [bytes]."


class BindError(Exception):
    """An address cannot be listened on; the message is one line that says why and what to change."""


class HttpServer:
    """Serves one application on one bound socket: `await serve()` until `stop()`."""

    def __init__(
        self,
        app: Starlette,
        bound: socket.socket,
        limits: HttpLimits,
        exempt: Callable[[str], bool] = lambda source: True,
    ) -> None:
        """Args: exempt: whether an address may have as many connections as there are."""
        self._bound = bound
        connection = functools.partial(Connection, Crowd(limits, exempt))
        self._server = _Server(
            uvicorn.Config(
                app,
                loop="none",
                http=connection,  # type: ignore[arg-type]  # called as a class would be
                ws=functools.partial(WebSocketConnection, limits.unread_seconds),  # type: ignore[arg-type]  # the same
                ws_max_size=WS_MESSAGE_MAX,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_graceful_shutdown=GRACE,
            )
        )

    @property
    def started(self) -> bool:
        return self._server.started

    async def serve(self) -> None:
        await self._server.serve(sockets=[self._bound])

    def stop(self) -> None:
        """Take no more requests; `serve` returns when those under way are answered, or after `GRACE`."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The daemon drains its calls first and stops HTTP last.
        yield


def bind_tcp(address: str, port: int) -> socket.socket:
    """Raises `BindError`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((address, port))
        bound.listen(BACKLOG)  # so that a second daemon fails here and not later
    except OSError as error:
        bound.close()
        raise BindError(f"HTTP {address}:{port}: {_why(error)}; {_remedy(error)}") from None
    bound.setblocking(False)
    return bound


def bind_unix(path: Path) -> socket.socket:
    """A socket file of mode 0600; one left behind by a crash is replaced. Raises `BindError`.

    The caller holds the lock of the folder.
    """
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)
        with socket_address(path) as address:
            bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise BindError(f"control socket {path}: {_why(error)}; choose another folder with --data") from None
    finally:
        os.umask(mask)
    bound.setblocking(False)
    return bound


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _remedy(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "stop the other program or change listen.http.port"
        case errno.EACCES:
            return "ports below 1024 need rights; change listen.http.port"
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address; change listen.http.address"
        case _:
            return "change listen.http"
