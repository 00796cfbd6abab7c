"""An AI agent answers: the call is picked up, the agent's socket dialled, and the two joined.

Where no agent can be reached, the caller is told by a spoken prompt, and the call ends with cause
`agent_failed`. An agent that takes its leave ends it with `agent_hangup`, the person to whom it handed the
caller with `callee_hangup`.
"""

import weakref
from collections import deque
from collections.abc import Sequence
from itertools import count
from typing import Final

from edge.call.attendance import Attendance
from edge.call.bridge import adopt, take_on
from edge.call.call import Call
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.call.succession import Succession
from edge.call.treatment import Treatment
from edge.command.running import Stage
from edge.command.table import running
from edge.directory import Agent
from edge.error import Refusal
from edge.flow.scene import Outcome
from edge.sip.refer import Refer
from edge.sip.session import Session, SessionEvent
from edge.tone import tones
from media import port

FAULT_PROMPT: Final = "agent-unreachable"
_PLAY: Final = "fault"
_APOLOGY_SECONDS: Final = 3.0


class AgentTreatment(Treatment):
    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._attendance: Attendance | None = None
        self._succession: Succession | None = None

    def begin(self, call: Call, now: float) -> None:
        if not call.answer(now):
            return
        stage = Stage(call, _nobody_ends, deque(maxlen=1), count(1))
        me = weakref.proxy(self)  # weak: circles wait for the collector
        self._attendance = Attendance(
            stage, running, self._agent, {}, lambda outcome, cause, at: me._left(call, outcome, at)
        )
        self._attendance.start(now)

    def media_event(self, call: Call, event: port.Event, now: float) -> None:
        if self._attendance is not None:
            if isinstance(event, port.Digit) and event.leg == call.leg.id:
                self._attendance.digit(event.digit, now)
            self._attendance.media_event(event, now)
        elif isinstance(event, port.Played) and event.play == _PLAY:
            call.finish("failed", "agent_failed", now)

    def referred(self, call: Call, session: Session, refer: Refer, now: float) -> None:
        """A conversation becomes a bridge's, without us; else the caller may put somebody in its place."""
        talking = self._attendance.conversation if self._attendance is not None else None
        if talking is not None and self._attendance is not None and not self._pending:
            if take_on(call, talking, session, refer, now, self._attendance.music):
                self._attendance.let_go()
            return
        if self._succession is None:
            me = weakref.proxy(self)
            self._succession = Succession(call, lambda number, at: me._succeeded(call, number, at))
        self._succession.referred(session, refer, now)

    def dismiss(self, call: Call, session: Session, partner: Call | None, now: float) -> bool:
        attendance = self._attendance
        talking = attendance.conversation if attendance is not None and not self._pending else None
        if attendance is None or talking is None or partner is None:
            return talking is not None
        bridge = adopt(call, talking, attendance.music)
        attendance.let_go()
        return bridge.dismiss(call, session, partner, now)

    def release(self) -> Hunt | None:
        if self.former or self._pending:
            return None
        talking = self._attendance.conversation if self._attendance is not None else None
        if talking is not None and self._attendance is not None:
            self._attendance.let_go()
        return talking

    @property
    def attended(self) -> bool:
        return self._attendance is not None and self._attendance.attending

    def relieve(self, call: Call, now: float) -> bool:
        return self._attendance is not None and not self._pending and self._attendance.relieve(now)

    @property
    def _pending(self) -> bool:
        return self._succession is not None and self._succession.pending

    @property
    def former(self) -> Sequence[Hunt]:
        return () if self._succession is None else self._succession.former

    def outlives(self, call: Call, session: Session) -> bool:
        return self._succession is not None and self._succession.outlives(session)

    def agreed(self, call: Call, leg: Leg, now: float) -> None:
        if self._attendance is not None:
            self._attendance.agreed(leg, now)

    def session_event(self, call: Call, session: Session, event: SessionEvent, now: float) -> None:
        if self._succession is not None:
            self._succession.session_event(session, event, now)
        if self._attendance is not None:
            self._attendance.session_event(session, event, now)

    def allocated(self, call: Call, leg: Leg, now: float) -> None:
        for party in (self._attendance, self._succession):
            if party is not None and party.allocated(leg, now):
                return
        call.release(leg)

    def unallocated(self, call: Call, leg: Leg, refusal: Refusal, now: float) -> None:
        if self._succession is not None and self._succession.unallocated(leg, refusal, now):
            return
        if self._attendance is not None:
            self._attendance.unallocated(leg, refusal, now)

    def end(self, call: Call, now: float, reason: str) -> None:
        if self._succession is not None:
            self._succession.end(now, reason)
        if self._attendance is not None:
            self._attendance.cancel(now, reason)

    # Inside.

    def _succeeded(self, call: Call, number: str, now: float) -> None:
        """The agent begins anew: it talks to somebody else now."""
        by = call.route.caller.number if call.route.caller is not None else ""
        if self._attendance is not None:
            self._attendance.begin_anew({"from": number, "transferred_by": by}, now)

    def _left(self, call: Call, outcome: str, now: float) -> None:
        match outcome:
            case "done":
                call.finish("answered", "agent_hangup", now)
            case "transferred":
                call.finish("answered", "callee_hangup", now)
            case _:
                self._attendance = None
                self._apologise(call, now)

    def _apologise(self, call: Call, now: float) -> None:
        call.ground.media(port.Detach(call.leg.id))
        path = call.ground.directory.prompt(FAULT_PROMPT)
        if path is None:
            call.ground.media(port.Tone(call.leg.id, _PLAY, *tones(call.route.account.country).congestion))
            call.alarm(now + _APOLOGY_SECONDS, lambda at: call.finish("failed", "agent_failed", at))
        else:
            call.ground.media(port.Play(call.leg.id, _PLAY, path))
            call.alarm(now + 5 * _APOLOGY_SECONDS, lambda at: call.finish("failed", "agent_failed", at))


def _nobody_ends(seq: int, outcome: Outcome, now: float) -> None:
    """Commands of a handoff end for the handoff alone."""
