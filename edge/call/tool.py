"""Custom tools of AI agents: arguments checked, a service asked over HTTP, its answer given back as data
(S002-55…59).

::

    AgentToolCall ─▶ schema ─▶ Look(POST {arguments, callSessionId, tool}) ─▶ TellAgent(ToolResult)

What a service answers is text for the model and never read as a command (S002-58).
"""

from typing import Final, cast

import orjson
from jsonschema import Draft202012Validator, ValidationError

from edge.call.call import Call
from edge.directory import Tool
from edge.flow.command import Fetch
from edge.flow.value import Value
from edge.question import Look, Reply
from media import port
from media.agent.nesting import parse

ARGUMENT_BYTES: Final = 16_384
"Longest arguments that are looked at."
_REASON: Final = 300  # characters


class ToolCalls:
    """Those of one agent on one call."""

    def __init__(self, call: Call, agent: str) -> None:
        self._call = call
        self._agent = agent
        self._pending: list[str] = []  # what the agent calls those at work
        self._cancelled: set[str] = set()  # of these
        self.over = False
        "Its agent is gone: results are for nobody."

    def run(self, asked: port.AgentToolCall, now: float) -> None:
        call = self._call
        tool = call.ground.directory.tool(call.route.account.id, self._agent, asked.name)
        if tool is None:
            self._fail(asked, f"there is no tool {asked.name}", now)
            return
        if len(self._pending) >= call.ground.limits.tool_calls:
            self._fail(asked, "too many tools are at work: wait for their results", now)
            return
        arguments = _arguments(tool, asked.arguments)
        if isinstance(arguments, str):
            self._fail(asked, arguments, now)
            return
        body: dict[str, Value] = {"arguments": arguments, "callSessionId": call.id, "tool": tool.name}
        fetch = Fetch("POST", tool.url, tool.headers, body, tool.timeout, retries=0)
        self._pending.append(asked.call)
        look = Look(call.route.account.id, fetch, trusted=tool.trusted, call=call.id)
        call.ground.ask(look, lambda reply, at: self._told(asked, reply, at, now))

    def cancel(self, calls: tuple[str, ...]) -> None:
        """The agent does not want these any more."""
        self._cancelled.update(set(self._pending).intersection(calls))

    # Inside.

    def _told(self, asked: port.AgentToolCall, reply: Reply, now: float, began: float) -> None:
        self._pending.remove(asked.call)
        if self.over:
            return
        if asked.call in self._cancelled:
            self._cancelled.discard(asked.call)
            self._note(asked, "cancelled", now)
            return
        status, body, error = reply.get("status"), reply.get("body"), reply.get("error")
        good = isinstance(status, int) and 200 <= status < 300
        if error or not good:
            self._fail(asked, str(error)[:_REASON] if error else f"the service answered {status}", now)
            return
        try:
            result = body if isinstance(body, str) else orjson.dumps(body).decode()
        except orjson.JSONEncodeError as why:  # orjson reads what is nested deeper than it writes
            self._fail(asked, f"the result cannot be handed on: {why}", now)
            return
        most = self._call.ground.limits.tool_result_bytes
        if len(result.encode(errors="replace")) > most:
            self._fail(asked, f"the result is longer than {most} bytes", now)
            return
        self._note(asked, "done", now, milliseconds=round((now - began) * 1000))
        self._tell(port.ToolResult(asked.call, result))

    def _fail(self, asked: port.AgentToolCall, why: str, now: float) -> None:
        self._note(asked, "failed", now, text=why)
        self._tell(port.ToolResult(asked.call, why, failed=True))

    def _tell(self, result: port.ToolResult) -> None:
        self._call.ground.media(port.TellAgent(self._call.leg.id, result))

    def _note(self, asked: port.AgentToolCall, outcome: str, now: float, **data: str | int) -> None:
        self._call.trace.add(now, "agent", "tool", outcome, "", name=asked.name, call=asked.call, **data)


def _arguments(tool: Tool, text: str) -> str | dict[str, Value]:
    """What the model gave, or the reason why it does not do (`str`)."""
    if len(text) > ARGUMENT_BYTES:
        return f"the arguments are longer than {ARGUMENT_BYTES} characters"
    try:
        given = parse(text or "{}")
    except ValueError:
        return "the arguments are not JSON, or nested too deeply"
    if not isinstance(given, dict):
        return "the arguments are not an object"
    try:
        Draft202012Validator(tool.parameters).validate(given)
    except ValidationError as error:
        return f"the arguments do not fit: {error.json_path}: {error.message}"[:_REASON]
    return cast(dict[str, Value], given)
