"""Gemini Live (BidiGenerateContent), as its client: JSON in text or binary, PCM 16 kHz in and 24 kHz out.

https://ai.google.dev/api/live. The operator's `session` is put into `setup`. The caller is heard after
`setupComplete`. A session limit (`goAway`), or a broken socket, is survived with the last handle of
`sessionResumptionUpdate`.

Declined: video, manual activity signals (the caller's voice is heard by the vendor), Vertex' own paths.
"""

from typing import Any, Final

import pybase64

from media.agent.contract import (
    Action,
    Away,
    Buffer,
    Context,
    Encoding,
    Interrupt,
    Message,
    Note,
    Ready,
    Reply,
    Role,
    Say,
    ToolCancel,
    Transcript,
)
from media.agent.dialect.plain import (
    TEXT_CHARACTERS,
    Plain,
    audio,
    read,
    section,
    settings,
    text_of,
    tool_call,
    tools,
    with_tools,
    write,
)
from media.agent.nesting import parse

CALLS: Final = 64
"Function calls whose answer may still come."


class Gemini(Plain):
    """One session, over one connection or several."""

    hears = Encoding.PCM_16000
    speaks = Encoding.PCM_24000
    waits = True

    def __init__(self, context: Context) -> None:
        self._options = context.options
        self._handle = ""
        self._greeted = False
        self._names: dict[str, str] = {}
        self._words = {Role.CALLER: "", Role.AGENT: ""}  # transcripts come in pieces

    def open(self) -> list[Message]:
        setup = settings(self._options.session)
        model = self._options.model
        if model:
            setup["model"] = model if "/" in model else f"models/{model}"
        setup["generationConfig"] = {"responseModalities": ["AUDIO"], **section(setup, "generationConfig")}
        setup.setdefault("inputAudioTranscription", {})
        setup.setdefault("outputAudioTranscription", {})
        if offered := tools(self._options.tools):
            setup["tools"] = with_tools(setup.get("tools"), [{"functionDeclarations": _declared(offered)}])
        handle = {"handle": self._handle} if self._handle else {}
        setup["sessionResumption"] = {**section(setup, "sessionResumption"), **handle}
        return [write({"setup": setup})]

    def resume(self) -> list[Message] | None:
        return self.open() if self._handle else None

    def hear(self, frame: Buffer) -> Message:
        return (
            f'{{"realtimeInput":{{"audio":{{"data":"{pybase64.b64encode_as_string(frame)}",'
            '"mimeType":"audio/pcm;rate=16000"}}}'
        )

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [write({"realtimeInput": {"text": f"[The caller pressed the key {digit}]"}})]

    def tell(self, text: str) -> list[Message]:
        return [_turn(text, complete=False)]

    def tool_result(self, call: str, result: str, failed: bool) -> list[Message]:
        response: object
        try:
            response = parse(result)
        except ValueError:
            response = result
        if failed:
            response = {"error": response}
        elif not isinstance(response, dict):
            response = {"result": response}
        answer = {"id": call, "name": self._names.pop(call, ""), "response": response}
        return [write({"toolResponse": {"functionResponses": [answer]}})]

    def receive_binary(self, data: Buffer) -> list[Action]:
        return self.receive_text(data)

    def receive_text(self, text: Buffer) -> list[Action]:
        message = read(text)
        if isinstance(message, Note):
            return [message]
        actions: list[Action] = []
        if "serverContent" in message:
            actions += self._content(section(message, "serverContent"))
        if "setupComplete" in message:
            actions += self._ready()
        if "toolCall" in message:
            actions += self._call(section(message, "toolCall").get("functionCalls"))
        if "toolCallCancellation" in message:
            calls = section(message, "toolCallCancellation").get("ids")
            names = calls if isinstance(calls, list) else []
            actions.append(ToolCancel(tuple(call for call in names[:CALLS] if isinstance(call, str))))
        if "sessionResumptionUpdate" in message:
            update = section(message, "sessionResumptionUpdate")
            if update.get("resumable") is True and isinstance(handle := update.get("newHandle"), str):
                self._handle = handle
            actions.append(Note("sessionResumptionUpdate"))
        if "goAway" in message:
            actions.append(Away())
        if not actions and not _KNOWN & message.keys():
            return [Note(next(iter(message), "message")[:64], "unknown message, ignored")]
        return actions

    def _ready(self) -> list[Action]:
        greeting, self._greeted = "" if self._greeted else self._options.greeting, True
        return [Ready(), *([Reply(_turn(greeting, complete=True), "clientContent")] if greeting else [])]

    def _content(self, content: dict[str, Any]) -> list[Action]:
        actions: list[Action] = []
        parts = section(content, "modelTurn").get("parts")
        for part in parts if isinstance(parts, list) else ():
            blob = section(part, "inlineData") if isinstance(part, dict) else {}
            if blob:
                said = audio("modelTurn", blob.get("data"))
                if isinstance(said, Say):
                    said = Say(said.audio[: len(said.audio) & ~1])
                actions.append(said)
        if content.get("interrupted") is True:
            actions.insert(0, Interrupt())
        for key, role in (("inputTranscription", Role.CALLER), ("outputTranscription", Role.AGENT)):
            words = section(content, key)
            self._words[role] = (self._words[role] + text_of(words.get("text")))[:TEXT_CHARACTERS]
            if words.get("finished") is True:
                actions += self._said(role)
        if parts and not self._words[Role.AGENT]:
            actions += self._said(Role.CALLER)  # the agent answers: the caller has finished
        if content.get("turnComplete") is True or content.get("interrupted") is True:
            actions += self._said(Role.CALLER) + self._said(Role.AGENT)
        return actions

    def _said(self, role: Role) -> list[Action]:
        text, self._words[role] = self._words[role].strip(), ""
        return [Transcript(role, text)] if text else []

    def _call(self, functions: object) -> list[Action]:
        actions: list[Action] = []
        for function in functions[:CALLS] if isinstance(functions, list) else ():
            given = function if isinstance(function, dict) else {}
            name = given.get("name")
            asked = tool_call("toolCall", given.get("id") or name, name, given.get("args") or {})
            actions.append(asked)
            if isinstance(asked, Note):
                continue
            if len(self._names) >= CALLS:
                self._names.pop(next(iter(self._names)))
            self._names[asked.call] = asked.name
        return actions


_KNOWN: Final = frozenset(
    {
        "serverContent", "setupComplete", "toolCall", "toolCallCancellation", "sessionResumptionUpdate",
        "goAway", "usageMetadata", "voiceActivity", "voiceActivityDetectionSignal",
    }
)  # fmt: skip


def _turn(text: str, *, complete: bool) -> str:
    turns = [{"role": "user", "parts": [{"text": text}]}]
    return write({"clientContent": {"turns": turns, "turnComplete": complete}})


def _declared(offered: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The API takes a whole JSON Schema under a name of its own."""
    return [
        {"name": tool["name"], "description": tool["description"], "parametersJsonSchema": tool["parameters"]}
        for tool in offered
    ]
