"""Deepgram Voice Agent v1, as its client: binary audio both ways, JSON text beside it.

https://developers.deepgram.com/docs/voice-agent. `Settings` is the first message: the operator's `session`,
with our audio formats in it (`audio: ulaw`, the default, or `pcm` at `sample_rate`). Nothing is heard before
`SettingsApplied`. `UserStartedSpeaking` stops playout; no truncation is known to this API.
"""

from typing import Any, Final

from media.agent.contract import (
    Action,
    Buffer,
    Context,
    Encoding,
    Fail,
    Interrupt,
    Message,
    Note,
    Ready,
    Role,
    Say,
    ToolCancel,
    Transcript,
)
from media.agent.dialect.plain import (
    PCM,
    Halves,
    Plain,
    read,
    section,
    settings,
    text_of,
    tool_call,
    tools,
    unknown,
    with_tools,
    write,
)

CALLS: Final = 64
"Function calls whose answer may still come."

_KNOWN: Final = frozenset(
    {
        "Welcome", "AgentThinking", "AgentStartedSpeaking", "AgentAudioDone", "FunctionCallResponse",
        "PromptUpdated", "SpeakUpdated", "ThinkUpdated", "ListenUpdated", "LatencyReport", "History",
        "InjectionRefused", "Warning", "FrustrationDetected",
    }
)  # fmt: skip


class Deepgram(Plain):
    """One conversation.

    Raises:
        KeyError: PCM is asked for and `context.sample_rate` is not 8000, 16000 or 24000.
    """

    bare = True
    waits = True

    def __init__(self, context: Context) -> None:
        self._options = context.options
        if context.options.audio == "pcm":
            self.hears = self.speaks = PCM[context.sample_rate]
        self._halves = Halves()
        self._names: dict[str, str] = {}  # of calls, by id: the answer needs both
        self._ready = False

    def open(self) -> list[Message]:
        given = settings(self._options.session)
        encoding = "mulaw" if self.hears is Encoding.ULAW_8000 else "linear16"
        way = {"encoding": encoding, "sample_rate": self.hears.rate}
        agent = given.get("agent", {})
        if self._options.greeting and isinstance(agent, dict):
            agent = {"greeting": self._options.greeting, **agent}
        offered = tools(self._options.tools)
        if offered and isinstance(agent, dict):
            think = section(agent, "think")
            agent = {**agent, "think": {**think, "functions": with_tools(think.get("functions"), offered)}}
        sound = {"input": way, "output": {**way, "container": "none"}}
        return [write({**given, "type": "Settings", "audio": sound, "agent": agent})]

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return self.tell(f"[The caller pressed the key {digit}]")

    def tell(self, text: str) -> list[Message]:
        return [write({"type": "InjectUserMessage", "content": text})]

    def tool_result(self, call: str, result: str, failed: bool) -> list[Message]:
        name = self._names.pop(call, "")
        content = write({"error": result}) if failed else result
        return [write({"type": "FunctionCallResponse", "id": call, "name": name, "content": content})]

    def receive_binary(self, data: Buffer) -> list[Action]:
        return [Say(data if self.speaks.sample_bytes == 1 else self._halves.whole(data))]

    def receive_text(self, text: Buffer) -> list[Action]:
        message = read(text)
        if isinstance(message, Note):
            return [message]
        match message.get("type"):
            case "SettingsApplied":
                self._ready = True
                return [Ready()]
            case "UserStartedSpeaking":
                return [Interrupt()]
            case "ConversationText":
                role = Role.CALLER if message.get("role") == "user" else Role.AGENT
                return [Transcript(role, text_of(message.get("content")))]
            case "FunctionCallRequest":
                return self._call(message.get("functions"))
            case "FunctionCallCancelled":
                return [ToolCancel(tuple(call for call, _, _ in _functions(message.get("functions"))))]
            case "Error":
                what = f"{text_of(message.get('code'))}: {text_of(message.get('description'))}"
                if self._ready:
                    return [Note("Error", what)]
                return [Fail(f"{what}: correct `session` of the agent")]
            case str(kind) if kind in _KNOWN:
                return [Note(kind)]
            case _:
                return [unknown(message, "type")]

    def _call(self, functions: object) -> list[Action]:
        actions: list[Action] = []
        for call, name, function in _functions(functions):
            if function.get("client_side") is False:
                continue  # Deepgram calls it itself
            asked = tool_call("FunctionCallRequest", call, name, function.get("arguments") or "{}")
            actions.append(asked)
            if isinstance(asked, Note):
                continue
            if len(self._names) >= CALLS:
                self._names.pop(next(iter(self._names)))
            self._names[call] = name
        return actions or [Note("FunctionCallRequest")]


def _functions(value: object) -> list[tuple[str, str, dict[str, Any]]]:
    """Id, name and all of each function that has both."""
    named = []
    for function in value[:CALLS] if isinstance(value, list) else ():
        if isinstance(function, dict):
            call, name = function.get("id"), function.get("name")
            if isinstance(call, str) and isinstance(name, str):
                named.append((call, name, function))
    return named
