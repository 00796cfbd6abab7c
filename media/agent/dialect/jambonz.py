"""jambonz' `listen` and `stream` verbs, bidirectional, as the telephony side that dials the bot.

https://docs.jambonz.org/verbs/verbs/listen. The first text is the call as JSON with `sampleRate` and
`mixType`; after it binary PCM16 little-endian mono both ways (streaming mode), and JSON text beside it. A bot
may send whole pieces by `playAudio` too, at our rate, raw or as WAV.

Declined: stereo and mixed, `json`, `transcription` and `transfer` (they speak to jambonz' own application).
"""

import io
import wave
from typing import Any, Final

from media.agent.contract import Action, Buffer, Clear, Context, HangUp, Mark, Message, Note, Reply, Say
from media.agent.dialect.plain import (
    MARK_NAME_CHARACTERS,
    PCM,
    Halves,
    Plain,
    audio,
    mark,
    read,
    section,
    text_of,
    unknown,
    write,
)

OUTSTANDING: Final = 1_000
"Marks that `clearMarks` can still take back."

_PLAYED: Final = "playAudio\0"  # before the id of a `playAudio`, as a mark of ours


class Jambonz(Plain):
    """One `listen`.

    Raises:
        KeyError: `context.sample_rate` is not 8000, 16000 or 24000.
    """

    subprotocol = "audio.drachtio.org"
    bare = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self.hears = self.speaks = PCM[context.sample_rate]
        self._halves = Halves()
        self._marks: dict[str, None] = {}

    def open(self) -> list[Message]:
        context = self._context
        parameters = dict(context.parameters)
        call = {
            "callSid": context.call_id,
            "callId": context.call_id,
            "accountSid": context.account_id,
            "direction": parameters.pop("direction", "inbound"),
            "from": parameters.pop("from", ""),
            "to": parameters.pop("to", ""),
            "sampleRate": context.sample_rate,
            "mixType": "mono",
        }
        return [write({**parameters, **call})]

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [write({"event": "dtmf", "dtmf": digit, "duration": str(duration_ms)})]

    def mark(self, name: str, cleared: bool) -> list[Message]:
        if name.startswith(_PLAYED):
            return [write({"type": "playDone", "data": {"id": name.removeprefix(_PLAYED)}})]
        if name not in self._marks:
            return []  # taken back by clearMarks
        del self._marks[name]
        return [_mark_event(name, cleared)]

    def receive_binary(self, data: Buffer) -> list[Action]:
        return [Say(self._halves.whole(data))]

    def receive_text(self, text: Buffer) -> list[Action]:
        message = read(text)
        if isinstance(message, Note):
            return [message]
        match message.get("type"):
            case "killAudio":
                return [Clear()]
            case "mark":
                return [self._set(mark("mark", section(message, "data").get("name")))]
            case "clearMarks":
                return self._take_back()
            case "playAudio":
                return self._play(section(message, "data"))
            case "disconnect":
                return [HangUp("disconnect")]
            case _:
                return [unknown(message, "type")]

    def _set(self, action: Mark | Note) -> Action:
        if isinstance(action, Mark):
            if len(self._marks) >= OUTSTANDING:
                return Note("mark", f"{OUTSTANDING} marks are waiting already", malformed=True)
            self._marks[action.name] = None
        return action

    def _take_back(self) -> list[Action]:
        names, self._marks = list(self._marks), {}
        return [Note("clearMarks"), *(_reply(name) for name in names)]

    def _play(self, data: dict[str, Any]) -> list[Action]:
        said = audio("playAudio", data.get("audioContent"))
        if isinstance(said, Note):
            return [said]
        rate: object = data.get("sampleRate", self.speaks.rate)
        samples = bytes(said.audio)
        if data.get("audioContentType") in ("wave", "wav"):
            try:
                with wave.open(io.BytesIO(samples)) as file:
                    mono = file.getnchannels() == 1 and file.getsampwidth() == 2
                    rate, samples = file.getframerate() if mono else 0, file.readframes(file.getnframes())
            except (wave.Error, EOFError, ValueError) as error:
                return [Note("playAudio", f"not a WAV file: {error}", malformed=True)]
        if rate not in (self.speaks.rate, str(self.speaks.rate)):
            wanted = f"send mono PCM16 at {self.speaks.rate} Hz, or set sample_rate of the agent"
            return [Note("playAudio", wanted, malformed=True)]
        actions: list[Action] = [Note("playAudio")]
        if data.get("queuePlay") is not True:
            actions.append(Clear())
        actions.append(Say(samples[: len(samples) & ~1]))
        played = text_of(data.get("id"))[: MARK_NAME_CHARACTERS - len(_PLAYED)]
        return [*actions, Mark(_PLAYED + played)]


def _reply(name: str) -> Action:
    return Reply(_mark_event(name, True), "mark")


def _mark_event(name: str, cleared: bool) -> str:
    return write({"type": "mark", "data": {"name": name, "event": "cleared" if cleared else "playout"}})
