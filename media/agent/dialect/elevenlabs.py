"""ElevenLabs Agents, as their client: one WebSocket, JSON text, audio in base64.

https://elevenlabs.io/docs/conversational-ai/libraries/web-sockets. Both formats are set on the agent and told
in `conversation_initiation_metadata`; we follow. The operator's `session` is put into
`conversation_initiation_client_data`. Audio up to the `event_id` of an `interruption` is dropped.

Declined: formats other than ulaw_8000 and pcm at 8, 16 or 24 kHz, multimodal messages, feedback.
"""

from typing import Any, Final

import pybase64

from media.agent.contract import (
    Action,
    Buffer,
    Context,
    Encoding,
    Fail,
    Formats,
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
    unknown,
    write,
)

FORMATS: Final = {
    "ulaw_8000": Encoding.ULAW_8000,
    "pcm_8000": Encoding.PCM_8000,
    "pcm_16000": Encoding.PCM_16000,
    "pcm_24000": Encoding.PCM_24000,
}
ID_DIGITS: Final = 18
"Of an `event_id` that is written as text."
_UNTRACED: Final = frozenset(
    {"vad_score", "internal_tentative_agent_response", "agent_chat_response_part", "internal_vad_score"}
)
"""Many a second."""
_KNOWN: Final = frozenset(
    {"agent_tool_response", "agent_tool_request", "asr_initiation_metadata", "turn_probability"}
)


class ElevenLabs(Plain):
    """One conversation."""

    hears = speaks = Encoding.PCM_16000
    waits = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self._halves = Halves()
        self._interrupted = 0

    def open(self) -> list[Message]:
        options = self._context.options
        data = settings(options.session)
        variables = {f"call_{key}": value for key, value in self._context.parameters.items()}
        variables["call_id"] = self._context.call_id
        data["type"] = "conversation_initiation_client_data"
        data["dynamic_variables"] = {**variables, **section(data, "dynamic_variables")}
        if options.greeting:
            override = section(data, "conversation_config_override")
            agent = {"first_message": options.greeting, **section(override, "agent")}
            data["conversation_config_override"] = {**override, "agent": agent}
        return [write(data)]

    def hear(self, frame: Buffer) -> Message:
        return f'{{"user_audio_chunk":"{pybase64.b64encode_as_string(frame)}"}}'

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [write({"type": "user_message", "text": f"[The caller pressed the key {digit}]"})]

    def tell(self, text: str) -> list[Message]:
        return [write({"type": "contextual_update", "text": text})]

    def tool_result(self, call: str, result: str, failed: bool) -> list[Message]:
        told = {"tool_call_id": call, "result": result, "is_error": failed}
        return [write({"type": "client_tool_result", **told})]

    def receive_binary(self, data: Buffer) -> list[Action]:
        return [no_text(data)]

    def receive_text(self, text: Buffer) -> list[Action]:
        message = read(text)
        if isinstance(message, Note):
            return [message]
        match message.get("type"):
            case "audio":
                return self._say(section(message, "audio_event"))
            case "ping":
                event = section(message, "ping_event").get("event_id")
                if type(event) is not int:
                    return [Note("ping", "event_id is no whole number", malformed=True)]
                return [Reply(write({"type": "pong", "event_id": event}), "pong")]
            case "interruption":
                self._interrupted = _number(section(message, "interruption_event").get("event_id"))
                return [Interrupt()]
            case "user_transcript":
                said = section(message, "user_transcription_event").get("user_transcript")
                return [Transcript(Role.CALLER, text_of(said).strip())]
            case "agent_response":
                said = section(message, "agent_response_event").get("agent_response")
                return [Transcript(Role.AGENT, text_of(said).strip())]
            case "agent_response_correction":
                said = section(message, "agent_response_correction_event").get("corrected_agent_response")
                return [Transcript(Role.AGENT, text_of(said).strip())]
            case "client_tool_call":
                call = section(message, "client_tool_call")
                number, name = call.get("tool_call_id"), call.get("tool_name")
                return [tool_call("client_tool_call", number, name, call.get("parameters", {}))]
            case "conversation_initiation_metadata":
                return self._begin(section(message, "conversation_initiation_metadata_event"))
            case str(kind) if kind in _UNTRACED:
                return []
            case str(kind) if kind in _KNOWN:
                return [Note(kind)]
            case _:
                return [unknown(message, "type")]

    def _begin(self, metadata: dict[str, Any]) -> list[Action]:
        hears = text_of(metadata.get("user_input_audio_format") or "pcm_16000")
        speaks = text_of(metadata.get("agent_output_audio_format") or "pcm_16000")
        if hears not in FORMATS or speaks not in FORMATS:
            known = ", ".join(FORMATS)
            return [Fail(f"the agent's audio is {hears} in and {speaks} out: set it to one of {known}")]
        self.hears, self.speaks = FORMATS[hears], FORMATS[speaks]
        return [Formats(), Ready()]

    def _say(self, event: dict[str, Any]) -> list[Action]:
        if 0 < _number(event.get("event_id")) <= self._interrupted:
            return []
        said = audio("audio", event.get("audio_base_64"))
        if isinstance(said, Note) or self.speaks.sample_bytes == 1:
            return [said]
        return [Say(self._halves.whole(said.audio))]


def _number(value: object) -> int:
    """An id of an event, 0 if it is none; as digits it has come too."""
    if isinstance(value, str) and len(value) <= ID_DIGITS and value.isdecimal():
        return int(value)
    return value if type(value) is int else 0
