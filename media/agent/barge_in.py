"""The barge-in policy of one agent: what the caller's voice does to the agent's, as one small machine.

::

    IDLE ─ speech ─▶ (off: nothing) (on: STOP) (reversible: PAUSE) ─▶ PAUSED
      └─ speech in the grace ─▶ WAITING ─ grace over, still speaking ─▶ STOP or PAUSE
    PAUSED ─ confirmed by duration, words or agent ─▶ STOP
           └ the caller has stopped, or the agent says no ─▶ RESUME

*Duration* counts voice, not the VAD's wait: speech that lasted `confirm_after` has not been reported as
stopped `release` later. A pause that nothing decides is confirmed after `decide_within`, since the caller
still speaks.
"""

import enum

from media.port import Interruption


class Move(enum.Enum):
    """What is to be done with the agent's audio."""

    NOTHING = enum.auto()
    PAUSE = enum.auto()
    STOP = enum.auto()
    RESUME = enum.auto()


class _State(enum.Enum):
    IDLE = enum.auto()
    WAITING = enum.auto()
    PAUSED = enum.auto()


class BargeIn:
    """Times are monotonic seconds.

    Args:
        on: False: the agent always finishes.
        release: what the VAD waits before it calls speech ended [s].
    """

    def __init__(self, on: bool, policy: Interruption, release: float) -> None:
        self._on = on
        self._policy = policy
        self._release = release
        self._state = _State.IDLE
        self._deadline: float | None = None

    @property
    def on(self) -> bool:
        return self._on

    @property
    def digits(self) -> bool:
        """A key press stops the agent."""
        return self._policy.digits

    @property
    def paused(self) -> bool:
        return self._state is _State.PAUSED

    def next_timer_at(self) -> float | None:
        return self._deadline

    def started(self, now: float, began: float) -> Move:
        """The caller speaks while the agent is heard. Args: began: when the agent's turn did."""
        if not self._on or self._state is not _State.IDLE:
            return Move.NOTHING
        if now < began + self._policy.grace:
            self._state, self._deadline = _State.WAITING, began + self._policy.grace
            return Move.NOTHING
        return self._act(now)

    def stopped(self) -> Move:
        """The caller has stopped."""
        return self._end(Move.RESUME if self.paused else Move.NOTHING)

    def said(self, text: str) -> Move:
        """Words of the caller were recognised."""
        if self.paused and "words" in self._policy.confirm and len(text.split()) >= self._policy.words:
            return self._end(Move.STOP)
        return Move.NOTHING

    def agent_heard(self, now: float) -> Move:
        """The agent's own ear noticed the caller."""
        if not self._on:
            return Move.NOTHING
        if not self._policy.reversible or "agent" in self._policy.confirm:
            return self._end(Move.STOP)
        return self._act(now) if self._state is _State.IDLE else Move.NOTHING

    def decided(self, stop: bool) -> Move:
        """The agent has made up its mind on a pause."""
        if not self.paused:
            return Move.NOTHING
        return self._end(Move.STOP if stop else Move.RESUME)

    def over(self) -> None:
        """There is nothing to interrupt any more."""
        self._end(Move.NOTHING)

    def handle_timer(self, now: float) -> Move:
        if self._deadline is None or now < self._deadline:
            return Move.NOTHING
        if self._state is _State.WAITING:
            self._state = _State.IDLE
            return self._act(now)
        return self._end(Move.STOP)

    # Inside.

    def _act(self, now: float) -> Move:
        policy = self._policy
        if not policy.reversible:
            return self._end(Move.STOP)
        wait = policy.confirm_after + self._release if "duration" in policy.confirm else policy.decide_within
        self._state, self._deadline = _State.PAUSED, now + min(wait, policy.decide_within)
        return Move.PAUSE

    def _end(self, move: Move) -> Move:
        self._state, self._deadline = _State.IDLE, None
        return move
