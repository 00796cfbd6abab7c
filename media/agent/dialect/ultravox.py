"""Ultravox, as its client: binary PCM16 both ways, JSON text beside it.

https://docs.ultravox.ai/apps/websockets. The agent's URL is the `joinUrl` of a call that was made by REST
with `medium.serverWebSocket`, both sample rates equal to the agent's `sample_rate`. It is good for one call.
"""

from typing import Any

from media.agent.contract import (
    Action,
    Buffer,
    Clear,
    Context,
    Message,
    Note,
    Role,
    Say,
    Transcript,
)
from media.agent.dialect.plain import (
    PCM,
    TEXT_CHARACTERS,
    Halves,
    Plain,
    read,
    text_of,
    tool_call,
    unknown,
    write,
)

_KNOWN = frozenset({"call_started", "state", "pong", "debug", "experimental_message"})


class Ultravox(Plain):
    """One call.

    Raises:
        KeyError: `context.sample_rate` is not 8000, 16000 or 24000.
    """

    bare = True

    def __init__(self, context: Context) -> None:
        self.hears = self.speaks = PCM[context.sample_rate]
        self._halves = Halves()
        self._words = {Role.CALLER: "", Role.AGENT: ""}  # transcripts may come in pieces

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [write({"type": "user_text_message", "text": f"[The caller pressed the key {digit}]"})]

    def tell(self, text: str) -> list[Message]:
        return [write({"type": "user_text_message", "text": text, "deferResponse": True})]

    def tool_result(self, call: str, result: str, failed: bool) -> list[Message]:
        answer: dict[str, Any] = {"type": "client_tool_result", "invocationId": call}
        if failed:
            answer |= {"errorType": "implementation-error", "errorMessage": result}
        else:
            answer |= {"result": result, "responseType": "tool-response"}
        return [write(answer)]

    def receive_binary(self, data: Buffer) -> list[Action]:
        return [Say(self._halves.whole(data))]

    def receive_text(self, text: Buffer) -> list[Action]:
        message = read(text)
        if isinstance(message, Note):
            return [message]
        match message.get("type"):
            case "playback_clear_buffer":
                return [Clear()]
            case "transcript":
                return self._said(message)
            case "client_tool_invocation":
                call, name = message.get("invocationId"), message.get("toolName")
                return [tool_call("client_tool_invocation", call, name, message.get("parameters", {}))]
            case str(kind) if kind in _KNOWN:
                return [Note(kind)]
            case _:
                return [unknown(message, "type")]

    def _said(self, message: dict[str, Any]) -> list[Action]:
        role = Role.CALLER if message.get("role") == "user" else Role.AGENT
        whole = message.get("text")
        if isinstance(whole, str):
            self._words[role] = text_of(whole)
        else:
            self._words[role] = (self._words[role] + text_of(message.get("delta")))[:TEXT_CHARACTERS]
        if message.get("final") is not True:
            return []
        said, self._words[role] = self._words[role], ""
        return [Transcript(role, said)]
