"""Sockets of bots that dialled the daemon, for agents whose leg lives in a worker.

::

    worker: plane ─▶ Relayed (a `Dial`) ── Wanted · Said · HungUp ─▶ daemon: Gate ─▶ the `Dial` that has them
            listener ◀────────────────── Opened · Heard · Over ◀──        └─ listener of the bot's socket

A bot that does not read is `congested` in the daemon, which drops the audio for it there.
"""

from collections.abc import Callable

from config.value import dataclass
from media.agent.contract import Buffer
from media.agent.socket import Call, Dial, Line, Listener
from media.port import AgentSpec


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call in the worker wants a socket; `socket` is its name for it."""

    socket: int
    spec: AgentSpec
    subprotocol: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """For the bot."""

    socket: int
    data: str | bytes


@dataclass(frozen=True, slots=True)
class HungUp:
    socket: int
    code: int


@dataclass(frozen=True, slots=True)
class Opened:
    socket: int


@dataclass(frozen=True, slots=True)
class Heard:
    """From the bot."""

    socket: int
    data: str | bytes


@dataclass(frozen=True, slots=True)
class Over:
    """The socket is no more; `failure` is empty when it was closed in good order."""

    socket: int
    failure: str
    text: str


ToDaemon = Wanted | Said | HungUp
ToWorker = Opened | Heard | Over


class Relayed:
    """In the worker: a `Dial`."""

    def __init__(self, tell: Callable[[ToDaemon], None]) -> None:
        self._tell = tell
        self._sockets: dict[int, _Far] = {}
        self._made = 0

    def __call__(self, spec: AgentSpec, subprotocol: str | None, listener: Listener) -> Call:
        self._made += 1
        far = self._sockets[self._made] = _Far(self._made, listener, self._tell, self._sockets)
        self._tell(Wanted(self._made, spec, subprotocol))
        return far

    def received(self, message: ToWorker) -> None:
        far = self._sockets.get(message.socket)
        if far is None:
            return  # hung up here meanwhile
        match message:
            case Opened():
                far.listener.opened(far)
            case Heard(data=str() as text):
                far.listener.received_text(text.encode())
            case Heard(data=bytes() as data):
                far.listener.received_binary(data)
            case Over(failure=failure, text=text):
                del self._sockets[message.socket]
                if failure:
                    far.listener.failed(failure, text)
                else:
                    far.listener.closed(text)

    def __len__(self) -> int:
        return len(self._sockets)


class _Far:
    """A socket of the daemon, as its call in the worker sees it: a `Call` and a `Line`."""

    congested = False

    def __init__(
        self, number: int, listener: Listener, tell: Callable[[ToDaemon], None], sockets: dict[int, "_Far"]
    ) -> None:
        self.listener = listener
        self._number = number
        self._tell = tell
        self._sockets = sockets
        self.binary: Callable[[Buffer], None] = lambda data: self._tell(Said(self._number, bytes(data)))

    def text(self, message: str) -> None:
        self._tell(Said(self._number, message))

    def close(self, code: int) -> None:
        if self._sockets.pop(self._number, None) is not None:
            self._tell(HungUp(self._number, code))

    def abandon(self) -> None:
        self.close(1000)


class Gate:
    """In the daemon: the sockets of one worker's calls."""

    def __init__(self, dial: Dial | None, tell: Callable[[ToWorker], None]) -> None:
        self._dial = dial
        self._tell = tell
        self._sockets: dict[int, _Near] = {}

    def received(self, message: ToDaemon) -> None:
        match message:
            case Wanted(socket, spec, subprotocol):
                if self._dial is None:
                    self._tell(Over(socket, "refused", "no bot can dial this daemon"))
                    return
                near = self._sockets[socket] = _Near(socket, self._tell, self._sockets)
                near.call = self._dial(spec, subprotocol, near)
            case Said(socket, data):
                if (found := self._sockets.get(socket)) is not None:
                    found.say(data)
            case HungUp(socket, code):
                if (found := self._sockets.pop(socket, None)) is not None:
                    found.hang_up(code)

    def close(self) -> None:
        """The worker has gone."""
        sockets, self._sockets = list(self._sockets.values()), {}
        for near in sockets:
            near.hang_up(1001)

    def __len__(self) -> int:
        return len(self._sockets)


class _Near:
    """A socket, as its bot's side reports it: a `Listener`."""

    def __init__(self, number: int, tell: Callable[[ToWorker], None], sockets: dict[int, "_Near"]) -> None:
        self.call: Call | None = None
        self._number = number
        self._tell = tell
        self._sockets = sockets
        self._line: Line | None = None

    def say(self, data: str | bytes) -> None:
        if self._line is None:
            return
        if isinstance(data, str):
            self._line.text(data)
        elif not self._line.congested:
            self._line.binary(data)

    def hang_up(self, code: int) -> None:
        if self._line is not None:
            self._line.close(code)
        elif self.call is not None:
            self.call.abandon()

    # The socket calls these.

    def opened(self, line: Line) -> None:
        self._line = line
        self._tell(Opened(self._number))

    def received_text(self, text: Buffer) -> None:
        self._tell(Heard(self._number, bytes(text).decode(errors="replace")))

    def received_binary(self, data: Buffer) -> None:
        self._tell(Heard(self._number, bytes(data)))

    def closed(self, reason: str) -> None:
        self._over("", reason)

    def failed(self, reason: str, detail: str) -> None:
        self._over(reason, detail)

    def _over(self, failure: str, text: str) -> None:
        self._line = None
        if self._sockets.pop(self._number, None) is not None:
            self._tell(Over(self._number, failure, text))
