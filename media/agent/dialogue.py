"""What one agent and its caller say to each other: who has the floor, and how the caller interrupts.

::

    agent's audio ─▶ say ─▶ Mouth ─▶ started, marks_reached ─▶ messages for the agent
    caller_started, keys, words, the agent's own wish ─▶ BargeIn ─▶ stop · pause · resume

What was cut off is told to the agent with how much of it was heard, and what still comes of it is dropped.
"""

import math
from collections.abc import Callable

from media import port
from media.agent.barge_in import BargeIn, Move
from media.agent.contract import Dialect, Message, Say
from media.agent.conversation import Conversation
from media.agent.effect import Attend, Effect, Hush
from media.agent.mouth import Mouth
from media.agent.protocol import Tally
from media.agent.turn import AUDIBLE, Turn, is_heard


class Dialogue:
    def __init__(
        self,
        leg: port.LegId,
        dialect: Dialect,
        mouth: Mouth,
        turn: Turn,
        barge_in: BargeIn,
        conversation: Conversation,
        tally: Tally,
        now: float,
        *,
        send: Callable[[list[Message]], None],
        emit: Callable[[Effect], None],
        dry: Callable[[float], None],
    ) -> None:
        """
        Args:
            send: takes messages for the agent.
            emit: takes effects.
            dry: told when what was queued has been dropped.
        """
        self.mouth = mouth
        self._leg = leg
        self._dialect = dialect
        self._turn = turn
        self._barge_in = barge_in
        self._conversation = conversation
        self._tally = tally
        self._cut = ""  # the utterance that was interrupted
        self._turn_at = now  # when the agent's turn began
        self._arrived = -math.inf  # when the first piece of what is queued came
        self._send = send
        self._emit = emit
        self._dry = dry

    def may_be_interrupted(self, now: float) -> bool:
        """Whether the caller's voice would interrupt the agent now."""
        return self._barge_in.on and self._is_heard(now)

    def next_timer_at(self) -> float | None:
        return self._barge_in.next_timer_at()

    def handle_timer(self, now: float) -> None:
        """A decision on a barge-in is due."""
        self._move(self._barge_in.handle_timer(now), now)

    def stop(self) -> None:
        """For good: what is queued is not said."""
        self._barge_in.over()
        self.mouth.silence()

    # The agent.

    def say(self, say: Say, now: float) -> None:
        turn = self._turn
        if say.item and say.item != self._cut:
            turn.agent_cleared()  # it has a name of its own: not the remainder of what was cut
        if turn.discarding and not turn.accepts(now):
            self._tally.discarded += len(say.audio) // self._dialect.speaks.sample_bytes
            return
        if self.mouth.waiting <= 0:
            self._arrived = now
        self.mouth.say(say.audio, say.item, now)

    def started(self, now: float) -> None:
        """The frame that was just taken is the first audible one of a turn."""
        self.mouth.turn_begun()
        self._turn_at = now
        for effect in self._conversation.agent_started(now):
            self._emit(effect)
        self._emit(port.AgentSpoke(self._leg, *self._turn.agent_started(now, self._arrived)))

    def mark(self, name: str) -> None:
        """Told back when what is queued now has been heard."""
        if not self.mouth.mark(name):
            # Nothing waits before it, or too many wait already.
            self._return_marks([name], cleared=self._turn.discarding or self.mouth.queued_ms > 0)

    def marks_reached(self) -> None:
        self._return_marks(self.mouth.reached(), cleared=False)

    def clear(self, now: float) -> None:
        """The agent takes back what is queued."""
        self._turn.agent_cleared()
        self._barge_in.over()
        cut = self.mouth.cut()
        self._conversation.interrupted(now, cut.played_ms, cut.dropped_ms)
        self._return_marks(cut.marks, cleared=True)
        self._relay(Hush())
        self._send(self._dialect.cleared(cut.played_ms, cut.dropped_ms))

    def heard_by_agent(self, now: float) -> None:
        """The agent has heard the caller speak."""
        if self.mouth.queued_ms > 0 or now - self.mouth.audible_at < AUDIBLE:
            self._move(self._barge_in.agent_heard(now), now)

    def decided(self, stop: bool, now: float) -> None:
        """The agent says whether what paused it was an interruption."""
        self._move(self._barge_in.decided(stop), now)

    # The caller.

    def caller_started(self, now: float) -> None:
        self._turn.caller_started()
        self._conversation.caller_started(now)
        self._relay(Attend(True, self._dialect.language))
        move = self._barge_in.started(now, self._turn_at) if self._is_heard(now) else Move.NOTHING
        if move is Move.NOTHING:
            self._send(self._dialect.speech_started(self.mouth.played_ms))
        self._move(move, now, heard_by_us=True)

    def caller_stopped(self, now: float) -> None:
        self._conversation.caller_stopped(self._turn.caller_stopped(now))
        self.mouth.pass_on(now)
        self._move(self._barge_in.stopped(), now)
        self._relay(Attend(False, self._dialect.language))

    def caller_said(self, text: str, now: float) -> None:
        """Words of the caller, as somebody has understood them."""
        self._move(self._barge_in.said(text), now)

    def key_pressed(self, now: float) -> None:
        if self._barge_in.digits and self._is_heard(now):
            self._interrupt(now)

    # Inside.

    def _is_heard(self, now: float) -> bool:
        mouth = self.mouth
        return is_heard(now, playing=mouth.playing, queued=mouth.queued, audible_at=mouth.audible_at)

    def _move(self, move: Move, now: float, *, heard_by_us: bool = False) -> None:
        """Do what the policy of barge-in says."""
        match move:
            case Move.STOP:
                if self._turn.speaking:
                    self._turn.cut(now)
                self._interrupt(now, heard_by_us=heard_by_us)
            case Move.PAUSE:
                self.mouth.pause()
                self._send(self._dialect.paused(self.mouth.played_ms))
                self._emit(port.AgentPaused(self._leg, False, self.mouth.played_ms))
            case Move.RESUME:
                self.mouth.resume()
                self._send(self._dialect.resumed(self.mouth.played_ms))
                self._emit(port.AgentPaused(self._leg, True, self.mouth.played_ms))

    def _interrupt(self, now: float, *, heard_by_us: bool = False) -> None:
        """The caller has the floor: drop what is queued and tell the agent how much was heard."""
        self._barge_in.over()
        cut = self.mouth.cut()
        self._cut = cut.item
        self._conversation.interrupted(now, cut.played_ms, cut.dropped_ms)
        self._relay(Hush())
        if heard_by_us:
            self._send(self._dialect.speech_started(cut.played_ms))
        self._return_marks(cut.marks, cleared=True)
        self._send(self._dialect.interrupted(cut.item, cut.item_ms, cut.played_ms, cut.dropped_ms))
        self._emit(port.AgentInterrupted(self._leg, cut.played_ms, cut.dropped_ms, now))
        self._dry(now)

    def _return_marks(self, names: list[str], *, cleared: bool) -> None:
        for name in names:
            self._send(self._dialect.mark(name, cleared))

    def _relay(self, effect: Attend | Hush) -> None:
        if self._dialect.texts:
            self._emit(effect)
