"""From an AI agent to a person or a queue in the same call: the agent stays until somebody has answered.

::

    AgentAsked(transfer) ─▶ Dial or Enqueue, carried out as in a flow ─ joined ─▶ the agent is let go
                                          └ nobody ─▶ the agent is told why, and goes on talking
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Final, TypeAlias

from edge.call.hold import HoldMusic
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.command.running import AnyRunning, Stage
from edge.error import Refusal
from edge.flow.command import Dial, Enqueue, Issued, Sound
from edge.flow.scene import Outcome
from edge.sip.session import Session
from edge.sip.session_event import SessionEvent
from media import port

Run: TypeAlias = Callable[[Stage, Issued], AnyRunning]
"`edge.command.table.running`."

_NUMBERS: Final = count(1_000_000)
"Beyond those of any flow's commands, so that names of playbacks and hunts differ."

_WHY: Final = {
    "busy": "{0} is busy",
    "no_answer": "{0} does not take the call",
    "timeout": "nobody of {0} came in time",
    "no_agents": "there is nobody in {0}",
}


class Handoff:
    """Ends by `done(reached, why, now)`: the conversation is over, or there was none."""

    def __init__(
        self,
        stage: Stage,
        run: Run,
        target: str,
        details: dict[str, str],
        done: Callable[[bool, str, float], None],
    ) -> None:
        """
        Args:
            target: `user:1002`, `queue:support` or a number.
            details: `briefing` is said to who answers; `confirm` is the key by which he takes the call.
        """
        self.target = target
        self._done = done
        kind, colon, name = target.partition(":")
        self._name = name if colon else kind
        call = stage.call
        whisper = (Sound(text=details["briefing"]),) if details.get("briefing") else ()
        command = (
            Enqueue(self._name, whisper=whisper)
            if kind == "queue" and colon
            else Dial(
                to=(self._name,),
                ring_timeout=call.ground.limits.ring_timeout,
                early_media=False,
                whisper=whisper,
                confirm=details.get("confirm", ""),
            )
        )
        own = replace(stage, ended=self._ended, typed=deque(maxlen=1))
        self._running = run(own, Issued(next(_NUMBERS), "", command))

    def start(self, now: float) -> None:
        """`done` may come before this returns."""
        self._running.start(now)

    @property
    def conversation(self) -> Hunt | None:
        """The person whom the caller talks to."""
        return self._running.conversation

    @property
    def music(self) -> HoldMusic | None:
        return self._running.music

    def agreed(self, leg: Leg, now: float) -> None:
        self._running.agreed(leg, now)

    @property
    def joined(self) -> bool:
        """Whether the caller talks to somebody."""
        return self._running.joined

    @property
    def attended(self) -> bool:
        """Whether an AI agent of a queue talks with the caller."""
        return self._running.attended

    def relieve(self, now: float) -> bool:
        """A person takes that agent's place; False: there is none."""
        return self._running.relieve(now)

    def let_go(self) -> None:
        """The conversation goes on without us."""
        self._running.let_go()

    # What the call brings.

    def media_event(self, event: port.Event, now: float) -> None:
        self._running.media_event(event, now)

    def digit(self, digit: str, now: float) -> bool:
        return self._running.digit(digit, now)

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        self._running.session_event(session, event, now)

    def allocated(self, leg: Leg, now: float) -> bool:
        return self._running.allocated(leg, now)

    def unallocated(self, leg: Leg, refusal: Refusal, now: float) -> None:
        self._running.unallocated(leg, refusal, now)

    def cancel(self, now: float, reason: str) -> None:
        if not self._running.over:
            self._running.cancel(now, reason)

    # Inside.

    def _ended(self, seq: int, outcome: Outcome, now: float) -> None:
        if outcome.name == "answered":
            self._done(True, "", now)
        else:
            why = _WHY.get(outcome.name, "{0} cannot be reached").format(self._name)
            self._done(False, why, now)
