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
from collections.abc import Callable
from typing import assert_never

from config.schema import MediaLimits
from media import port
from media.agent import contract, effect
from media.agent.barge_in import BargeIn
from media.agent.contract import Action, Buffer, Dialect, Message, Say
from media.agent.conversation import Conversation
from media.agent.dialogue import Dialogue
from media.agent.effect import Close, Effect, Listen, Redial, Relane, Send, Utter
from media.agent.mouth import Mouth
from media.agent.playout import Playout
from media.agent.protocol import Protocol, Tally
from media.agent.redact import masked
from media.agent.request import Requests
from media.agent.turn import Floor, Turn


class State(enum.Enum):
    DIALLING = enum.auto()
    OPEN = enum.auto()
    LEAVING = enum.auto()
    ENDED = enum.auto()


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
        self.leg = command.leg
        self._options = command.agent.options
        rate, most = dialect.speaks.rate, min(limits.agent_queue, command.agent.max_queue)
        mouth = Mouth(slot, playout, floor, rate, most, now)
        barge_in = BargeIn(command.agent.barge_in, self._options.interruption, release)
        self._ready = not dialect.waits
        self._resumed = False
        self._greeting: list[Message] | None = None  # what a second connection begins with
        self._deadline: float | None = None  # of the first audio
        self.protocol = Protocol(command.leg, limits.agent_traced)
        self._began = now
        self._farewell = ""
        self._effects: list[Effect] = []
        self._requests = Requests(command, dialect, self.protocol, self._send, self._emit)
        self._conversation = Conversation(command.leg)
        self._dialogue = Dialogue(
            command.leg,
            dialect,
            mouth,
            Turn(release),
            barge_in,
            self._conversation,
            self.tally,
            now,
            send=self._send,
            emit=self._emit,
            dry=self.dry,
        )

    def take_effects(self) -> list[Effect]:
        """Effects since the last call, oldest first."""
        effects, self._effects = self._effects, []
        return effects

    @property
    def pending(self) -> bool:
        """`take_effects` has something to give; most messages are audio and leave nothing."""
        return bool(self._effects)

    @property
    def muted(self) -> bool:
        """The agent is sent silence instead of the caller."""
        return self._requests.muted

    def guards(self, now: float) -> bool:
        """What the caller's line brings may be the agent's own echo, which is not to interrupt it."""
        return self._options.interruption.echo_guard and self._dialogue.may_be_interrupted(now)

    @property
    def hears(self) -> bool:
        """Frames go to the agent."""
        return self.state is State.OPEN and self._ready

    def adopt(self, playout: Playout, now: float) -> None:
        """Play from another queue, in the encoding that the agent has told; what was queued is lost."""
        self._dialogue.mouth.adopt(playout, self.dialect.speaks.rate, now)

    def next_timer_at(self) -> float | None:
        moments = [at for at in (self._deadline, self._dialogue.next_timer_at()) if at is not None]
        return min(moments, default=None)

    def handle_timer(self, now: float) -> None:
        """The first audio is due, or a decision on a barge-in."""
        if self._deadline is not None and now >= self._deadline:
            seconds = f"{self._options.first_audio_timeout:g} s"
            detail = f"no audio within {seconds}: see the agent's log, or raise first_audio_timeout"
            self._end(port.AgentFailed(self.leg, "timeout", detail), now)
        self._dialogue.handle_timer(now)

    # The socket.

    def opened(self, now: float) -> None:
        if self.state is not State.DIALLING:
            return
        self.state = State.OPEN
        self._effects.append(port.AgentConnected(self.leg, round((now - self._began) * 1000)))
        if self._greeting is not None:
            self._send(self._greeting)
        else:
            if self._options.first_audio_timeout:
                self._deadline = now + self._options.first_audio_timeout
            self._send(self.dialect.open())
            for action in self.dialect.greet():
                self._act(action, now)

    def failed(self, reason: str, detail: str, now: float) -> None:
        """The agent could not be reached, or broke off."""
        if self.state is State.LEAVING:
            return  # it has said good-bye; only the end of its last words is missing
        if not self._resumed and self._redial(reason, detail, now):
            self._resumed = True
            return
        self._end(port.AgentFailed(self.leg, reason, detail), now)

    def _redial(self, reason: str, detail: str, now: float) -> bool:
        """Go on over another connection while the caller hears what is queued; False where that cannot be."""
        if self.state is not State.OPEN or not self._options.reconnect:
            return False
        self._greeting = self.dialect.resume()
        if self._greeting is None:
            return False
        self.state, self._began, self._ready = State.DIALLING, now, not self.dialect.waits
        self._effects += [port.AgentReconnecting(self.leg, reason, detail), Redial()]
        return True

    def closed(self, reason: str, now: float) -> None:
        """The agent closed in good order."""
        self._leave(reason or "closed by the agent", now)

    def receive_binary(self, data: Buffer, now: float) -> None:
        self._receive(data, self.dialect.receive_binary, now)

    def receive_text(self, text: Buffer, now: float) -> None:
        self._receive(text, self.dialect.receive_text, now)

    def _receive(self, message: Buffer, read: Callable[[Buffer], list[Action]], now: float) -> None:
        if self.state is not State.OPEN:
            return
        actions = read(message)
        if actions and not isinstance(actions[0], Say):
            self._effects += self.protocol.received(message, actions[0])
        for action in actions:
            if type(action) is Say:  # nearly all of them, fifty times a second
                self._dialogue.say(action, now)
            else:
                self._act(action, now)

    # The caller.

    def caller_started(self, now: float) -> None:
        if self.state in (State.OPEN, State.LEAVING):
            self._dialogue.caller_started(now)

    def caller_stopped(self, now: float) -> None:
        self._dialogue.caller_stopped(now)
        if self.state is State.OPEN:
            self._send(self.dialect.speech_stopped())

    def digit(self, digit: str, duration_ms: int, now: float) -> None:
        if self.state is State.OPEN:
            self._dialogue.key_pressed(now)
            self._send(self.dialect.digit(digit, duration_ms))

    def tell(self, news: port.ToolResult | port.Answer | port.Words) -> None:
        """Something for the agent from the call."""
        if self.state is State.OPEN:
            self._requests.tell(news)

    # Speech, of agents that know text alone.

    def prompted(self, text: str, now: float) -> None:
        self._send(self.dialect.prompt(text))
        self._act(contract.Transcript(contract.Role.CALLER, text), now)

    def spoken(self, item: str, audio: bytes, milliseconds: int, now: float) -> None:
        self.dialect.spoken(item, milliseconds)
        self._dialogue.say(Say(audio, item), now)

    def unspoken(self, why: str) -> None:
        self._send(self.dialect.fault(why))
        self._effects += self.protocol.refused("speech", why)

    def finished(self, reason: str, now: float) -> None:
        if self._requests.allowed("hangup"):
            self._leave(reason, now)

    # Playout.

    def started(self, now: float) -> None:
        """The frame that was just taken is the first audible one of a turn."""
        self._deadline = None
        self._dialogue.started(now)

    def marks_reached(self) -> None:
        self._dialogue.marks_reached()

    def dry(self, now: float) -> None:
        """The queue has been played to its end, or is paused."""
        if not self._dialogue.mouth.empty:
            return
        self._conversation.agent_heard_until(now)
        if self.state is State.LEAVING:
            self._end(port.AgentEnded(self.leg, self._farewell), now)

    def hang_up(self, now: float) -> None:
        """The leg needs no agent any more."""
        if self.state in (State.OPEN, State.LEAVING):
            self._send(self.dialect.stop())
        self._effects += [*self._conversation.close(now), Close()]
        self.stop()

    def stop(self) -> None:
        """For good: what is queued is not said, and nothing is waited for."""
        self.state = State.ENDED
        self._deadline = None
        self._dialogue.stop()

    # What the agent asks for.

    def _act(self, action: Action, now: float) -> None:
        match action:
            case Say():
                self._dialogue.say(action, now)
            case contract.Speak(text, item, voice):
                self._emit(Utter(text, item, voice))
            case contract.Finish(reason):
                self._emit(effect.Finish(reason))
            case contract.Clear():
                self._dialogue.clear(now)
            case contract.Mark(name):
                self._dialogue.mark(name)
            case contract.Digits(digits):
                if self._requests.allowed("dtmf"):
                    self._effects.append(port.SendDigits(self.leg, digits))
            case contract.HangUp(reason):
                if self._requests.allowed("hangup"):
                    self._leave(reason, now)
            case contract.Note(malformed=malformed):
                self.tally.malformed += malformed
            case contract.Ready():
                self._ready = True
                self._effects.append(Listen())
            case contract.Formats():
                self._effects.append(Relane())
            case contract.Interrupt():
                self._dialogue.heard_by_agent(now)
            case contract.Decide(stop):
                self._dialogue.decided(stop, now)
            case contract.Reply(message):
                self._send([message])
            case contract.Inquire():
                self._send(self.dialect.status(self._dialogue.mouth.queued_ms))
            case contract.Transcript(role, text, final):
                self._effects.append(port.AgentTranscript(self.leg, role.value, text, final))
                if final:
                    self._effects += self._conversation.said(role, text, now)
                if role is contract.Role.CALLER:
                    self._dialogue.caller_said(text, now)
            case contract.ToolCall():
                if (left := self._requests.use(action)) is not None:
                    self._act(left, now)
            case contract.ToolCancel(calls):
                self._effects.append(port.AgentToolCancelled(self.leg, calls))
            case contract.Ask():
                self._requests.ask(action)
            case contract.Away():
                self._redial("closed", "the agent is about to close its connection", now)
            case contract.Fail(detail):
                self._end(port.AgentFailed(self.leg, "protocol", masked(detail)), now)
            case _:
                assert_never(action)

    def _leave(self, reason: str, now: float) -> None:
        if self.state is not State.OPEN:
            return
        self.state = State.LEAVING
        self._farewell = reason
        self.dry(now)

    def _end(self, event: port.AgentFailed | port.AgentEnded, now: float) -> None:
        if self.state is State.ENDED:
            return
        if self.state is not State.DIALLING:
            self._send(self.dialect.stop())
        self.stop()
        self._effects += [*self._conversation.close(now), event, Close()]

    def _emit(self, effect: Effect) -> None:
        self._effects.append(effect)

    def _send(self, messages: list[Message]) -> None:
        for message in messages:
            self._effects.append(Send(message))
            self._effects += self.protocol.sent(message)
