"""One session of an agent and its socket: a `media.agent.socket.Listener` that hands on what comes."""

from collections.abc import Callable
from typing import Protocol, TypeVarTuple

from media.agent.contract import Buffer, Dialect, Encoding
from media.agent.effect import Attend, Finish, Hush, Utter
from media.agent.relay import Relay
from media.agent.session import Session
from media.agent.socket import Call, Line
from media.port import AgentSpec
from media.speech import Scribe, Voice

Given = TypeVarTuple("Given")


class Plane(Protocol):
    """Whose link it is."""

    def now(self) -> float: ...

    def current(self, link: "Link") -> bool:
        """No other agent has taken the slot meanwhile."""

    def do(self, link: "Link", step: Callable[[*Given], None], *given: *Given) -> None:
        """A step of the session, and what it asks for then; a fault of ours in it ends this agent alone."""

    def lose(self, link: "Link") -> None:
        """Part from it by such a fault."""

    def listen(self, link: "Link") -> None:
        """Send the caller's audio to the agent, or no more."""


class Link:
    """One session and its socket."""

    def __init__(self, plane: Plane, slot: int, session: Session, lane: int, spec: AgentSpec) -> None:
        self.slot = slot
        self.session = session
        self.lane = lane
        self.spec = spec
        self.call: Call | None = None
        self.sent = self.skipped = self.received = 0
        self.told = False
        "The call knows that it is over."
        self._plane = plane
        self._dialect: Dialect = session.dialect
        self._bare = session.dialect.bare
        self._line: Line | None = None
        self._silence: bytes | None = None  # sent instead of the caller
        self._relay: Relay | None = None  # of an agent that knows text alone

    def speak_by(self, voice: Voice, scribe: Scribe) -> None:
        """The agent knows text alone: these do speech for it."""
        dialect = self._dialect
        self._relay = Relay(
            voice,
            scribe,
            dialect.hears,
            dialect.speaks,
            lambda words: self._told(lambda now: self.session.prompted(words, now)),
            lambda item, audio, ms: self._told(lambda now: self.session.spoken(item, audio, ms, now)),
            lambda reason: self._told(lambda now: self.session.finished(reason, now)),
            lambda why: self._told(lambda now: self.session.unspoken(why)),
        )

    def do_speech(self, effect: Utter | Finish | Attend | Hush) -> None:
        relay = self._relay
        if relay is None:
            return
        match effect:
            case Attend(speaking, language):
                relay.attend(speaking, language)
            case Hush():
                relay.cut()
            case _:
                relay.utter(effect)

    def close_speech(self) -> None:
        if self._relay is not None:
            self._relay.close()

    def _told(self, tell: Callable[[float], None]) -> None:
        if self._plane.current(self):
            self._plane.do(self, tell, self._plane.now())

    def mute(self, encoding: Encoding | None) -> None:
        """Send silence instead of the caller; None: the caller."""
        self._silence = encoding.silence if encoding is not None else None

    def hear(self, frame: Buffer) -> None:
        line = self._line
        if line is None:
            return
        if self._relay is not None:
            self._relay.hear(frame if self._silence is None else self._silence)
            return
        if line.congested:
            self.skipped += 1
            self._dialect.skip()
            return
        self.sent += 1
        if self._silence is not None:
            frame = self._silence
        if self._bare:
            line.binary(frame)
        else:
            self.send(self._dialect.hear(frame))

    def send(self, message: str | bytes) -> None:
        if self._line is None:
            return
        if isinstance(message, str):
            self._line.text(message)
        else:
            self._line.binary(message)

    def hang_up(self, code: int) -> None:
        if self._line is not None:
            self._line.close(code)
            self._line = None
        elif self.call is not None:
            self.call.abandon()

    # The socket calls these.

    def opened(self, line: Line) -> None:
        if self._plane.current(self):
            self._line = line
            self._plane.do(self, self.session.opened, self._plane.now())
            self._plane.listen(self)
        else:
            line.close(1000)

    def received_text(self, text: Buffer) -> None:
        self._receive(text, self.session.receive_text)

    def received_binary(self, data: Buffer) -> None:
        self._receive(data, self.session.receive_binary)

    def closed(self, reason: str) -> None:
        self._line = None
        self._plane.do(self, self.session.closed, reason, self._plane.now())

    def failed(self, reason: str, detail: str) -> None:
        self._line = None
        self._plane.do(self, self.session.failed, reason, detail, self._plane.now())

    def _receive(self, message: Buffer, receive: Callable[[Buffer, float], None]) -> None:
        self.received += 1
        try:
            receive(message, self._plane.now())
        except Exception:
            self._plane.lose(self)
        else:
            if self.session.pending:
                self._plane.do(self, _nothing)


def _nothing() -> None:
    """The step is made already."""
