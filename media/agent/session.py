"""One AI agent on one call leg, without I/O: the policy between dialect, playout queue and call.

::

    plane  ── opened / receive_… / caller_… / started / dry / hang_up ──▶ Session
    plane  ◀── take_effects(): Send, Close, SendDigits, port events ───── Session

DIALLING ─▶ OPEN ─▶ (LEAVING ─▶) ENDED. An agent that closes in good order, or asks to hang up, is LEAVING
until its last words have been played; one that breaks off has ENDED at once, or is DIALLING once more where
its dialect can resume, while the caller goes on hearing what is queued. Whatever comes in a state that does
not expect it is late and dropped. `AgentFailed` or `AgentEnded` is reported once, unless we hung up.
"""

import enum
from dataclasses import dataclass
from typing import assert_never

from config.schema import MediaLimits
from media import port
from media.agent.contract import (
    Action,
    Ask,
    Away,
    Buffer,
    Clear,
    Dialect,
    Digits,
    Fail,
    Formats,
    HangUp,
    Inquire,
    Interrupt,
    Mark,
    Message,
    Note,
    Ready,
    Reply,
    Say,
    ToolCall,
    ToolCancel,
    Transcript,
    Verb,
)
from media.agent.effect import Close, Effect, Listen, Redial, Relane, Send
from media.agent.playout import Playout
from media.agent.protocol import Protocol
from media.agent.request import Requests
from media.agent.turn import AUDIBLE, Floor, Turn
from media.agent.utterance import Utterances


class State(enum.Enum):
    DIALLING = enum.auto()
    OPEN = enum.auto()
    LEAVING = enum.auto()
    ENDED = enum.auto()


@dataclass(slots=True)
class Tally:
    """Counters of one session."""

    malformed: int = 0
    "Messages that broke the agent's protocol."
    discarded: int = 0
    "Samples of interrupted utterances that came after the interruption."


class Session:
    def __init__(
        self,
        slot: int,
        command: port.AttachAgent,
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
        self._barge_in = command.agent.barge_in
        self._options = command.agent.options
        self._requests = Requests(command.agent.name, self._options.allow)
        self._ready = not dialect.waits
        self.muted = False  # a vendor that gets nothing for a while would hang up: it gets silence
        self._resumed = False
        self._greeting: list[Message] | None = None  # what a second connection begins with
        self._deadline: float | None = None  # of the first audio
        self._cut = ""  # the utterance that was interrupted
        self.protocol = Protocol(command.leg, limits.agent_traced)
        self._began = now
        self._rate = dialect.speaks.rate
        self._turn_base = 0  # samples heard when the agent's turn began
        self._utterances = Utterances()
        self._farewell = ""
        self._effects: list[Effect] = []
        self._queue = min(limits.agent_queue, command.agent.max_queue)
        floor.open(slot)
        playout.open(slot, self._queue, now)

    def take_effects(self) -> list[Effect]:
        """Effects since the last call, oldest first."""
        effects, self._effects = self._effects, []
        return effects

    @property
    def pending(self) -> bool:
        """`take_effects` has something to give; most messages are audio and leave nothing."""
        return bool(self._effects)

    @property
    def hears(self) -> bool:
        """Frames go to the agent."""
        return self.state is State.OPEN and self._ready

    def adopt(self, playout: Playout, now: float) -> None:
        """Play from another queue, in the encoding that the agent has told; what was queued is lost."""
        self._playout.clear(self._slot)
        self._playout = playout
        self._rate = self.dialect.speaks.rate
        self._turn_base = 0
        self._utterances = Utterances()
        playout.open(self._slot, self._queue, now)

    def next_timer_at(self) -> float | None:
        return self._deadline

    def handle_timer(self, now: float) -> None:
        """The first audio is due."""
        if self._deadline is not None and now >= self._deadline:
            seconds = f"{self._options.first_audio_timeout:g} s"
            detail = f"no audio within {seconds}: see the agent's log, or raise first_audio_timeout"
            self._end(port.AgentFailed(self._leg, "timeout", detail))

    # The socket.

    def opened(self, now: float) -> None:
        if self.state is not State.DIALLING:
            return
        self.state = State.OPEN
        self._effects.append(port.AgentConnected(self._leg, round((now - self._began) * 1000)))
        if self._greeting is not None:
            self._send(self._greeting)
        else:
            if self._options.first_audio_timeout:
                self._deadline = now + self._options.first_audio_timeout
            self._send(self.dialect.open())

    def failed(self, reason: str, detail: str, now: float) -> None:
        """The agent could not be reached, or broke off."""
        if self.state is State.LEAVING:
            return  # it has said good-bye; only the end of its last words is missing
        if not self._resumed and self._redial(reason, detail, now):
            self._resumed = True
            return
        self._end(port.AgentFailed(self._leg, reason, detail))

    def _redial(self, reason: str, detail: str, now: float) -> bool:
        """Go on over another connection while the caller hears what is queued; False where that cannot be."""
        if self.state is not State.OPEN or not self._options.reconnect:
            return False
        self._greeting = self.dialect.resume()
        if self._greeting is None:
            return False
        self.state, self._began, self._ready = State.DIALLING, now, not self.dialect.waits
        self._effects += [port.AgentReconnecting(self._leg, reason, detail), Redial()]
        return True

    def closed(self, reason: str) -> None:
        """The agent closed in good order."""
        self._leave(reason or "closed by the agent")

    def receive_binary(self, data: Buffer, now: float) -> None:
        if self.state is State.OPEN:
            actions = self.dialect.receive_binary(data)
            if actions and not isinstance(actions[0], Say):
                self._effects += self.protocol.received(data, actions[0])
            for action in actions:
                self._act(action, now)

    def receive_text(self, text: Buffer, now: float) -> None:
        if self.state is State.OPEN:
            actions = self.dialect.receive_text(text)
            if actions and not isinstance(actions[0], Say):
                self._effects += self.protocol.received(text, actions[0])
            for action in actions:
                self._act(action, now)

    # The caller.

    def caller_started(self, now: float) -> None:
        if self.state not in (State.OPEN, State.LEAVING):
            return
        stop = self._turn.caller_started(
            now,
            playing=self._playout.playing(self._slot),
            queued=self._playout.queued(self._slot) / self._rate,
            audible_at=float(self._floor.audible_at[self._slot]),
        )
        if stop:
            self._interrupt(now, heard_by_us=True)
        else:
            self._send(self.dialect.speech_started(self._played_ms()))

    def caller_stopped(self, now: float) -> None:
        self._turn.caller_stopped(now)
        self._floor.pass_on(self._slot, now)
        if self.state is State.OPEN:
            self._send(self.dialect.speech_stopped())

    def digit(self, digit: str, duration_ms: int) -> None:
        if self.state is State.OPEN:
            self._send(self.dialect.digit(digit, duration_ms))

    def tell(self, news: port.ToolResult | port.Answer | port.Words) -> None:
        """Something for the agent from the call."""
        if self.state is not State.OPEN:
            return
        match news:
            case port.ToolResult(call, result, failed):
                self._send(self.dialect.tool_result(call, result, failed))
            case port.Words(text):
                self._send(self.dialect.tell(text))
            case port.Answer(number, error):
                ask = self._requests.settle(number)
                if ask is not None:
                    if not error and ask.verb in (Verb.HOLD, Verb.RESUME):
                        self._mute(ask.verb is Verb.HOLD)
                    self._send(self.dialect.answered(ask, error))
            case _:
                assert_never(news)

    # Playout.

    def started(self, now: float) -> None:
        """The frame that was just taken is the first audible one of a turn."""
        self._deadline = None
        self._turn_base = self._playout.heard_before(self._slot)
        self._effects.append(port.AgentSpoke(self._leg, self._turn.agent_started(now)))

    def marks_reached(self) -> None:
        self._return_marks(self._playout.reached(self._slot), cleared=False)

    def dry(self) -> None:
        """The queue has been played to its end."""
        if self.state is State.LEAVING and self._playout.empty(self._slot):
            self._end(port.AgentEnded(self._leg, self._farewell))

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
                self._clear()
            case Mark(name):
                if not self._playout.mark(self._slot, name):
                    # Nothing waits before it, or too many wait already.
                    self._return_marks(
                        [name], cleared=self._turn.discarding or self._playout.queued(self._slot) > 0
                    )
            case Digits(digits):
                if self._allowed("dtmf"):
                    self._effects.append(port.SendDigits(self._leg, digits))
            case HangUp(reason):
                if self._allowed("hangup"):
                    self._leave(reason)
            case Note(malformed=malformed):
                self.tally.malformed += malformed
            case Ready():
                self._ready = True
                self._effects.append(Listen())
            case Formats():
                self._effects.append(Relane())
            case Interrupt():
                if self._barge_in and (
                    self._playout.queued(self._slot) > 0 or now - self._floor.audible_at[self._slot] < AUDIBLE
                ):
                    self._interrupt(now, heard_by_us=False)
            case Reply(message):
                self._send([message])
            case Inquire():
                self._send(self.dialect.status(self._ms(self._playout.queued(self._slot))))
            case Transcript(role, text, final):
                self._effects.append(port.AgentTranscript(self._leg, role.value, text, final))
            case ToolCall(call, name, arguments):
                self._effects.append(port.AgentToolCall(self._leg, call, name, arguments))
            case ToolCancel(calls):
                self._effects.append(port.AgentToolCancelled(self._leg, calls))
            case Ask():
                self._ask(action)
            case Away():
                self._redial("closed", "the agent is about to close its connection", now)
            case Fail(detail):
                self._end(port.AgentFailed(self._leg, "protocol", detail))
            case _:
                assert_never(action)

    def _ask(self, ask: Ask) -> None:
        admitted = self._requests.admit(ask)
        if isinstance(admitted, str):
            self._send(self.dialect.answered(ask, admitted))
        elif ask.verb in (Verb.MUTE, Verb.UNMUTE):
            self._mute(ask.verb is Verb.MUTE)
            self.tell(port.Answer(admitted))
        else:
            self._effects.append(port.AgentAsked(self._leg, admitted, ask.verb.value, ask.value))

    def _allowed(self, permission: str) -> bool:
        refusal = self._requests.refusal(permission)
        if refusal:
            self._effects += self.protocol.refused(permission, refusal)
        return not refusal

    def _mute(self, on: bool) -> None:
        self.muted = on
        self._effects.append(Listen())

    def _say(self, say: Say, now: float) -> None:
        turn = self._turn
        if say.item not in ("", self._cut):
            turn.agent_cleared()  # it has a name of its own: not the remainder of what was cut
        if turn.discarding and not turn.accepts(now):
            self.tally.discarded += len(say.audio) // self.dialect.speaks.sample_bytes
            return
        if say.item != self._utterances.last:
            self._utterances.begin(self._playout.accepted(self._slot), say.item)
        self._playout.push(self._slot, say.audio, now)

    def _interrupt(self, now: float, *, heard_by_us: bool) -> None:
        """The caller has the floor: drop what is queued and tell the agent how much was heard."""
        playout, slot = self._playout, self._slot
        item, item_base = self._utterances.at(self._playout.position(self._slot))
        self._cut = item
        dropped, names = playout.clear(slot)
        played_ms, dropped_ms = self._played_ms(), self._ms(dropped)
        item_ms = max(0, self._ms(playout.position(slot) - dropped - item_base))
        self._floor.lose(slot)
        if heard_by_us:
            self._send(self.dialect.speech_started(played_ms))
        self._return_marks(names, cleared=True)
        self._send(self.dialect.interrupted(item, item_ms, played_ms, dropped_ms))
        self._effects.append(port.AgentInterrupted(self._leg, played_ms, dropped_ms, now))
        self.dry()

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

    def _end(self, event: port.AgentFailed | port.AgentEnded) -> None:
        if self.state is State.ENDED:
            return
        if self.state is not State.DIALLING:
            self._send(self.dialect.stop())
        self.state = State.ENDED
        self._deadline = None
        self._playout.clear(self._slot)
        self._effects += [event, Close()]

    def _return_marks(self, names: list[str], *, cleared: bool) -> None:
        for name in names:
            self._send(self.dialect.mark(name, cleared))

    def _send(self, messages: list[Message]) -> None:
        for message in messages:
            self._effects.append(Send(message))
            self._effects += self.protocol.sent(message)

    def _played_ms(self) -> int:
        return self._ms(self._playout.heard(self._slot) - self._turn_base)

    def _ms(self, samples: int) -> int:
        return samples * 1000 // self._rate
