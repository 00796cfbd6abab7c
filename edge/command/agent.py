"""dial {agent}: an AI agent attends to the caller, or whomever it hands the caller to."""

from edge.call.attendance import Attendance
from edge.call.handoff import Run
from edge.call.hold import HoldMusic
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.command.running import Running, Stage
from edge.error import Refusal
from edge.flow.command import Dial
from edge.sip.session import Session
from edge.sip.session_event import SessionEvent
from media import port


class AgentRunning(Running[Dial]):
    """Args: run: carries out the commands of a handoff."""

    def __init__(self, stage: Stage, seq: int, command: Dial, run: Run) -> None:
        super().__init__(stage, seq, command)
        self._run = run
        self._attendance: Attendance | None = None

    def start(self, now: float) -> None:
        call = self._call
        agent = call.ground.directory.agent(call.route.account.id, self.command.agent)
        if agent is None:
            self._end("failed", now, cause="no_such_agent")
        elif call.answer(now):
            parameters = self.command.parameters
            self._attendance = Attendance(self._stage, self._run, agent, parameters, self._left)
            self._attendance.start(now)

    def digit(self, digit: str, now: float) -> bool:
        if self._attendance is not None and self._attendance.digit(digit, now):
            return True
        if digit in self.command.exit_digits:
            if self._attendance is not None:
                self._attendance.cancel(now, "")
            self._left(f"digit:{digit}", "", now)
        return True  # the agent has heard it

    def media_event(self, event: port.Event, now: float) -> None:
        if self._attendance is not None:
            self._attendance.media_event(event, now)

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        if self._attendance is not None:
            self._attendance.session_event(session, event, now)

    def allocated(self, leg: Leg, now: float) -> bool:
        return self._attendance is not None and self._attendance.allocated(leg, now)

    def unallocated(self, leg: Leg, refusal: Refusal, now: float) -> None:
        if self._attendance is not None:
            self._attendance.unallocated(leg, refusal, now)

    def agreed(self, leg: Leg, now: float) -> None:
        if self._attendance is not None:
            self._attendance.agreed(leg, now)

    @property
    def music(self) -> HoldMusic | None:
        return self._attendance.music if self._attendance is not None else None

    @property
    def conversation(self) -> Hunt | None:
        return self._attendance.conversation if self._attendance is not None else None

    @property
    def attended(self) -> bool:
        return self._attendance is not None and self._attendance.attended

    def relieve(self, now: float) -> bool:
        relieved = self._attendance is not None and self._attendance.relieve(now)
        if relieved:
            super().let_go()
        return relieved

    def let_go(self) -> None:
        super().let_go()
        if self._attendance is not None:
            self._attendance.let_go()

    def cancel(self, now: float, reason: str) -> None:
        super().cancel(now, reason)
        if self._attendance is not None:
            self._attendance.cancel(now, reason)

    def _left(self, outcome: str, cause: str, now: float) -> None:
        if not self.over:
            self._media(port.Detach(self._call.leg.id))
            variables = dict(self._attendance.variables) if self._attendance is not None else {}
            self._end(outcome, now, cause=cause, variables=variables)
