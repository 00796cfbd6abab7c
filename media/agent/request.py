"""What an agent asks of its call, and what its configuration allows."""

import itertools
from collections.abc import Callable
from typing import Final, assert_never

from media import port
from media.agent.contract import Action, Ask, Dialect, Digits, Message, ToolCall, Verb
from media.agent.effect import Effect, Listen
from media.agent.protocol import Protocol
from media.agent.toolbox import action_of

PENDING: Final = 16
"Requests of one agent that wait for their answer; one more is refused."

PERMISSION: Final = {
    Verb.TRANSFER: "transfer",
    Verb.HOLD: "hold",
    Verb.RESUME: "hold",
    Verb.MUTE: "mute",
    Verb.UNMUTE: "mute",
    Verb.PLAY: "play",
    Verb.PAUSE_PLAY: "play",
    Verb.RESUME_PLAY: "play",
    Verb.SEEK_PLAY: "play",
    Verb.STOP_PLAY: "play",
    Verb.RECORD: "record",
    Verb.STOP_RECORD: "record",
    Verb.SET: "set",
}
"The word in `allow` that a verb needs."


class Requests:
    """Those of one agent, and everything else that its call answers it.

    Args:
        send: takes messages for the agent.
        emit: takes effects.
    """

    def __init__(
        self,
        command: port.AttachAgent,
        dialect: Dialect,
        protocol: Protocol,
        send: Callable[[list[Message]], None],
        emit: Callable[[Effect], None],
    ) -> None:
        self.muted = False
        "The agent is not to hear the caller: a vendor that gets nothing would hang up, so it gets silence."
        self._leg = command.leg
        self._agent = command.agent.name
        self._allow = frozenset(command.agent.options.allow)
        self._tools = command.agent.options.call_tools
        self._dialect = dialect
        self._protocol = protocol
        self._send = send
        self._emit = emit
        self._numbers = itertools.count(1)
        self._pending: dict[int, Ask] = {}

    def allowed(self, permission: str) -> bool:
        """Whether the agent may do this; the trace shows what it may not."""
        if refusal := self._refusal(permission):
            for row in self._protocol.refused(permission, refusal):
                self._emit(row)
        return not refusal

    def ask(self, ask: Ask) -> None:
        """Answer it at once, or put it before the call."""
        if refusal := self._refusal(PERMISSION[ask.verb]):
            self._answer(ask, refusal)
        elif ask.verb in (Verb.MUTE, Verb.UNMUTE):
            self._mute(ask.verb is Verb.MUTE)
            self._answer(ask, "")
        elif len(self._pending) >= PENDING:
            self._answer(ask, f"{PENDING} requests wait for their answer already")
        else:
            number = next(self._numbers)
            self._pending[number] = ask
            self._emit(port.AgentAsked(self._leg, number, ask.verb.value, ask.value, ask.details))

    def use(self, call: ToolCall) -> Action | None:
        """What is left to do for a tool call: keys and the good-bye of our own tools."""
        asked = action_of(call) if self._tools else None
        match asked:
            case None:
                self._emit(port.AgentToolCall(self._leg, call.call, call.name, call.arguments))
            case str():
                self._send(self._dialect.tool_result(call.call, asked, True))
            case Ask():
                self.ask(asked)
            case _:
                why = self._refusal("dtmf" if isinstance(asked, Digits) else "hangup")
                self._send(self._dialect.tool_result(call.call, why or "done", bool(why)))
                return asked
        return None

    def tell(self, news: port.ToolResult | port.Answer | port.Words) -> None:
        """Something for the agent from the call."""
        match news:
            case port.ToolResult(call, result, failed):
                self._send(self._dialect.tool_result(call, result, failed))
            case port.Words(text):
                self._send(self._dialect.tell(text))
            case port.Answer(number, error):
                ask = self._pending.pop(number, None)
                if ask is not None:
                    if not error and ask.verb in (Verb.HOLD, Verb.RESUME):
                        self._mute(ask.verb is Verb.HOLD)
                    self._answer(ask, error)
            case _:
                assert_never(news)

    # Inside.

    def _refusal(self, permission: str) -> str:
        if permission in self._allow:
            return ""
        return f"not allowed: add {permission} to `allow` of agent {self._agent}"

    def _answer(self, ask: Ask, error: str) -> None:
        if ask.tool:
            self._send(self._dialect.tool_result(ask.request, error or "done", bool(error)))
        else:
            self._send(self._dialect.answered(ask, error))

    def _mute(self, on: bool) -> None:
        self.muted = on
        self._emit(Listen())
