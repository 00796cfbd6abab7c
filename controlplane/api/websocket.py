"""One WebSocket of the HTTP server: uvicorn's, cut off where its peer does not read what waits for it.

uvicorn has its sender wait, and closes only once everything has gone: neither ends with a peer that reads
nothing. Frames are judged by the `websockets` library (RFC 6455 §5.2: a reserved bit fails the connection).
"""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class WebSocketConnection(WebSocketsSansIOProtocol):
    """
    Args:
        unread_seconds: a peer that takes nothing for so long is cut off [s].
    """

    def __init__(self, unread_seconds: float, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._unread_seconds = unread_seconds
        self._cut: asyncio.TimerHandle | None = None
        self._served = False

    def pause_writing(self) -> None:
        super().pause_writing()
        self._arm()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self._served:
            self._disarm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    async def run_asgi(self) -> None:
        await super().run_asgi()
        # What waits now is sent, or never will be.
        self._served = True
        if not self.disconnected:
            self._arm()

    def _arm(self) -> None:
        if self._cut is None:
            self._cut = self.loop.call_later(self._unread_seconds, self.transport.abort)

    def _disarm(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None
