"""`GET /debug`: the live monitor, a WebSocket and a plain page to look at it (S004-64…66)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from controlplane.api.envelope import Failure, refuse
from controlplane.api.gate import Gate
from controlplane.observe.monitor import Filter, Monitor
from controlplane.store.plain import dump

TRY_AGAIN: Final = 1013
"Close code: there are as many monitors as may be (RFC 6455 §7.4.2, IANA)."
FORBIDDEN: Final = 1008

_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"
)
_PAGE: Final = Path(__file__).with_name("debug.html").read_text("utf-8")


class DebugRoutes:
    def __init__(self, monitor: Monitor, gate: Gate) -> None:
        self._monitor = monitor
        self._gate = gate

    def public(self) -> Sequence[BaseRoute]:
        return [Route("/debug", self._gate.wrap(self.page)), WebSocketRoute("/debug", self.watch)]

    async def page(self, request: Request) -> Response:
        """A page for a browser; 426 for whoever meant the WebSocket."""
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})
        headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
        return refuse(426, "upgrade_required", "/debug is a WebSocket; a browser is shown a page", headers)

    async def watch(self, socket: WebSocket) -> None:
        """`/debug?accountId=&callId=&layer=&event=` → one JSON text for each row."""
        try:
            self._gate.check(socket)
        except Failure as failure:
            await socket.close(FORBIDDEN, failure.code)
            return
        query = socket.query_params
        watcher = self._monitor.watch(
            Filter(
                query.get("accountId", ""),
                query.get("callId", ""),
                query.get("layer", ""),
                query.get("event", ""),
            )
        )
        if watcher is None:
            await socket.close(TRY_AGAIN, "too_many_monitors")
            return
        try:
            await socket.accept()
            async with asyncio.TaskGroup() as tasks:
                gone = tasks.create_task(_until_gone(socket))
                telling = tasks.create_task(_tell(socket, watcher.next))
                await asyncio.wait((gone, telling), return_when=asyncio.FIRST_COMPLETED)
                gone.cancel()
                telling.cancel()
        finally:
            self._monitor.leave(watcher)


async def _tell(socket: WebSocket, next_row: Callable[[], Awaitable[dict[str, object]]]) -> None:
    try:
        while True:
            await socket.send_text(dump(await next_row()).decode())
    except WebSocketDisconnect:
        return


async def _until_gone(socket: WebSocket) -> None:
    """What a watcher says means nothing here."""
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, KeyError):
        return
