"""Bots that dialled us and wait to be placed into calls: `url: inbound` in an agent's configuration.

::

    bot ─ /agent-socket ─▶ Visit (waits) ─ a call for its agent ─▶ Line of that call ─ over ─▶ closed

A socket serves one call and is closed after it; a bot keeps as many open as it would take calls at once.
Whoever waits longest is taken first. A call for which nobody waits is held for the agent's
`connect_timeout`.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from media.agent.contract import Buffer
from media.agent.socket import Call, Listener
from media.port import AgentSpec

PREFIX: Final = "inbound:"
"Of `AgentSpec.url`; account and agent follow, with a slash between."

_DEAF: Final = "the bot stopped reading its socket while we had messages for it"

Key = str
"`account/agent`."


class Visit:
    """One socket that a bot opened to us: a `Line` and a `Call` of `media.agent.socket`.

    The server reads `outgoing` and reports what comes by `received_…` and `gone`.

    Args:
        most: bytes that may wait for a bot that does not read; above it audio is dropped.
    """

    def __init__(self, most: int) -> None:
        self.outgoing: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        "Messages in their order; None: close, in good order."
        self.code = 1000
        "To close with."
        self.closed = False
        self.congested = False
        self._most = most
        self._waiting = 0
        self._listener: Listener | None = None
        self.binary: Callable[[Buffer], None] = lambda data: self._put(bytes(data))

    # The call's side.

    def text(self, message: str) -> None:
        if self._waiting > 4 * self._most:
            self._fail("closed", _DEAF)
            self.close(1008)
            return
        self._put(message)

    def close(self, code: int) -> None:
        self._listener = None
        if not self.closed:
            self.closed = True
            self.code = code
            self.outgoing.put_nowait(None)

    def abandon(self) -> None:
        self.close(1000)

    def place(self, listener: Listener) -> None:
        """Its call has come."""
        self._listener = listener
        listener.opened(self)

    # The server's side.

    def sent(self, message: str | bytes) -> None:
        """`message` has gone."""
        self._waiting -= len(message)
        self.congested = self._waiting > self._most

    def received_text(self, text: bytes) -> None:
        if self._listener is not None:
            self._listener.received_text(text)

    def received_binary(self, data: bytes) -> None:
        if self._listener is not None:
            self._listener.received_binary(data)

    def gone(self, code: int, reason: str) -> None:
        """The bot has closed, or its connection broke."""
        self.closed = True
        listener, self._listener = self._listener, None
        if listener is None:
            return
        if code == 1000:
            listener.closed(reason)
        elif self.congested:
            listener.failed("closed", _DEAF)
        else:
            listener.failed("closed", f"the bot closed with {code}: see its log")

    # Inside.

    def _put(self, message: str | bytes) -> None:
        if not self.closed:
            self._waiting += len(message)
            self.congested = self._waiting > self._most
            self.outgoing.put_nowait(message)

    def _fail(self, reason: str, detail: str) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.failed(reason, detail)


class Inbound:
    """Sockets that wait, by agent: a `media.agent.socket.Dial` for `AgentSpec.url` with `PREFIX`.

    Args: most: sockets that may wait for one agent.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._idle: dict[Key, deque[Visit]] = {}
        self._calls: dict[Key, deque[_Wanted]] = {}

    def __call__(self, spec: AgentSpec, subprotocol: str | None, listener: Listener) -> Call:
        wanted = _Wanted(spec, listener)
        # The plane knows its call only once this has returned.
        asyncio.get_running_loop().call_soon(self._seek, wanted)
        return wanted

    def announce(self, key: Key, visit: Visit) -> bool:
        """A bot waits for a call of this agent; False: there are as many as may be."""
        calls = self._calls.get(key)
        while calls:
            wanted = calls.popleft()
            if wanted.take(visit):
                return True
        idle = self._idle.setdefault(key, deque())
        if len(idle) >= self._most:
            return False
        idle.append(visit)
        return True

    def leave(self, key: Key, visit: Visit) -> None:
        """It waits no more."""
        idle = self._idle.get(key)
        if idle is not None and visit in idle:
            idle.remove(visit)
            if not idle:
                del self._idle[key]

    def waiting(self, key: Key) -> int:
        return len(self._idle.get(key, ()))

    def _seek(self, wanted: "_Wanted") -> None:
        key = wanted.spec.url.removeprefix(PREFIX)
        idle = self._idle.get(key)
        while idle:
            visit = idle.popleft()
            if not visit.closed and wanted.take(visit):
                return
        calls = self._calls.setdefault(key, deque())
        calls.append(wanted)
        wanted.wait(lambda: self._forget(key, wanted))

    def _forget(self, key: Key, wanted: "_Wanted") -> None:
        calls = self._calls.get(key)
        if calls is not None and wanted in calls:
            calls.remove(wanted)
            if not calls:
                del self._calls[key]


class _Wanted:
    """A call that wants a bot."""

    def __init__(self, spec: AgentSpec, listener: Listener) -> None:
        self.spec = spec
        self._listener: Listener | None = listener
        self._visit: Visit | None = None
        self._timer: asyncio.TimerHandle | None = None

    def take(self, visit: Visit) -> bool:
        """False: the call is not there any more."""
        listener, self._listener = self._listener, None
        if listener is None:
            return False
        self._cancel()
        self._visit = visit
        visit.place(listener)
        return True

    def wait(self, forget: Callable[[], None]) -> None:
        if self._listener is None:
            return
        seconds = self.spec.connect_timeout

        def give_up() -> None:
            forget()
            listener, self._listener = self._listener, None
            if listener is not None:
                why = (
                    f"no bot waits at /agent-socket for agent {self.spec.name}: start it, or let it keep more"
                )
                listener.failed("timeout", f"{why} sockets open (waited {seconds:g} s)")

        self._timer = asyncio.get_running_loop().call_later(seconds, give_up)

    def abandon(self) -> None:
        self._listener = None
        self._cancel()
        if self._visit is not None:
            self._visit.abandon()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
