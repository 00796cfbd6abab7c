"""`/agent-socket?account=…&agent=…`: a bot dials us, shows its token, and waits to be placed into calls.

From its first message on the socket speaks the agent's dialect, as though we had dialled. It serves one call.
"""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from media.agent.inbound import Visit

REFUSED: Final = 1008
BROKEN: Final = 1011
TRY_AGAIN: Final = 1013
"Close codes (RFC 6455 §7.4.2, IANA)."
_REASON: Final = 100  # characters
_log = logging.getLogger(__name__)


class Waits(Protocol):
    """What is used of `media.agent.inbound.Inbound`."""

    def announce(self, key: str, visit: Visit) -> bool: ...
    def leave(self, key: str, visit: Visit) -> None: ...


class AgentSocketRoutes:
    """
    Args:
        token: (account, agent) → its token; empty: there is no such agent that dials us.
        most: bytes that may wait for one bot.
    """

    def __init__(self, bots: Waits, token: Callable[[str, str], str], most: int) -> None:
        self._bots = bots
        self._token = token
        self._most = most

    def public(self) -> Sequence[BaseRoute]:
        return [WebSocketRoute("/agent-socket", self.wait)]

    async def wait(self, socket: WebSocket) -> None:
        account, agent = (socket.query_params.get(name, "") for name in ("account", "agent"))
        kind, _, shown = socket.headers.get("authorization", "").partition(" ")
        expected = self._token(account, agent)
        # Compared in any case, so that the time says nothing of which agents there are.
        known = hmac.compare_digest(shown.encode(), (expected or "-").encode())
        if not (expected and known and kind.lower() == "bearer"):
            await socket.close(REFUSED, "not_authorized")
            return
        await socket.accept()
        key, visit = f"{account}/{agent}", Visit(self._most)
        if not self._bots.announce(key, visit):
            await socket.close(TRY_AGAIN, "too_many_sockets")
            return
        try:
            async with asyncio.TaskGroup() as tasks:
                hearing = tasks.create_task(_hear(socket, visit))
                telling = tasks.create_task(_tell(socket, visit))
                await asyncio.wait((hearing, telling), return_when=asyncio.FIRST_COMPLETED)
                hearing.cancel()
                telling.cancel()
        except* Exception:
            _log.exception("a bot that waits for calls of %s is lost by a fault of ours", key)
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await socket.close(BROKEN)
        finally:
            self._bots.leave(key, visit)
            visit.gone(1006, "")


async def _tell(socket: WebSocket, visit: Visit) -> None:
    try:
        while (message := await visit.outgoing.get()) is not None:
            if isinstance(message, str):
                await socket.send_text(message)
            else:
                await socket.send_bytes(message)
            visit.sent(message)
        await socket.close(visit.code)
    except (WebSocketDisconnect, RuntimeError):
        return  # the bot closed first


async def _hear(socket: WebSocket, visit: Visit) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            visit.gone(message.get("code") or 1006, str(message.get("reason") or "")[:_REASON])
            return
        if (data := message.get("bytes")) is not None:
            visit.received_binary(data)
        elif (text := message.get("text")) is not None:
            visit.received_text(text.encode())
