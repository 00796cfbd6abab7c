"""An AI agent answers: the call is picked up, the agent's socket dialled, and the two joined.

An agent that cannot be reached, says nothing in time, or breaks off, is replaced by its `fallback`, which is
told why; where there is none, the caller is told by a spoken prompt, and the call ends with cause
`agent_failed`. An agent that takes its leave ends it with `agent_hangup`. What an agent asks of its call is
done by `edge.call.errand`.
"""

from collections.abc import Mapping
from typing import Final

from edge.call.bridge import take_on
from edge.call.call import Call
from edge.call.errand import Errands
from edge.call.handoff import Handoff
from edge.call.leg import Leg
from edge.call.succession import Succession
from edge.call.treatment import Treatment
from edge.directory import Agent
from edge.error import Refusal
from edge.sip.refer import Refer
from edge.sip.session import Session, SessionEvent
from media import port

FAULT_PROMPT: Final = "agent-unreachable"
_PLAY: Final = "fault"
_APOLOGY_SECONDS: Final = 3.0
_CONGESTION: Final = (480.0, 620.0)
"Reorder tone, heard where the prompt is not there [Hz]."


def attach(call: Call, agent: Agent, parameters: Mapping[str, str]) -> port.AttachAgent:
    """Dial `agent` for the caller. Args: parameters: told to it beside from, to and direction."""
    spec = port.AgentSpec(
        agent.name,
        agent.dialect,
        agent.url,
        agent.headers,
        agent.sample_rate,
        agent.barge_in,
        agent.connect_timeout,
        options=agent.options,
    )
    known = {"from": call.caller, "to": call.callee, "direction": call.route.direction}
    told = dict(call.identity.headers) | known | dict(parameters)
    account = call.route.account.id
    return port.AttachAgent(call.leg.id, spec, call.id, account, tuple(told.items()))


class AgentTreatment(Treatment):
    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._tried = {agent.name}
        self._failed = False
        self._gone = False
        self._errands = Errands(self)
        self._handoff: Handoff | None = None
        self._succession: Succession | None = None

    def begin(self, call: Call, now: float) -> None:
        if not call.answer(now):
            return
        call.ground.media(attach(call, self._agent, {}))

    def media_event(self, call: Call, event: port.Event, now: float) -> None:
        if event.leg != call.leg.id:
            return  # of a caller who has put somebody else in its place
        match event:
            case port.AgentFailed() | port.AgentEnded() if self._handoff is not None:
                self._gone = True  # somebody is being rung, or talks already
            case port.AgentFailed(_, reason):
                self._fall_back(call, reason, now)
            case port.AgentAsked():
                self._errands.run(call, event, now)
            case port.AgentEnded():
                call.finish("answered", "agent_hangup", now)
            case port.Played(_, play) if play == _PLAY:
                call.finish("failed", "agent_failed", now)

    def hand_over(self, call: Call, agent: Agent, parameters: Mapping[str, str]) -> None:
        """Another agent takes the call; `parameters` tell it why."""
        self._agent = agent
        call.ground.media(attach(call, agent, parameters))

    def hand_off(self, call: Call, number: str, request: int, now: float) -> str | None:
        """A person takes the call, once one has answered; None: that is told then."""
        if self._handoff is not None:
            return "a transfer is under way"
        self._handoff = Handoff(call, self, number, request)
        why = self._handoff.start(now)
        if why:
            self._handoff = None
        return why or None

    def stayed(self, call: Call, handoff: Handoff, why: str, now: float) -> None:
        """Nobody has answered: the agent goes on, if it is still there."""
        self._handoff = None
        if self._gone:
            self._apologise(call, now)
        else:
            call.ground.media(port.TellAgent(call.leg.id, port.Answer(handoff.request, why)))

    def referred(self, call: Call, session: Session, refer: Refer, now: float) -> None:
        talking = self._handoff.conversation if self._handoff is not None else None
        if talking is not None:
            take_on(call, talking, session, refer, now)
            return
        if self._succession is None:
            self._succession = Succession(call, lambda number, at: self._succeeded(call, number))
        self._succession.referred(session, refer, now)

    def outlives(self, call: Call, session: Session) -> bool:
        return self._succession is not None and self._succession.outlives(session)

    def allocated(self, call: Call, leg: Leg, now: float) -> None:
        for party in (self._handoff, self._succession):
            if party is not None and party.allocated(leg, now):
                return
        call.release(leg)

    def unallocated(self, call: Call, leg: Leg, refusal: Refusal, now: float) -> None:
        for party in (self._handoff, self._succession):
            if party is not None and party.unallocated(leg, refusal, now):
                return

    def end(self, call: Call, now: float, reason: str) -> None:
        for party in (self._handoff, self._succession):
            if party is not None:
                party.end(now, reason)

    def _fall_back(self, call: Call, reason: str, now: float) -> None:
        name = self._agent.fallback
        agent = call.ground.directory.agent(call.route.account.id, name) if name else None
        if agent is None or name in self._tried:
            self._apologise(call, now)
            return
        self._tried.add(name)
        call.trace.add(now, "agent", "fallback", outcome=name, failed=self._agent.name, reason=reason)
        self.hand_over(call, agent, {"fallback_from": self._agent.name, "fallback_reason": reason})

    def session_event(self, call: Call, session: Session, event: SessionEvent, now: float) -> None:
        for party in (self._handoff, self._succession):
            if party is not None:
                party.session_event(session, event, now)

    def _succeeded(self, call: Call, number: str) -> None:
        """The agent begins anew: it talks to somebody else now."""
        by = call.route.caller.number if call.route.caller is not None else ""
        self.hand_over(call, self._agent, {"from": number, "transferred_by": by})

    def _apologise(self, call: Call, now: float) -> None:
        if self._failed:
            return
        self._failed = True
        call.ground.media(port.Detach(call.leg.id))
        path = call.ground.directory.prompt(FAULT_PROMPT)
        if path is None:
            call.ground.media(port.Tone(call.leg.id, _PLAY, _CONGESTION, ((0.25, 0.25),)))
            call.alarm(now + _APOLOGY_SECONDS, lambda at: call.finish("failed", "agent_failed", at))
        else:
            call.ground.media(port.Play(call.leg.id, _PLAY, path))
            call.alarm(now + 5 * _APOLOGY_SECONDS, lambda at: call.finish("failed", "agent_failed", at))
