"""What an AI agent asks of its call, done and answered: hold and resume, prompts, variables, another agent.

::

    agent ── hold, play … ──▶ media (allowed?) ── AgentAsked ──▶ Errands ── TellAgent(Answer) ──▶ agent

Declined: recording, and transfers to queues and flows.
"""

from collections.abc import Mapping
from typing import Final, Protocol

from edge.call.call import Call
from edge.directory import Agent
from media import port

HOLD_PROMPT: Final = "hold"
_HOLD: Final = "agent-hold"
_PLAY: Final = "agent-play"
_COMFORT: Final = (425.0,)
"Heard on hold where the prompt is not there: a short tone now and then [Hz]."


class HandsOver(Protocol):
    def hand_over(self, call: Call, agent: Agent, parameters: Mapping[str, str]) -> None:
        """Another agent takes the call."""

    def hand_off(self, call: Call, number: str, request: int, now: float) -> str | None:
        """A person takes it, once there is one: the reason why not, or None: the answer follows."""


class Errands:
    """Those of one call with an agent."""

    def __init__(self, treatment: HandsOver) -> None:
        self._treatment = treatment
        self._on_hold = False

    def run(self, call: Call, asked: port.AgentAsked, now: float) -> None:
        error = self._do(call, asked, now)
        if error is not None:
            call.ground.media(port.TellAgent(asked.leg, port.Answer(asked.number, error)))

    def _do(self, call: Call, asked: port.AgentAsked, now: float) -> str | None:
        """The reason of a refusal, empty when it is done; None: it is answered later, or by nobody."""
        leg, verb, value = call.leg.id, asked.verb, asked.value
        match verb:
            case "hold":
                if not self._on_hold:
                    self._on_hold = True
                    self._play(call, _HOLD, HOLD_PROMPT, loop=True)
            case "resume":
                self._on_hold = False
                call.ground.media(port.StopPlay(leg, _HOLD))
            case "play":
                if call.ground.directory.prompt(value) is None:
                    return f"there is no prompt {value}"
                self._play(call, _PLAY, value, loop=False)
            case "stop_play":
                call.ground.media(port.StopPlay(leg, _PLAY))
            case "set":
                call.trace.add(now, "agent", "variables", variables=value)
            case "transfer":
                return self._transfer(call, value, asked.number, now)
            case _:
                return f"{verb} is not served by this version"
        return ""

    def _play(self, call: Call, play: str, prompt: str, *, loop: bool) -> None:
        path = call.ground.directory.prompt(prompt)
        if path is None:
            call.ground.media(port.Tone(call.leg.id, play, _COMFORT, ((0.2, 9.8),)))
        else:
            call.ground.media(port.Play(call.leg.id, play, path, loop))

    def _transfer(self, call: Call, target: str, request: int, now: float) -> str | None:
        kind, colon, name = target.partition(":")
        if not colon or kind in ("user", "number"):
            return self._treatment.hand_off(call, name or kind, request, now)
        if kind != "agent":
            return f"no transfer to a {kind} in this version: write agent:NAME, user:NUMBER or a number"
        agent = call.ground.directory.agent(call.route.account.id, name)
        if agent is None:
            return f"there is no agent {name}"
        call.trace.add(now, "agent", "transfer", outcome=name)
        if self._on_hold:
            self._on_hold = False
            call.ground.media(port.StopPlay(call.leg.id, _HOLD))
        self._treatment.hand_over(call, agent, {"transferred": "yes"})
        return None
