"""One HTTP connection: uvicorn's, with bounds on what a peer may send and how long; errors as everywhere.

::

    accepted ── head_seconds ──▶ head ── body_seconds without a byte ──▶ body ──▶ answered ── idle ──▶ …

A head that does not end in its time or its size, a body of which nothing more comes, and more connections of
one source than there may be (addresses of `gates.nodes` are exempt) are ended before anybody else notices.
RFC 9112; declined: 400 for no Host (§3.2), which is the gate's matter, since health checks leave it out.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from config.schema import HttpLimits
from controlplane.api.envelope import refuse

LINES: Final = 128
"Header lines of one request."
_REASON: Final = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


@dataclass(slots=True)
class Crowd:
    """All connections of one server."""

    limits: HttpLimits
    exempt: Callable[[str], bool]
    "Whether this address may have as many connections as there are."
    of: Counter[str] = field(default_factory=Counter)
    "Open ones, by source; exempt ones are not counted."

    def enter(self, source: str) -> bool:
        if self.exempt(source):
            return True
        if self.of[source] >= self.limits.connections_per_source:
            return False
        self.of[source] += 1
        return True

    def leave(self, source: str) -> None:
        if source in self.of:
            self.of[source] -= 1
            if self.of[source] <= 0:
                del self.of[source]


class Connection(HttpToolsProtocol):
    def __init__(self, crowd: Crowd, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._crowd = crowd
        self._limits = crowd.limits
        self._served = self.app
        self._source = ""
        self._timer: asyncio.TimerHandle | None = None
        self._head = 0
        "Bytes of a head that has not ended."
        self._in_head = self._in_body = False
        self._hosts = 0
        self._wrong: tuple[int, str, str] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        source = "" if self.client is None else self.client[0]
        if not self._crowd.enter(source):
            self._refuse(503, "too_many_connections", "so many connections of one address are open already")
            return
        self._source = source
        self._arm(self._limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > self._limits.head_bytes and not self.transport.is_closing():
                self._refuse(
                    431, "head_too_long", f"at most {self._limits.head_bytes} bytes of headers are taken"
                )
            elif self._timer is None:
                self._arm(self._limits.head_seconds)
        elif self._in_body:
            self._arm(self._limits.body_seconds)
        else:
            self._disarm()

    def handle_websocket_upgrade(self) -> None:
        """From now on another protocol has the transport."""
        self._disarm()
        self._leave()
        self._in_head = self._in_body = False
        super().handle_websocket_upgrade()

    # The parser.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head, self._hosts = True, 0, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        # As uvicorn has it, without a second call: every request has some of them.
        name = name.lower()
        self.headers.append((name, value))
        if name == b"host":
            self._hosts += 1
            if self._hosts > 1:  # RFC 9112 §3.2
                self._wrong = (400, "bad_request", "a request has one Host")
                raise ValueError
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        if len(self.headers) > LINES:
            self._wrong = (431, "head_too_long", f"at most {LINES} header lines are taken")
            raise ValueError

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        most = self._limits.connections
        crowded = len(self.connections) > most or len(self.tasks) > most
        self.app = _crowded if crowded else self._served
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(*(self._wrong or (400, "bad_request", "this is no HTTP request that can be read")))

    # Inside.

    def _leave(self) -> None:
        if self._source:
            self._crowd.leave(self._source)
            self._source = ""

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """The last thing that is said here; nobody else answers."""
        self._disarm()
        body = orjson.dumps({"error": code, "detail": detail})
        head = (
            f"HTTP/1.1 {status} {_REASON[status]}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, self._late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._in_body and self.flow.read_paused:  # it is we who do not read
            self._arm(self._limits.body_seconds)
        elif self._in_head and self.cycle is not None and not self.cycle.response_complete:
            self._arm(self._limits.head_seconds)  # what came before it is to be answered first
        elif self._in_head:
            self._refuse(
                408, "too_slow", f"a request's headers must be here within {self._limits.head_seconds:g} s"
            )
        else:
            self.transport.close()


async def _crowded(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"Retry-After": "1", "Connection": "close", "Content-Type": "application/json"}
    text = "as many connections are open as limits.http.connections allows"
    await refuse(503, "too_many_connections", text, headers)(scope, receive, send)
