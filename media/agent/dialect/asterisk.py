"""Asterisk's chan_websocket, as the telephony side that dials the bot.

https://docs.asterisk.org/Configuration/Channel-Drivers/WebSocket/. Binary messages are bare audio (`audio:
ulaw`, or `pcm`: slin, slin16, slin24); text is control, in words (`variant: plain`, as Asterisk itself by
default) or as JSON objects (`variant: json`). From the bot both are understood.

More generous than Asterisk: messages of any length keep their remainder, and more than 65,500 bytes may come.
Declined: MEDIA_XOFF and MEDIA_XON (the queue is bounded by age, `limits.media.agent_queue`), PAUSE_MEDIA,
CONTINUE_MEDIA and SET_MEDIA_DIRECTION, which change nothing here and are noted in the trace.
"""

import re
from typing import Any, Final

from media.agent.contract import Action, Buffer, Clear, Context, HangUp, Inquire, Mark, Message, Note, Say
from media.agent.dialect.plain import (
    MARK_NAME_CHARACTERS,
    PCM,
    Halves,
    Plain,
    read,
    text_of,
    unknown,
    write,
)

_FORMATS: Final = {8000: "slin", 16000: "slin16", 24000: "slin24"}
_WORD: Final = re.compile(r"([A-Z_]{1,40})(?: +(.{0,1024}))?")

# Marks of ours, before the bot's correlation id.
_BUFFERED: Final = "b\0"
_MARKED: Final = "m\0"
_DRAINED: Final = "q\0"

XON, XOFF = 800, 900
"Frames, as Asterisk reports them in STATUS."


class Asterisk(Plain):
    """One channel.

    Raises:
        KeyError: `context.sample_rate` is not 8000, 16000 or 24000.
    """

    subprotocol = "media"
    bare = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self._json = context.options.variant == "json"
        self._format = "ulaw"
        if context.options.audio == "pcm":
            self.hears = self.speaks = PCM[context.sample_rate]
            self._format = _FORMATS[context.sample_rate]
        self._halves = Halves()
        self._buffering = False

    def open(self) -> list[Message]:
        context = self._context
        name = re.sub(r"[^\w.-]", "_", context.call_id)
        start: dict[str, Any] = {
            "connection_id": name,
            "channel": f"WebSocket/tandem/{name}",
            "channel_id": name,
            "format": self._format,
            "optimal_frame_size": self.hears.frame_bytes,
            "ptime": 20,
        }
        if self._json:
            start["channel_variables"] = dict(context.parameters)
        return [self._event("MEDIA_START", **start)]

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [self._event("DTMF_END", digit=digit)]

    def mark(self, name: str, cleared: bool) -> list[Message]:
        what, correlation = name[:2], name[2:]
        match what:
            case "b\0":
                self._buffering = False
                # A flush is not told of: the documentation promises no such notification.
                return [] if cleared else [self._correlated("MEDIA_BUFFERING_COMPLETED", correlation)]
            case "m\0":
                return [self._correlated("MEDIA_MARK_PROCESSED", correlation)]
            case _:
                return [self._event("QUEUE_DRAINED")]

    def status(self, queued_ms: int) -> list[Message]:
        frames = queued_ms // 20
        return [
            self._event(
                "STATUS",
                queue_length=frames,
                xon_level=XON,
                xoff_level=XOFF,
                queue_full=False,
                bulk_media=self._buffering,
                media_paused=False,
            )
        ]

    def receive_binary(self, data: Buffer) -> list[Action]:
        return [Say(data if self.speaks.sample_bytes == 1 else self._halves.whole(data))]

    def receive_text(self, text: Buffer) -> list[Action]:
        if bytes(text[:1]) == b"{":
            message = read(text)
            if isinstance(message, Note):
                return [message]
            command, correlation = message.get("command"), text_of(message.get("correlation_id"))
        else:
            words = _WORD.fullmatch(bytes(text[:2_048]).decode(errors="replace").strip())
            if words is None:
                return [Note("malformed", "neither a command nor a JSON object", malformed=True)]
            message = {"command": words[1]}
            command, correlation = words[1], (words[2] or "").removeprefix("correlation_id:")
        correlation = correlation[: MARK_NAME_CHARACTERS - 2]
        match command:
            case "ANSWER":
                return [Note("ANSWER")]
            case "HANGUP":
                return [HangUp("HANGUP")]
            case "FLUSH_MEDIA":
                self._buffering = False
                return [Clear()]
            case "START_MEDIA_BUFFERING":
                self._buffering = True
                return [Note("START_MEDIA_BUFFERING")]
            case "STOP_MEDIA_BUFFERING":
                return [Mark(_BUFFERED + correlation)]
            case "MARK_MEDIA":
                return [Mark(_MARKED + correlation)]
            case "REPORT_QUEUE_DRAINED":
                return [Mark(_DRAINED)]
            case "GET_STATUS":
                return [Inquire()]
            case "PAUSE_MEDIA" | "CONTINUE_MEDIA" | "SET_MEDIA_DIRECTION":
                return [Note(command, "not served here, ignored")]
            case _:
                return [unknown(message, "command")]

    def _correlated(self, event: str, correlation: str) -> str:
        return self._event(event, **({"correlation_id": correlation} if correlation else {}))

    def _event(self, event: str, **fields: Any) -> str:
        if self._json:
            return write({"event": event, **fields})
        if "correlation_id" in fields:
            return f"{event} {fields['correlation_id']}"
        words = (
            f"{key}:{str(value).lower() if value is True or value is False else value}"
            for key, value in fields.items()
        )
        return " ".join((event, *words))
