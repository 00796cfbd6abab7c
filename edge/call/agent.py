"""An AI agent answers: the call is picked up, the agent's socket dialled, and the two joined.

Where no agent can be reached, the caller is told by a spoken prompt, and the call ends with cause
`agent_failed`. An agent that takes its leave ends it with `agent_hangup`, the person to whom it handed the
caller with `callee_hangup`.
"""

import weakref
from collections import deque
from itertools import count
from typing import Final

from edge.call.attendance import Attendance
from edge.call.call import Call
from edge.call.leg import Leg
from edge.call.served import Served
from edge.command.running import Stage
from edge.command.table import running
from edge.directory import Agent
from edge.flow.scene import Outcome
from edge.tone import tones
from media import port

FAULT_PROMPT: Final = "agent-unreachable"
_PLAY: Final = "fault"
_APOLOGY_SECONDS: Final = 3.0


class AgentTreatment(Served[Attendance]):
    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def begin(self, call: Call, now: float) -> None:
        if not call.answer(now):
            return
        stage = Stage(call, _nobody_ends, deque(maxlen=1), count(1))
        me = weakref.proxy(self)  # weak: circles wait for the collector
        self._party = Attendance(
            stage, running, self._agent, {}, lambda outcome, cause, at: me._left(call, outcome, at)
        )
        self._party.start(now)

    def media_event(self, call: Call, event: port.Event, now: float) -> None:
        if self._party is not None:
            if isinstance(event, port.Digit) and event.leg == call.leg.id:
                self._party.digit(event.digit, now)
            self._party.media_event(event, now)
        elif isinstance(event, port.Played) and event.play == _PLAY:
            call.finish("failed", "agent_failed", now)

    def allocated(self, call: Call, leg: Leg, now: float) -> None:
        for party in (self._party, self._succession):
            if party is not None and party.allocated(leg, now):
                return
        call.release(leg)

    def end(self, call: Call, now: float, reason: str) -> None:
        if self._succession is not None:
            self._succession.end(now, reason)
        if self._party is not None:
            self._party.cancel(now, reason)

    # Inside.

    def _succeeded(self, call: Call, number: str, now: float) -> None:
        """The agent begins anew: it talks to somebody else now."""
        by = call.route.caller.number if call.route.caller is not None else ""
        if self._party is not None:
            self._party.begin_anew({"from": number, "transferred_by": by}, now)

    def _left(self, call: Call, outcome: str, now: float) -> None:
        match outcome:
            case "done":
                call.finish("answered", "agent_hangup", now)
            case "transferred":
                call.finish("answered", "callee_hangup", now)
            case _:
                self._party = None
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
