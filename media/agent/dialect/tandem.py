"""Tandem's own agent protocol: bare audio in binary messages, JSON text beside it.

`media/agent/tandem.md` is its page and `media/agent/tandem.schema.json` its schema. A bot that ignores text,
names no subprotocol and only returns binary works.
"""

from typing import Any, Final

import orjson

from media.agent.contract import (
    Action,
    Ask,
    Buffer,
    Clear,
    Context,
    Decide,
    HangUp,
    Inquire,
    Message,
    Note,
    Reply,
    Role,
    Say,
    Transcript,
    Verb,
)
from media.agent.dialect.plain import (
    DIGITS_CHARACTERS,
    MARK_NAME_CHARACTERS,
    PCM,
    TEXT_CHARACTERS,
    Halves,
    Plain,
    digits,
    mark,
    read,
    text_of,
    tool_call,
    tools,
    unknown,
    write,
)

__all__ = ["DIGITS_CHARACTERS", "ENCODINGS", "MARK_NAME_CHARACTERS", "VERSION", "Tandem"]

ENCODINGS: Final = PCM
VERSION: Final = 1
"Of the protocol; it changes when a bot that was right is wrong."

_VALUE: Final = {
    Verb.TRANSFER: "target",
    Verb.PLAY: "prompt",
    Verb.SEEK_PLAY: "milliseconds",
    Verb.SET: "variables",
}
"Where the value of an `Ask` stands."
LONGEST_SEEK: Final = 86_400_000
"[ms]"
_ASKS: Final = {verb.value: verb for verb in Verb}
_REQUEST_CHARACTERS: Final = 128


class Tandem(Plain):
    """One connection.

    Raises:
        KeyError: `context.sample_rate` is not one of `ENCODINGS`.
    """

    bare = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self.hears = self.speaks = ENCODINGS[context.sample_rate]
        self._halves = Halves()

    def open(self) -> list[Message]:
        return [self._start(resumed=False)]

    def resume(self) -> list[Message] | None:
        self._halves = Halves()
        return [self._start(resumed=True)]

    def _start(self, *, resumed: bool) -> str:
        context = self._context
        return _text(
            "start",
            version=VERSION,
            call_id=context.call_id,
            account=context.account_id,
            **{"from": context.parameters.get("from", ""), "to": context.parameters.get("to", "")},
            sample_rate=context.sample_rate,
            parameters=dict(context.parameters),
            allow=list(context.options.allow),
            resumed=resumed,
            **({"tools": offered} if (offered := tools(context.options.tools)) else {}),
        )

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [_text("dtmf", digit=digit, duration_ms=duration_ms)]

    def mark(self, name: str, cleared: bool) -> list[Message]:
        return [_text("mark", name=name, cleared=cleared)]

    def speech_started(self, played_ms: int) -> list[Message]:
        return [_text("speech_started", played_ms=played_ms)]

    def paused(self, played_ms: int) -> list[Message]:
        return [_text("speech_started", played_ms=played_ms, pending=True)]

    def resumed(self, played_ms: int) -> list[Message]:
        return [_text("resumed", played_ms=played_ms)]

    def speech_stopped(self) -> list[Message]:
        return [_text("speech_stopped")]

    def interrupted(self, item: str, item_ms: int, played_ms: int, dropped_ms: int) -> list[Message]:
        return [_text("cleared", by="caller", played_ms=played_ms, dropped_ms=dropped_ms)]

    def cleared(self, played_ms: int, dropped_ms: int) -> list[Message]:
        return [_text("cleared", by="agent", played_ms=played_ms, dropped_ms=dropped_ms)]

    def status(self, queued_ms: int) -> list[Message]:
        return [_text("stats", queued_ms=queued_ms)]

    def tool_result(self, call: str, result: str, failed: bool) -> list[Message]:
        return [_text("tool_result", id=call, result=result, failed=failed)]

    def answered(self, ask: Ask, error: str) -> list[Message]:
        return [_text("answer", request=ask.verb.value, id=ask.request, error=error or None)]

    def tell(self, text: str) -> list[Message]:
        return [_text("text", text=text)]

    def stop(self) -> list[Message]:
        return [_text("stop")]

    def receive_binary(self, data: Buffer) -> list[Action]:
        return [Say(self._halves.whole(data))]

    def receive_text(self, text: Buffer) -> list[Action]:
        message = read(text)
        if isinstance(message, Note):
            return [message]
        match message.get("type"):
            case "clear":
                return [Clear()]
            case "mark":
                return [mark("mark", message.get("name"))]
            case "hangup":
                return [HangUp(str(message.get("reason") or "hangup")[:256])]
            case "dtmf":
                return [digits("dtmf", message.get("digits"))]
            case "transcript":
                return [_transcript(message)]
            case "tool_call":
                call, name = message.get("id"), message.get("name")
                return [tool_call("tool_call", call, name, message.get("arguments", {}))]
            case "stats":
                return [Inquire()]
            case "barge_in":
                accept = message.get("accept")
                if not isinstance(accept, bool):
                    return [Note("barge_in", "accept is not true or false", malformed=True)]
                return [Decide(accept)]
            case str(kind) if kind in _ASKS:
                asked = _ask(_ASKS[kind], message)
                if isinstance(asked, Note):  # who asks wrongly is told, like who may not
                    request = text_of(message.get("id"))[:_REQUEST_CHARACTERS]
                    return [
                        asked,
                        Reply(_text("answer", request=kind, id=request, error=asked.detail), "answer"),
                    ]
                return [asked]
            case _:
                return [unknown(message, "type")]


def _transcript(message: dict[str, Any]) -> Action:
    role, text = message.get("role"), message.get("text")
    if role not in ("caller", "agent") or not isinstance(text, str):
        return Note("transcript", "role is not caller or agent, or text is missing", malformed=True)
    return Transcript(Role(role), text_of(text), message.get("final") is not False)


def _ask(verb: Verb, message: dict[str, Any]) -> Action:
    request = text_of(message.get("id"))[:_REQUEST_CHARACTERS]
    if verb not in _VALUE:
        return Ask(verb, "", request)
    value = message.get(_VALUE[verb])
    if verb is Verb.SEEK_PLAY:
        if type(value) is not int or abs(value) > LONGEST_SEEK:
            return Note("seek_play", "milliseconds is not a whole number of at most a day", malformed=True)
        to = f"{value:+d}" if message.get("relative") is True else str(max(value, 0))
        return Ask(verb, to, request)
    if verb is Verb.SET:
        if not isinstance(value, dict):
            return Note("set", "variables is not an object", malformed=True)
        return Ask(verb, write(value), request)
    if not isinstance(value, str) or not 1 <= len(value) <= 256:
        return Note(verb.value, f"{_VALUE[verb]} is not text of 1–256 characters", malformed=True)
    if verb is Verb.PLAY:
        return Ask(verb, value, request, (("loop", "true"),) if message.get("loop") is True else ())
    return Ask(verb, value, request, _details(message) if verb is Verb.TRANSFER else ())


def _details(message: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What goes with a transfer; an object as context is handed on as JSON."""
    found = []
    for name in ("context", "briefing"):
        value = message.get(name)
        if value:
            text = value if isinstance(value, str) else write(value)
            found.append((name, text[:TEXT_CHARACTERS]))
    if message.get("return") is True:
        found.append(("return", "yes"))
    return tuple(found)


def _text(kind: str, **fields: Any) -> str:
    return orjson.dumps({"type": kind, **fields}).decode()
