"""Tandem's own agent protocol: bare audio in binary messages, JSON text beside it.

A binary message is PCM16 little-endian mono at `sample_rate`, any length, both ways. A text message is a
JSON object with a `type`:

- to the bot: `start {call_id, account, from, to, sample_rate, parameters}`, `dtmf {digit, duration_ms}`,
  `mark {name, cleared}`, `cleared {by: agent|caller, played_ms, dropped_ms}`, `speech_started {played_ms}`,
  `speech_stopped`, `stop`;
- from the bot: `clear`, `mark {name}`, `hangup {reason?}`, `dtmf {digits}`.

A bot that ignores text, names no subprotocol and only returns binary works.
"""

from typing import Any, Final

import orjson

from media.agent.contract import (
    Action,
    Buffer,
    Clear,
    Context,
    Digits,
    Encoding,
    HangUp,
    Mark,
    Message,
    Note,
    Say,
)

ENCODINGS: Final = {8000: Encoding.PCM_8000, 16000: Encoding.PCM_16000, 24000: Encoding.PCM_24000}
MARK_NAME_CHARACTERS: Final = 1_024
"A longer name is refused: it would be held until the mark is played."
DIGITS_CHARACTERS: Final = 64
"Of one `dtmf` message."


class Tandem:
    """One connection.

    Raises:
        KeyError: `context.sample_rate` is not one of `ENCODINGS`.
    """

    subprotocol = None
    bare = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self.hears = self.speaks = ENCODINGS[context.sample_rate]
        self._half = b""  # the first byte of a sample whose second byte opens the next message

    def open(self) -> list[Message]:
        context = self._context
        return [
            _text(
                "start",
                call_id=context.call_id,
                account=context.account_id,
                **{"from": context.parameters.get("from", ""), "to": context.parameters.get("to", "")},
                sample_rate=context.sample_rate,
                parameters=dict(context.parameters),
            )
        ]

    def hear(self, frame: Buffer) -> Message:
        return bytes(frame)

    def skip(self) -> None:
        pass

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [_text("dtmf", digit=digit, duration_ms=duration_ms)]

    def mark(self, name: str, cleared: bool) -> list[Message]:
        return [_text("mark", name=name, cleared=cleared)]

    def speech_started(self, played_ms: int) -> list[Message]:
        return [_text("speech_started", played_ms=played_ms)]

    def speech_stopped(self) -> list[Message]:
        return [_text("speech_stopped")]

    def interrupted(self, item: str, item_ms: int, played_ms: int, dropped_ms: int) -> list[Message]:
        return [_text("cleared", by="caller", played_ms=played_ms, dropped_ms=dropped_ms)]

    def cleared(self, played_ms: int, dropped_ms: int) -> list[Message]:
        return [_text("cleared", by="agent", played_ms=played_ms, dropped_ms=dropped_ms)]

    def stop(self) -> list[Message]:
        return [_text("stop")]

    def receive_binary(self, data: Buffer) -> list[Action]:
        if self._half:
            data = self._half + bytes(data)
            self._half = b""
        if len(data) & 1:
            self._half = bytes(data[-1:])
            data = data[:-1]
        return [Say(data)]

    def receive_text(self, text: Buffer) -> list[Action]:
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            return [Note("malformed", f"not JSON: {error}", malformed=True)]
        if not isinstance(message, dict):
            return [Note("malformed", "not a JSON object", malformed=True)]
        match message.get("type"):
            case "clear":
                return [Clear()]
            case "mark":
                return [_mark(message.get("name"))]
            case "hangup":
                return [HangUp(str(message.get("reason") or "hangup")[:256])]
            case "dtmf":
                return [_digits(message.get("digits"))]
            case str(kind):
                return [Note(kind[:64], "unknown type, ignored")]
            case _:
                return [Note("malformed", "type is not a string", malformed=True)]


def _mark(name: object) -> Action:
    if not isinstance(name, str) or len(name) > MARK_NAME_CHARACTERS:
        return Note("mark", f"name is not a string of ≤ {MARK_NAME_CHARACTERS} characters", malformed=True)
    return Mark(name)


def _digits(digits: object) -> Action:
    if (
        not isinstance(digits, str)
        or not 1 <= len(digits) <= DIGITS_CHARACTERS
        or not set(digits) <= set("0123456789*#ABCD")
    ):
        return Note("dtmf", f"digits are not 1–{DIGITS_CHARACTERS} of 0–9 * # A–D", malformed=True)
    return Digits(digits)


def _text(kind: str, **fields: Any) -> str:
    return orjson.dumps({"type": kind, **fields}).decode()
