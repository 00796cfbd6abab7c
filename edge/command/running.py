"""One command of a flow being carried out: it ends once, with one outcome, and what is late is dropped.

::

    flow ── start · media_event · digit · session_event · allocated · cancel ──▶ Running
    flow ◀── ended(seq, outcome, now), at most once ────────────────────────────  Running

Playbacks carry the command's number in their name, so that the end of an earlier one is never taken for ours.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeAlias, TypeVar

from config.value import dataclass
from edge.agenda import Alarm
from edge.call.call import Call
from edge.call.hold import HoldMusic
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.call.treatment import AlarmAction
from edge.error import Refusal
from edge.flow.command import Command
from edge.flow.scene import Outcome
from edge.flow.value import Value
from edge.sip.session import Session
from edge.sip.session_event import SessionEvent
from media import port

Ended: TypeAlias = Callable[[int, Outcome, float], None]

C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where commands play."""

    call: Call
    ended: Ended
    typed: deque[str]
    "Keys pressed while nobody asked; bounded."
    recordings: Iterator[int]
    "Numbers of the call's recordings."


class Running(ABC, Generic[C]):
    def __init__(self, stage: Stage, seq: int, command: C) -> None:
        self.command = command
        self.seq = seq
        self.over = False
        self._stage = stage
        self._call = stage.call
        self._alarms: list[Alarm] = []
        self._music = HoldMusic()

    @abstractmethod
    def start(self, now: float) -> None:
        """Begin; the command may end before this returns."""

    def media_event(self, event: port.Event, now: float) -> None:
        """What happened in the audio of any leg, the caller's digits apart."""

    def digit(self, digit: str, now: float) -> bool:
        """The caller pressed a key; False: it is for somebody later."""
        return False

    def agreed(self, leg: Leg, now: float) -> None:
        """Offer and answer on a connected leg have a new outcome: who is put on hold hears music."""
        hunt, call = self.conversation, self._call
        if hunt is not None and hunt.leg is not None:
            listener = hunt.leg if leg is call.leg else call.leg
            self._music.update(call.ground, call.route.account, leg, listener)

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        """What happened on a session that the flow began."""

    def allocated(self, leg: Leg, now: float) -> bool:
        """Whether it was us who asked for the port of `leg`."""
        return False

    def unallocated(self, leg: Leg, refusal: Refusal, now: float) -> None:
        """There is no port for it."""

    def cancel(self, now: float, reason: str) -> None:
        """The call is over: give back what the call does not give back itself. No outcome follows."""
        self.over = True
        self._quiet()

    @property
    def conversation(self) -> Hunt | None:
        """Whom the caller talks to."""
        return None

    @property
    def music(self) -> HoldMusic | None:
        """What is heard on hold in that conversation."""
        return self._music

    @property
    def joined(self) -> bool:
        """Whether the caller talks to somebody."""
        return False

    @property
    def attended(self) -> bool:
        """Whether an AI agent talks with the caller."""
        return False

    def relieve(self, now: float) -> bool:
        """A person takes the AI agent's place, and no outcome follows; False: not now."""
        return False

    @property
    def rings(self) -> bool:
        """Whether phones of people ring for the caller, who talks to nobody yet."""
        return False

    def give_up(self, now: float) -> None:
        """Somebody else has the caller: whoever rings is told so. No outcome follows."""
        self.let_go()

    def let_go(self) -> None:
        """The conversation goes on without us. No outcome follows."""
        self.over = True
        self._quiet()

    # For the commands.

    def _end(self, outcome: str, now: float, **data: Value) -> None:
        if self.over:
            return
        self.over = True
        self._quiet()
        self._stage.ended(self.seq, Outcome(outcome, data), now)

    def _alarm(self, at: float, act: AlarmAction) -> Alarm:
        """A deadline that dies with the command."""
        alarm = self._call.alarm(at, act)
        self._alarms.append(alarm)
        return alarm

    def _name(self, part: str) -> str:
        """Of a playback of this command."""
        return f"{self.seq}.{part}"

    def _media(self, command: port.Command) -> None:
        self._call.ground.media(command)

    def _quiet(self) -> None:
        for alarm in self._alarms:
            alarm.cancel()
        self._alarms.clear()


AnyRunning: TypeAlias = Running[Any]
"Of whichever command."
