"""dial {agent}: an AI agent's socket is joined to the caller."""

from edge.call.agent import attach
from edge.command.running import Running
from edge.flow.command import Dial
from media import port


class AgentRunning(Running[Dial]):
    _connected = False

    def start(self, now: float) -> None:
        call = self._call
        agent = call.ground.directory.agent(call.route.account.id, self.command.agent)
        if agent is None:
            self._end("failed", now, cause="no_such_agent")
        elif call.answer(now):
            self._media(attach(call, agent, self.command.parameters))

    def digit(self, digit: str, now: float) -> bool:
        if digit in self.command.exit_digits:
            self._leave(f"digit:{digit}", "", now)
        return True  # the agent has heard it

    def media_event(self, event: port.Event, now: float) -> None:
        match event:
            case port.AgentConnected():
                self._connected = True
            case port.AgentFailed(_, reason):
                self._leave("failed" if self._connected else "no_answer", reason, now)
            case port.AgentEnded(_, reason):
                self._leave("done", reason, now)

    def _leave(self, outcome: str, cause: str, now: float) -> None:
        if not self.over:
            self._media(port.Detach(self._call.leg.id))
            self._end(outcome, now, cause=cause)
