"""One AI agent on one call leg, without I/O: the policy between dialect, playout queue and call.

::

    plane  ── opened / receive_… / caller_… / started / dry / hang_up ──▶ Session
    plane  ◀── take_effects(): Send, Close, SendDigits, port events ───── Session

DIALLING ─▶ OPEN ─▶ (LEAVING ─▶) ENDED. An agent that closes in good order, or asks to hang up, is LEAVING
until its last words have been played; one that breaks off has ENDED at once. Whatever comes in a state that
does not expect it is late and dropped. `AgentFailed` or `AgentEnded` is reported once, unless we hung up.
"""

import enum
from collections import deque
from dataclasses import dataclass
from typing import Final, assert_never

from config.schema import MediaLimits
from media.agent.contract import Action, Buffer, Clear, Dialect, Digits, HangUp, Mark, Message, Note, Say
from media.agent.playout import Playout
from media.agent.turn import Floor, Turn
from media.port import (
    AgentConnected,
    AgentEnded,
    AgentFailed,
    AgentInterrupted,
    AgentMessage,
    AgentSpoke,
    AttachAgent,
    Event,
    SendDigits,
)

ITEMS: Final = 256
"Utterances remembered for truncation; the oldest go first."


class State(enum.Enum):
    DIALLING = enum.auto()
    OPEN = enum.auto()
    LEAVING = enum.auto()
    ENDED = enum.auto()


@dataclass(frozen=True, slots=True)
class Send:
    message: Message


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket in good order, once what was sent has gone."""

    code: int = 1000


Effect = Send | Close | SendDigits | Event


@dataclass(slots=True)
class Tally:
    """Counters of one session."""

    malformed: int = 0
    "Messages that broke the agent's protocol."
    discarded: int = 0
    "Samples of interrupted utterances that came after the interruption."
    untraced: int = 0
    "Text messages beyond `MediaLimits.agent_traced`."


class Session:
    def __init__(
        self,
        slot: int,
        command: AttachAgent,
        dialect: Dialect,
        playout: Playout,
        floor: Floor,
        limits: MediaLimits,
        release: float,
        now: float,
    ) -> None:
        self.state = State.DIALLING
        self.dialect = dialect
        self.tally = Tally()
        self._slot = slot
        self._leg = command.leg
        self._playout = playout
        self._floor = floor
        self._turn = Turn(command.agent.barge_in, release)
        self._traceable = limits.agent_traced
        self._began = now
        self._rate = dialect.speaks.rate
        self._turn_base = 0  # samples heard when the agent's turn began
        self._items: deque[tuple[int, str]] = deque([(0, "")], maxlen=ITEMS)
        self._farewell = ""
        self._effects: list[Effect] = []
        floor.open(slot)
        playout.open(slot, min(limits.agent_queue, command.agent.max_queue), now)

    def take_effects(self) -> list[Effect]:
        """Effects since the last call, oldest first."""
        effects, self._effects = self._effects, []
        return effects

    @property
    def pending(self) -> bool:
        """`take_effects` has something to give; most messages are audio and leave nothing."""
        return bool(self._effects)

    # The socket.

    def opened(self, now: float) -> None:
        if self.state is not State.DIALLING:
            return
        self.state = State.OPEN
        self._effects.append(AgentConnected(self._leg, round((now - self._began) * 1000)))
        self._send(self.dialect.open())
        self._trace(True, "start")

    def failed(self, reason: str, detail: str) -> None:
        """The agent could not be reached, or broke off."""
        if self.state is State.LEAVING:
            return  # it has said good-bye; only the end of its last words is missing
        self._end(AgentFailed(self._leg, reason, detail))

    def closed(self, reason: str) -> None:
        """The agent closed in good order."""
        self._leave(reason or "closed by the agent")

    def receive_binary(self, data: Buffer, now: float) -> None:
        if self.state is State.OPEN:
            for action in self.dialect.receive_binary(data):
                self._act(action, now)

    def receive_text(self, text: Buffer, now: float) -> None:
        if self.state is State.OPEN:
            for action in self.dialect.receive_text(text):
                self._act(action, now)

    # The caller.

    def caller_started(self, now: float) -> None:
        if self.state not in (State.OPEN, State.LEAVING):
            return
        playout, slot = self._playout, self._slot
        queued = playout.queued(slot)
        stop = self._turn.caller_started(
            now,
            playing=playout.playing(slot),
            queued=queued / self._rate,
            audible_at=float(self._floor.audible_at[slot]),
        )
        item, item_base = self._item()
        dropped, names = playout.clear(slot) if stop else (0, [])
        played_ms = self._played_ms()
        self._send(self.dialect.speech_started(played_ms))
        if not stop:
            return
        dropped_ms = self._ms(dropped)
        item_ms = max(0, self._ms(playout.position(slot) - dropped - item_base))
        self._floor.lose(slot)
        self._return_marks(names, cleared=True)
        self._send(self.dialect.interrupted(item, item_ms, played_ms, dropped_ms))
        self._effects.append(AgentInterrupted(self._leg, played_ms, dropped_ms, now))
        self.dry()

    def caller_stopped(self, now: float) -> None:
        self._turn.caller_stopped(now)
        self._floor.pass_on(self._slot, now)
        if self.state is State.OPEN:
            self._send(self.dialect.speech_stopped())

    def digit(self, digit: str, duration_ms: int) -> None:
        if self.state is State.OPEN:
            self._send(self.dialect.digit(digit, duration_ms))
            self._trace(True, "dtmf")

    # Playout.

    def started(self, now: float) -> None:
        """The frame that was just taken is the first audible one of a turn."""
        self._turn_base = self._playout.heard_before(self._slot)
        self._effects.append(AgentSpoke(self._leg, self._turn.agent_started(now)))

    def marks_reached(self) -> None:
        self._return_marks(self._playout.reached(self._slot), cleared=False)

    def dry(self) -> None:
        """The queue has been played to its end."""
        if self.state is State.LEAVING and self._playout.empty(self._slot):
            self._end(AgentEnded(self._leg, self._farewell))

    def hang_up(self) -> None:
        """The leg needs no agent any more."""
        if self.state in (State.OPEN, State.LEAVING):
            self._send(self.dialect.stop())
        self._playout.clear(self._slot)
        self._effects.append(Close())
        self.state = State.ENDED

    # What the agent asks for.

    def _act(self, action: Action, now: float) -> None:
        match action:
            case Say():
                self._say(action, now)
            case Clear():
                self._trace(False, "clear")
                self._clear()
            case Mark(name):
                self._trace(False, "mark", name)
                if not self._playout.mark(self._slot, name):
                    # Nothing waits before it, or too many wait already.
                    self._return_marks(
                        [name], cleared=self._turn.discarding or self._playout.queued(self._slot) > 0
                    )
            case Digits(digits):
                self._trace(False, "dtmf")
                self._effects.append(SendDigits(self._leg, digits))
            case HangUp(reason):
                self._trace(False, "hangup", reason)
                self._leave(reason)
            case Note(kind, detail, malformed):
                self.tally.malformed += malformed
                self._trace(False, kind, detail)
            case _:
                assert_never(action)

    def _say(self, say: Say, now: float) -> None:
        turn = self._turn
        if turn.discarding and not turn.accepts(now):
            self.tally.discarded += len(say.audio) // self.dialect.speaks.sample_bytes
            return
        if say.item != self._items[-1][1]:
            self._items.append((self._playout.accepted(self._slot), say.item))
        self._playout.push(self._slot, say.audio, now)

    def _clear(self) -> None:
        self._turn.agent_cleared()
        self._floor.lose(self._slot)
        dropped, names = self._playout.clear(self._slot)
        self._return_marks(names, cleared=True)
        self._send(self.dialect.cleared(self._played_ms(), self._ms(dropped)))

    def _leave(self, reason: str) -> None:
        if self.state is not State.OPEN:
            return
        self.state = State.LEAVING
        self._farewell = reason
        self.dry()

    def _end(self, event: AgentFailed | AgentEnded) -> None:
        if self.state is State.ENDED:
            return
        if self.state is not State.DIALLING:
            self._send(self.dialect.stop())
        self.state = State.ENDED
        self._playout.clear(self._slot)
        self._effects += [event, Close()]

    def _return_marks(self, names: list[str], *, cleared: bool) -> None:
        for name in names:
            self._send(self.dialect.mark(name, cleared))
            self._trace(True, "mark", name)

    def _send(self, messages: list[Message]) -> None:
        self._effects += map(Send, messages)

    def _trace(self, outgoing: bool, kind: str, detail: str = "") -> None:
        if self._traceable > 0:
            self._traceable -= 1
            self._effects.append(AgentMessage(self._leg, outgoing, kind, detail))
        else:
            self.tally.untraced += 1

    def _item(self) -> tuple[str, int]:
        """The utterance that is being heard, and the position at which it began."""
        position = self._playout.position(self._slot)
        items = self._items
        while len(items) > 1 and items[1][0] <= position:
            items.popleft()
        return items[0][1], items[0][0]

    def _played_ms(self) -> int:
        return self._ms(self._playout.heard(self._slot) - self._turn_base)

    def _ms(self, samples: int) -> int:
        return samples * 1000 // self._rate
