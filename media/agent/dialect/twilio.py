"""Twilio Media Streams, bidirectional, as the telephony side that dials the bot.

https://www.twilio.com/docs/voice/media-streams/websocket-messages. Every message is JSON text; audio
is base64 µ-law at 8 kHz, 20 ms a message from us, any length from the bot. `sequenceNumber`, `chunk`
and `timestamp` are decimal strings, as Twilio sends them. A mark comes back when it was played *or*
dropped by a clear, without telling which.

Declined: `X-Twilio-Signature` (there is no shared token), `outbound` tracks, and a bot's `streamSid`
is not compared with ours: there is one stream per socket.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final

import orjson
import pybase64

from media.agent.contract import Action, Buffer, Clear, Context, Encoding, Mark, Message, Note, Say

MARK_NAME_CHARACTERS: Final = 1_024
"A longer name is refused: it would be held until the mark is played."


class Twilio:
    """One Media Stream.

    Args:
        token: returns that many random bytes in hex; names the stream.
    """

    subprotocol = None
    hears = Encoding.ULAW_8000
    speaks = Encoding.ULAW_8000
    bare = False

    def __init__(self, context: Context, token: Callable[[int], str]) -> None:
        self._context = context
        self._stream_sid = "MZ" + token(16)
        # The same call gets the same sids on every attach, so that a bot can join its logs.
        self._call_sid = "CA" + _hex32(context.call_id)
        self._account_sid = "AC" + _hex32(context.account_id)
        self._sequence = 0
        self._chunk = 0
        # Between `chunk` and `payload` lies all that changes in a media message.
        self._media_tail = f'"}},"streamSid":"{self._stream_sid}"}}'

    def open(self) -> list[Message]:
        start = {
            "accountSid": self._account_sid,
            "streamSid": self._stream_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(self._context.parameters),
        }
        return [
            '{"event":"connected","protocol":"Call","version":"1.0.0"}',
            self._message("start", start),
        ]

    def hear(self, frame: Buffer) -> Message:
        self._sequence += 1
        chunk = self._chunk = self._chunk + 1
        return (
            f'{{"event":"media","sequenceNumber":"{self._sequence}","media":{{"track":"inbound",'
            f'"chunk":"{chunk}","timestamp":"{chunk * 20 - 20}","payload":"'
            f"{pybase64.b64encode_as_string(frame)}{self._media_tail}"
        )

    def skip(self) -> None:
        self._chunk += 1

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [self._message("dtmf", {"track": "inbound_track", "digit": digit})]

    def mark(self, name: str, cleared: bool) -> list[Message]:
        return [self._message("mark", {"name": name})]

    def speech_started(self, played_ms: int) -> list[Message]:
        return []

    def speech_stopped(self) -> list[Message]:
        return []

    def interrupted(self, item: str, item_ms: int, played_ms: int, dropped_ms: int) -> list[Message]:
        return []

    def cleared(self, played_ms: int, dropped_ms: int) -> list[Message]:
        return []

    def stop(self) -> list[Message]:
        return [self._message("stop", {"accountSid": self._account_sid, "callSid": self._call_sid})]

    def receive_text(self, text: Buffer) -> list[Action]:
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            return [Note("malformed", f"not JSON: {error}", malformed=True)]
        if not isinstance(message, dict):
            return [Note("malformed", "not a JSON object", malformed=True)]
        match message.get("event"):
            case "media":
                return [_say(message)]
            case "mark":
                return [_mark(message)]
            case "clear":
                return [Clear()]
            case str(event):
                return [Note(event[:64], "unknown event, ignored")]
            case _:
                return [Note("malformed", "event is not a string", malformed=True)]

    def receive_binary(self, data: Buffer) -> list[Action]:
        return [
            Note("malformed", f"binary message of {len(data)} bytes; this dialect is text", malformed=True)
        ]

    def _message(self, event: str, body: dict[str, Any]) -> str:
        self._sequence += 1
        message = {
            "event": event,
            "sequenceNumber": str(self._sequence),
            event: body,
            "streamSid": self._stream_sid,
        }
        return orjson.dumps(message).decode()


def _say(message: dict[str, Any]) -> Action:
    media = message.get("media")
    payload = media.get("payload") if isinstance(media, dict) else None
    if not isinstance(payload, str):
        return Note("media", "media.payload is missing", malformed=True)
    try:
        return Say(pybase64.b64decode(payload))
    except ValueError as error:
        return Note("media", f"media.payload is not base64: {error}", malformed=True)


def _mark(message: dict[str, Any]) -> Action:
    mark = message.get("mark")
    name = mark.get("name") if isinstance(mark, dict) else None
    if not isinstance(name, str) or len(name) > MARK_NAME_CHARACTERS:
        return Note(
            "mark", f"mark.name is not a string of ≤ {MARK_NAME_CHARACTERS} characters", malformed=True
        )
    return Mark(name)


def _hex32(identifier: str) -> str:
    return hashlib.blake2b(identifier.encode(errors="surrogatepass"), digest_size=16).hexdigest()
