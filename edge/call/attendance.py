"""A caller and the AI agent that attends to it, through fallbacks, tools and transfers, to one end.

::

    start ─▶ agent ─ fails ─▶ its fallback ─ … ─▶ failed, or no_answer when none was ever reached
               ├─ takes its leave ─▶ done
               ├─ transfer to an agent ─▶ that one, in the same call, told what this one knew (S002-66)
               └─ transfer to a person or queue ─▶ Handoff ─ conversation over ─▶ transferred, or back to it

A call flow's agent node and an agent as the target of a number differ only in what they make of the end.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import orjson

from edge.call.attach import attach
from edge.call.errand import Errands
from edge.call.filler import Filler
from edge.call.handoff import Handoff, Run
from edge.call.hold import HoldMusic
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.call.tool import ToolCalls
from edge.command.running import Stage
from edge.directory import Agent
from edge.error import Refusal
from edge.flow.value import Value
from edge.sip.session import Session
from edge.sip.session_event import SessionEvent
from media import port

Left: TypeAlias = Callable[[str, str, float], None]
"(outcome, cause, now): done, transferred, no_answer or failed."
HANDOVERS: Final = 20
"AI to AI on one call; one more is refused."


class Attendance:
    def __init__(
        self, stage: Stage, run: Run, agent: Agent, parameters: Mapping[str, str], left: Left
    ) -> None:
        """Args: parameters: told to the agent beside from, to and direction; left: comes once."""
        self._stage = stage
        self._call = stage.call
        self._run = run
        self._agent = agent
        self._parameters = parameters
        self._left = left
        self._tried: set[str] = set()
        self._connected = False
        self._gone = False  # the agent has left while somebody else is sought
        self._over = False
        self._handovers = 0
        self._back = False
        self._request = 0
        self._errands = Errands(stage, self)
        self._tools = ToolCalls(stage.call, agent.name)
        self._filler = Filler(stage.call, agent.filler, agent.filler_after)
        self._handoff: Handoff | None = None

    @property
    def variables(self) -> Mapping[str, Value]:
        """What agents have set."""
        return self._errands.variables

    def start(self, now: float) -> None:
        self._attach(self._agent, self._parameters, now)

    # What the call brings.

    def media_event(self, event: port.Event, now: float) -> None:
        if self._over:
            return
        if self._handoff is not None:
            self._handoff.media_event(event, now)
            if self._over:
                return
        if event.leg != self._call.leg.id:
            return
        self._filler.media_event(event, now)
        match event:
            case port.AgentConnected():
                self._connected = True
            case port.AgentFailed() | port.AgentEnded() if self._handoff is not None:
                self._gone = True  # somebody is being rung, or talks already
            case port.AgentFailed(_, reason):
                self._fall_back(reason, now)
            case port.AgentEnded(_, reason):
                self._leave("done", reason, now)
            case port.AgentAsked():
                self._errands.run(event, now)
            case port.AgentToolCall():
                self._tools.run(event, now)
            case port.AgentToolCancelled(_, calls):
                self._tools.cancel(calls)

    def digit(self, digit: str, now: float) -> bool:
        return self._handoff is not None and self._handoff.digit(digit, now)

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        if self._handoff is not None:
            self._handoff.session_event(session, event, now)

    def allocated(self, leg: Leg, now: float) -> bool:
        return self._handoff is not None and self._handoff.allocated(leg, now)

    def unallocated(self, leg: Leg, refusal: Refusal, now: float) -> None:
        if self._handoff is not None:
            self._handoff.unallocated(leg, refusal, now)

    def cancel(self, now: float, reason: str) -> None:
        """The call is over, or goes on without us; `left` does not come."""
        self._over = self._tools.over = True
        self._filler.stop()
        if self._handoff is not None:
            self._handoff.cancel(now, reason)

    @property
    def conversation(self) -> Hunt | None:
        """The person whom the caller was handed to."""
        return self._handoff.conversation if self._handoff is not None else None

    @property
    def music(self) -> HoldMusic | None:
        """What is heard on hold in that conversation."""
        return self._handoff.music if self._handoff is not None else None

    def agreed(self, leg: Leg, now: float) -> None:
        if self._handoff is not None:
            self._handoff.agreed(leg, now)

    def let_go(self) -> None:
        """That conversation goes on without us; `left` does not come."""
        if self._handoff is not None:
            self._handoff.let_go()
        self._over = self._tools.over = True
        self._filler.stop()

    @property
    def attended(self) -> bool:
        """Whether an agent talks with the caller."""
        if self._handoff is not None and self._handoff.joined:
            return self._handoff.attended
        return not (self._over or self._gone)

    def relieve(self, now: float) -> bool:
        """A person takes the agent's place, and `left` does not come; False: it is just handing over."""
        if self._over or (self._handoff is not None and not self._handoff.relieve(now)):
            return False
        self._errands.leave()
        self.let_go()
        return True

    def begin_anew(self, parameters: Mapping[str, str], now: float) -> None:
        """Somebody else is in the caller's place."""
        self._attach(self._agent, {**self._parameters, **parameters}, now)

    # What the agent asks for.

    def transfer(self, target: str, request: int, details: dict[str, str], now: float) -> str | None:
        if self._handoff is not None:
            return "a transfer is under way"
        kind, colon, name = target.partition(":")
        if colon and kind not in ("user", "number", "queue", "agent"):
            return f"no transfer to a {kind[:32]}: write user:…, queue:…, agent:…, or a number"
        if kind != "agent" or not colon:
            self._call.trace.add(now, "agent", "transfer", outcome="begun", to=target)
            self._request, self._back = request, details.get("return") == "yes"
            self._handoff = Handoff(self._stage, self._run, target, details, self._handed)
            self._handoff.start(now)
            return None
        agent = self._call.ground.directory.agent(self._call.route.account.id, name)
        if agent is None:
            return f"there is no agent {name}"
        if self._handovers >= HANDOVERS:
            return f"{HANDOVERS} agents have had this call already"
        self._handovers += 1
        self._call.trace.add(now, "agent", "transfer", outcome=name)
        self._tried.clear()
        self._attach(agent, self._context({"transferred": "yes"}, details), now)
        return None

    # Inside.

    def _attach(self, agent: Agent, parameters: Mapping[str, str], now: float) -> None:
        self._errands.leave()
        self._filler.stop()
        self._tools.over = True
        self._tools = ToolCalls(self._call, agent.name)
        self._filler = Filler(self._call, agent.filler, agent.filler_after)
        self._agent = agent
        self._tried.add(agent.name)
        self._gone = False
        self._filler.dialled(now)
        self._call.ground.media(attach(self._call, agent, parameters))

    def _context(self, why: dict[str, str], details: Mapping[str, str]) -> dict[str, str]:
        """What the next agent is told: why it comes, what its predecessor said, and what is set."""
        told = {**self._parameters, **why, "transferred_from": self._agent.name}
        if details.get("context"):
            told["context"] = details["context"]
        if self._errands.variables:
            told["variables"] = orjson.dumps(self._errands.variables).decode()
        return told

    def _fall_back(self, reason: str, now: float) -> None:
        name = self._agent.fallback
        agent = self._call.ground.directory.agent(self._call.route.account.id, name) if name else None
        if agent is None or name in self._tried:
            self._leave("failed" if self._connected else "no_answer", reason, now)
            return
        failed = self._agent.name
        self._call.trace.add(now, "agent", "fallback", outcome=name, failed=failed, reason=reason)
        told = {"fallback_from": failed, "fallback_reason": reason}
        self._attach(agent, {**self._parameters, **told}, now)

    def _handed(self, reached: bool, why: str, now: float) -> None:
        """A handoff is over."""
        assert self._handoff is not None, "it told us"
        target, self._handoff = self._handoff.target, None
        outcome = "done" if reached else why
        self._call.trace.add(now, "agent", "transfer", outcome=outcome, to=target)
        if reached and self._back:
            self._attach(self._agent, self._context({"returned_from": target}, {}), now)
        elif reached:
            self._leave("transferred", target, now)
        elif self._gone:
            self._leave("failed", "closed", now)
        else:
            answer = port.TellAgent(self._call.leg.id, port.Answer(self._request, why))
            self._call.ground.media(answer)

    def _leave(self, outcome: str, cause: str, now: float) -> None:
        if self._over:
            return
        self._over = self._tools.over = True
        self._errands.leave()
        self._filler.stop()
        self._left(outcome, cause, now)
