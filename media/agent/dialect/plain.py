"""What all dialects share: silence where a protocol has no word, and how messages are read and written."""

from typing import Any, Final

import orjson
import pybase64

from media.agent.contract import Action, Ask, Buffer, Digits, Encoding, Mark, Message, Note, Say, ToolCall
from media.agent.nesting import parse

MARK_NAME_CHARACTERS: Final = 1_024
"A longer name is refused: it would be held until the mark is played."
DIGITS_CHARACTERS: Final = 64
"Of one message."
TOOL_CHARACTERS: Final = 256
"Of a tool's name, and of the agent's name for one call of it: both are kept in the trace."
TEXT_CHARACTERS: Final = 4_096
"Of a transcript or a reason; the rest is cut."

PCM: Final = {8000: Encoding.PCM_8000, 16000: Encoding.PCM_16000, 24000: Encoding.PCM_24000}


class Plain:
    """Base of the dialects: audio both ways, no words."""

    subprotocol: str | None = None
    hears: Encoding = Encoding.ULAW_8000
    speaks: Encoding = Encoding.ULAW_8000
    bare: bool = False
    waits: bool = False
    texts: bool = False
    language: str = ""

    def open(self) -> list[Message]:
        return []

    def resume(self) -> list[Message] | None:
        return None

    def hear(self, frame: Buffer) -> Message:
        return bytes(frame)

    def skip(self) -> None:
        pass

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return []

    def mark(self, name: str, cleared: bool) -> list[Message]:
        return []

    def speech_started(self, played_ms: int) -> list[Message]:
        return []

    def paused(self, played_ms: int) -> list[Message]:
        return self.speech_started(played_ms)

    def resumed(self, played_ms: int) -> list[Message]:
        return []

    def speech_stopped(self) -> list[Message]:
        return []

    def interrupted(self, item: str, item_ms: int, played_ms: int, dropped_ms: int) -> list[Message]:
        return []

    def cleared(self, played_ms: int, dropped_ms: int) -> list[Message]:
        return []

    def status(self, queued_ms: int) -> list[Message]:
        return []

    def tool_result(self, call: str, result: str, failed: bool) -> list[Message]:
        return []

    def answered(self, ask: Ask, error: str) -> list[Message]:
        return []

    def greet(self) -> list[Action]:
        return []

    def prompt(self, text: str) -> list[Message]:
        return []

    def spoken(self, item: str, milliseconds: int) -> None:
        pass

    def fault(self, text: str) -> list[Message]:
        return []

    def tell(self, text: str) -> list[Message]:
        return []

    def stop(self) -> list[Message]:
        return []


class Halves:
    """Whole samples out of messages of any length: half a sample waits for its other half."""

    def __init__(self) -> None:
        self._half = b""

    def whole(self, data: Buffer) -> Buffer:
        if self._half:
            data = self._half + bytes(data)
            self._half = b""
        if len(data) & 1:
            self._half = bytes(data[-1:])
            data = data[:-1]
        return data


def read(text: Buffer) -> dict[str, Any] | Note:
    """A JSON object, or why it is none."""
    try:
        message = parse(text)
    except ValueError as error:
        return Note("malformed", f"not JSON: {error}", malformed=True)
    if not isinstance(message, dict):
        return Note("malformed", "not a JSON object", malformed=True)
    return message


def write(message: object) -> str:
    return orjson.dumps(message).decode()


def settings(text: str) -> dict[str, Any]:
    """The operator's own settings of a vendor's session; the configuration has checked them."""
    loaded = orjson.loads(text)
    assert isinstance(loaded, dict), "config refuses anything else"
    return loaded


def tools(text: str) -> list[dict[str, Any]]:
    """`AgentOptions.tools`."""
    loaded = orjson.loads(text)
    assert isinstance(loaded, list), "the directory writes a list"
    return loaded


def with_tools(given: object, offered: list[dict[str, Any]]) -> list[Any]:
    """The operator's own list of tools, and ours behind it."""
    return [*(given if isinstance(given, list) else ()), *offered]


def text_of(value: object) -> str:
    return value[:TEXT_CHARACTERS] if isinstance(value, str) else ""


def section(message: dict[str, Any], key: str) -> dict[str, Any]:
    """The object below `key`; empty where there is none."""
    value = message.get(key)
    return value if isinstance(value, dict) else {}


def audio(kind: str, payload: object, item: str = "") -> Say | Note:
    """Audio in base64."""
    if not isinstance(payload, str):
        return Note(kind, "there is no audio in it", malformed=True)
    try:
        return Say(pybase64.b64decode(payload), item)
    except ValueError as error:
        return Note(kind, f"the audio is not base64: {error}", malformed=True)


def mark(kind: str, name: object) -> Mark | Note:
    if not isinstance(name, str) or len(name) > MARK_NAME_CHARACTERS:
        return Note(kind, f"name is not a string of ≤ {MARK_NAME_CHARACTERS} characters", malformed=True)
    return Mark(name)


def digits(kind: str, value: object) -> Digits | Note:
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= DIGITS_CHARACTERS
        or not set(value) <= set("0123456789*#ABCD")
    ):
        return Note(kind, f"digits are not 1–{DIGITS_CHARACTERS} of 0–9 * # A–D", malformed=True)
    return Digits(value)


def tool_call(kind: str, call: object, name: object, arguments: object) -> ToolCall | Note:
    """Arguments are an object, or JSON of one that nobody has read yet."""
    if (
        isinstance(call, str)
        and isinstance(name, str)
        and isinstance(arguments, dict | str)
        and max(len(call), len(name)) <= TOOL_CHARACTERS
    ):
        return ToolCall(call, name, arguments if isinstance(arguments, str) else write(arguments))
    why = f"id and name are not text of ≤ {TOOL_CHARACTERS} characters, or arguments no object"
    return Note(kind, why, malformed=True)


def no_text(data: Buffer) -> Note:
    """A binary message in a dialect that has none."""
    return Note("malformed", f"binary message of {len(data)} bytes; this dialect is text", malformed=True)


def unknown(message: dict[str, Any], key: str) -> Note:
    """A message with a `key` that this dialect does not know."""
    value = message.get(key)
    if isinstance(value, str):
        return Note(value[:64], f"unknown {key}, ignored")
    return Note("malformed", f"{key} is not a string", malformed=True)
