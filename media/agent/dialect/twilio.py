"""Twilio Media Streams, bidirectional, as the telephony side that dials the bot; and its two look-alikes.

https://www.twilio.com/docs/voice/media-streams/websocket-messages. Every message is JSON text; audio
is base64 µ-law at 8 kHz, 20 ms a message from us, any length from the bot. `sequenceNumber`, `chunk`
and `timestamp` are decimal strings, as Twilio sends them. A mark comes back when it was played *or*
dropped by a clear, without telling which.

`variant: telnyx` writes `stream_id` and `sequence_number`, and describes the call as Telnyx does;
`variant: signalwire` may carry PCM16 (`audio: pcm`, 16 or 24 kHz), says how long a key was held and takes
keys from the bot. From the bot either spelling is understood: nothing is read but `event` and its body.

Declined: `outbound` tracks, MP3 files for Telnyx, and a
bot's `streamSid` is not compared with ours: there is one stream per socket.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final

import orjson
import pybase64

from media.agent.contract import Action, Buffer, Clear, Context, Encoding, Message, Note
from media.agent.dialect.plain import (
    MARK_NAME_CHARACTERS,
    PCM,
    Plain,
    audio,
    digits,
    mark,
    no_text,
    read,
    section,
    unknown,
)

__all__ = ["MARK_NAME_CHARACTERS", "Signalwire", "Telnyx", "Twilio"]

_MULAW: Final = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


class Twilio(Plain):
    """One Media Stream.

    Args:
        token: returns that many random bytes in hex; names the stream.
    """

    STREAM = "streamSid"
    SEQUENCE = "sequenceNumber"
    CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}'

    def __init__(self, context: Context, token: Callable[[int], str]) -> None:
        self._context = context
        self._stream_sid = self._name_stream(token)
        # The same call gets the same sids on every attach, so that a bot can join its logs.
        self._call_sid = "CA" + _hex32(context.call_id)
        self._account_sid = "AC" + _hex32(context.account_id)
        self._sequence = 0
        self._chunk = 0
        # Around sequence, chunk and payload nothing changes in a media message.
        self._media_head = f'{{"event":"media","{self.SEQUENCE}":"'
        self._media_tail = f'"}},"{self.STREAM}":"{self._stream_sid}"}}'

    def _name_stream(self, token: Callable[[int], str]) -> str:
        return "MZ" + token(16)

    def _start(self) -> dict[str, Any]:
        return {
            "accountSid": self._account_sid,
            "streamSid": self._stream_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": self._format(),
            "customParameters": dict(self._context.parameters),
        }

    def _format(self) -> dict[str, Any]:
        return _MULAW

    def _stop(self) -> dict[str, Any]:
        return {"accountSid": self._account_sid, "callSid": self._call_sid}

    def open(self) -> list[Message]:
        return [self.CONNECTED, self._message("start", self._start())]

    def hear(self, frame: Buffer) -> Message:
        self._sequence += 1
        chunk = self._chunk = self._chunk + 1
        return (
            f'{self._media_head}{self._sequence}","media":{{"track":"inbound",'
            f'"chunk":"{chunk}","timestamp":"{chunk * 20 - 20}","payload":"'
            f"{pybase64.b64encode_as_string(frame)}{self._media_tail}"
        )

    def skip(self) -> None:
        self._chunk += 1

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [self._message("dtmf", {"track": "inbound_track", "digit": digit})]

    def mark(self, name: str, cleared: bool) -> list[Message]:
        return [self._message("mark", {"name": name})]

    def stop(self) -> list[Message]:
        return [self._message("stop", self._stop())]

    def receive_text(self, text: Buffer) -> list[Action]:
        message = read(text)
        if isinstance(message, Note):
            return [message]
        match message.get("event"):
            case "media":
                return [self._say(section(message, "media").get("payload"))]
            case "mark":
                return [mark("mark", section(message, "mark").get("name"))]
            case "clear":
                return [Clear()]
            case _:
                return [unknown(message, "event")]

    def receive_binary(self, data: Buffer) -> list[Action]:
        return [no_text(data)]

    def _say(self, payload: object) -> Action:
        return audio("media", payload)

    def _message(self, event: str, body: dict[str, Any]) -> str:
        self._sequence += 1
        message = {
            "event": event,
            self.SEQUENCE: str(self._sequence),
            event: body,
            self.STREAM: self._stream_sid,
        }
        return orjson.dumps(message).decode()


class Telnyx(Twilio):
    """https://developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket."""

    STREAM = "stream_id"
    SEQUENCE = "sequence_number"
    CONNECTED = '{"event":"connected","version":"1.0.0"}'

    def _name_stream(self, token: Callable[[int], str]) -> str:
        raw = token(16)
        return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:])).upper()

    def _start(self) -> dict[str, Any]:
        parameters = dict(self._context.parameters)
        return {
            "user_id": self._account_sid,
            "call_control_id": self._call_sid,
            "call_session_id": self._context.call_id,
            "from": parameters.get("from", ""),
            "to": parameters.get("to", ""),
            "tags": [],
            "client_state": "",
            "custom_parameters": parameters,
            "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
        }

    def _stop(self) -> dict[str, Any]:
        return {"user_id": self._account_sid, "call_control_id": self._call_sid}

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [self._message("dtmf", {"digit": digit})]


class Signalwire(Twilio):
    """https://developer.signalwire.com/compatibility-api/cxml/voice/stream."""

    CONNECTED = '{"event":"connected","protocol":"Call","version":"0.2.0"}'

    def __init__(self, context: Context, token: Callable[[int], str]) -> None:
        super().__init__(context, token)
        if context.options.audio == "pcm":
            self.hears = self.speaks = PCM[context.sample_rate]

    def _format(self) -> dict[str, Any]:
        if self.speaks is Encoding.ULAW_8000:
            return _MULAW
        return {"encoding": "audio/l16", "sampleRate": self.speaks.rate, "channels": 1}

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [
            self._message("dtmf", {"track": "inbound_track", "digit": digit, "duration": str(duration_ms)})
        ]

    def receive_text(self, text: Buffer) -> list[Action]:
        message = read(text)
        if isinstance(message, dict) and message.get("event") == "dtmf":
            return [digits("dtmf", section(message, "dtmf").get("digit"))]
        return super().receive_text(text)

    def _say(self, payload: object) -> Action:
        said = audio("media", payload)
        if not isinstance(said, Note) and len(said.audio) % self.speaks.sample_bytes:
            return Note("media", "half a sample: L16 has two bytes a sample", malformed=True)
        return said


def _hex32(identifier: str) -> str:
    return hashlib.blake2b(identifier.encode(errors="surrogatepass"), digest_size=16).hexdigest()
