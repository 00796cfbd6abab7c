"""OpenAI Realtime (GA), as its client: one WebSocket, JSON text, audio in base64.

https://platform.openai.com/docs/api-reference/realtime. µ-law passes as it is (`audio: ulaw`, the default);
`audio: pcm` is 24 kHz. The operator's `session` is put into `session.update`; formats are ours. Barge-in: the
vendor's `speech_started` and our own voice detection both stop playout, and `conversation.item.truncate`
tells how much of the item was really sent; `response.cancel` goes with it where the session forbids
automatic interruption.

A key that the caller presses is written into the conversation, since the API has no word for it.
Declined: output as text, MCP approval, images, the SIP side-band.
"""

from collections import deque
from typing import Any, Final

import pybase64

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
    Reply,
    Role,
    Say,
    Transcript,
)
from media.agent.dialect.plain import (
    Halves,
    Plain,
    audio,
    no_text,
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

_FORMATS: Final[dict[Encoding, dict[str, Any]]] = {
    Encoding.ULAW_8000: {"type": "audio/pcmu"},
    Encoding.PCM_24000: {"type": "audio/pcm", "rate": 24000},
}
_CREATE: Final = '{"type":"response.create"}'

_UNTRACED: Final = frozenset(
    {
        "response.output_audio_transcript.delta",
        "response.output_text.delta",
        "response.function_call_arguments.delta",
        "conversation.item.input_audio_transcription.delta",
        "rate_limits.updated",
    }
)
"""Many a second; their ends say the same."""


class OpenAI(Plain):
    """One realtime session."""

    waits = True

    def __init__(self, context: Context) -> None:
        self.hears = self.speaks = (
            Encoding.PCM_24000 if context.options.audio == "pcm" else Encoding.ULAW_8000
        )
        self._greeting = context.options.greeting
        self._session = settings(context.options.session)
        self._tools = tools(context.options.tools)
        detection = section(section(self._session, "audio"), "input").get("turn_detection", {})
        # null, or interrupt_response: false, leaves it to us to end the response.
        self._cancels = detection is None or (
            isinstance(detection, dict) and detection.get("interrupt_response") is False
        )
        self._halves = Halves()
        self._ready = False
        self._active = False  # a response is being made
        self._owed = False  # a response is to be asked for when that one is done
        self._content: tuple[str, int] = ("", 0)  # item and index of the part that speaks
        self._cut: deque[str] = deque(maxlen=16)  # items that were interrupted: their remainder is not heard

    def open(self) -> list[Message]:
        sound = section(self._session, "audio")
        for way, encoding in (("input", self.hears), ("output", self.speaks)):
            sound = {**sound, way: {**section(sound, way), "format": _FORMATS[encoding]}}
        session = {"output_modalities": ["audio"], **self._session, "type": "realtime", "audio": sound}
        if self._tools:
            offered = [{"type": "function", **tool} for tool in self._tools]
            session["tools"] = with_tools(self._session.get("tools"), offered)
        return [write({"type": "session.update", "session": session})]

    def hear(self, frame: Buffer) -> Message:
        return f'{{"type":"input_audio_buffer.append","audio":"{pybase64.b64encode_as_string(frame)}"}}'

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [_said("user", f"[The caller pressed the key {digit}]"), *self._create()]

    def tell(self, text: str) -> list[Message]:
        return [_said("system", text)]

    def interrupted(self, item: str, item_ms: int, played_ms: int, dropped_ms: int) -> list[Message]:
        messages: list[Message] = []
        if self._cancels and self._active:
            messages.append('{"type":"response.cancel"}')
        if item:
            self._cut.append(item)
            index = self._content[1] if self._content[0] == item else 0
            cut = {"item_id": item, "content_index": index, "audio_end_ms": item_ms}
            messages.append(write({"type": "conversation.item.truncate", **cut}))
        return messages

    def tool_result(self, call: str, result: str, failed: bool) -> list[Message]:
        item = {"type": "function_call_output", "call_id": call, "output": result}
        return [write({"type": "conversation.item.create", "item": item}), *self._create()]

    def receive_binary(self, data: Buffer) -> list[Action]:
        return [no_text(data)]

    def receive_text(self, text: Buffer) -> list[Action]:
        message = read(text)
        if isinstance(message, Note):
            return [message]
        match message.get("type"):
            case "response.output_audio.delta":
                return self._say(message)
            case "session.updated":
                return self._started()
            case "input_audio_buffer.speech_started":
                return [Interrupt()]
            case "response.created":
                self._active = True
                return [Note("response.created")]
            case "response.done":
                return self._done(section(message, "response"))
            case "response.output_audio_transcript.done":
                return [Transcript(Role.AGENT, text_of(message.get("transcript")))]
            case "conversation.item.input_audio_transcription.completed":
                return [Transcript(Role.CALLER, text_of(message.get("transcript")))]
            case "response.function_call_arguments.done":
                call, name, arguments = (message.get(key) for key in ("call_id", "name", "arguments"))
                return [tool_call("response.function_call_arguments.done", call, name, arguments)]
            case "error":
                return [self._error(section(message, "error"))]
            case str(kind) if kind in _UNTRACED:
                return []
            case str(kind) if kind.split(".", 1)[0] in _FAMILIES:
                return [Note(kind[:64])]
            case _:
                return [unknown(message, "type")]

    def _say(self, message: dict[str, Any]) -> list[Action]:
        item = text_of(message.get("item_id"))
        if item in self._cut:
            return []
        said = audio("response.output_audio.delta", message.get("delta"), item)
        if isinstance(said, Note):
            return [said]
        index = message.get("content_index")
        self._content = (item, index if type(index) is int else 0)
        return [Say(self._halves.whole(said.audio), item) if self.speaks.sample_bytes == 2 else said]

    def _started(self) -> list[Action]:
        if self._ready:
            return [Note("session.updated")]
        self._ready = True
        actions: list[Action] = [Ready()]
        if self._greeting:
            self._active = True
            begin = {"type": "response.create", "response": {"instructions": self._greeting}}
            actions.append(Reply(write(begin), "response.create"))
        return actions

    def _done(self, response: dict[str, Any]) -> list[Action]:
        self._active = False
        why = ""
        if response.get("status") == "failed":
            why = text_of(section(section(response, "status_details"), "error").get("message")) or "failed"
        actions: list[Action] = [Note("response.done", why)]
        if self._owed:
            self._owed, self._active = False, True
            actions.append(Reply(_CREATE, "response.create"))
        return actions

    def _create(self) -> list[Message]:
        """Ask for a response, now or after the one that is being made: two at once are an error."""
        if self._active:
            self._owed = True
            return []
        self._active = True
        return [_CREATE]

    def _error(self, error: dict[str, Any]) -> Action:
        what = text_of(error.get("message")) or "no message"
        if self._ready:
            return Note("error", what)
        return Fail(
            f"{text_of(error.get('type')) or 'error'}: {what}: correct `session` or `model` of the agent"
        )


_FAMILIES: Final = frozenset(
    {"session", "conversation", "input_audio_buffer", "output_audio_buffer", "response", "mcp_list_tools"}
)
"""What comes before the first dot in the API's event names."""


def _said(role: str, text: str) -> str:
    content = [{"type": "input_text", "text": text}]
    item = {"type": "message", "role": role, "content": content}
    return write({"type": "conversation.item.create", "item": item})
