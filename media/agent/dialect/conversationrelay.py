"""Twilio's ConversationRelay, and Telnyx' look-alike: the bot knows text alone, and we do speech in and out.

https://www.twilio.com/docs/voice/conversationrelay/websocket-messages. Tokens are gathered until a sentence
is whole, which is then spoken; the caller's words are sent as a `prompt` when the caller has ended, so
`last` is always true. The tokens up to one that is `last`, or up to the next prompt, are one talk cycle.
`interrupt` tells what was really heard of the cycle that it cut: whole sentences, and of the one that
was cut as many words as its share of samples in RTP. A `preemptible` cycle gives way to the next one.

Declined: `play` of a URL (a prompt's name is taken), partial prompts, `interruptible` and `lang` of one text.
"""

import hashlib
import re
from collections import deque
from typing import Any, Final

from media.agent.contract import (
    Action,
    Ask,
    Buffer,
    Clear,
    Context,
    Encoding,
    Finish,
    Message,
    Note,
    Role,
    Speak,
    Transcript,
    Verb,
)
from media.agent.dialect.plain import Plain, digits, no_text, read, text_of, unknown, write

SENTENCE: Final = re.compile(r"(?<=[.!?;:…])\s+|(?<=[。！？])\s*")
"Between sentences."
GATHERED: Final = 400
"Characters after which a text without an end is spoken nevertheless, up to its last whole word."
TOKEN_CHARACTERS: Final = 16_384
"Of one message, a quarter of an hour of speech; the rest is cut."
_REMEMBERED: Final = 256
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class ConversationRelay(Plain):
    """One session."""

    texts = True
    hears = Encoding.PCM_16000
    speaks = Encoding.PCM_16000

    def __init__(self, context: Context) -> None:
        self._context = context
        self._gathered = ""
        self._count = 0
        self._cycle = 0
        self._ended = False  # no more tokens of this cycle are to come
        self._preemptible = False
        self._sentences: deque[tuple[int, str, str]] = deque(maxlen=_REMEMBERED)  # cycle, name, text
        self._lasts: dict[str, int] = {}  # name → milliseconds
        self.language = context.options.language
        self._voice = context.options.language

    def open(self) -> list[Message]:
        context = self._context
        told = context.parameters
        call = hashlib.blake2b(context.call_id.encode(errors="replace"), digest_size=16).hexdigest()
        account = hashlib.blake2b(context.account_id.encode(errors="replace"), digest_size=16).hexdigest()
        return [
            write(
                {
                    "type": "setup",
                    "sessionId": "VX" + call,
                    "accountSid": "AC" + account,
                    "parentCallSid": "",
                    "callSid": "CA" + call,
                    "from": told.get("from", ""),
                    "to": told.get("to", ""),
                    "forwardedFrom": "",
                    "callType": "PSTN",
                    "callerName": told.get("caller_name", ""),
                    "direction": "inbound" if told.get("direction") != "out" else "outbound",
                    "callStatus": "IN-PROGRESS",
                    "customParameters": dict(told),
                }
            )
        ]

    def greet(self) -> list[Action]:
        greeting = self._context.options.greeting
        self._ended = True
        return self._speak(greeting) if greeting else []

    def prompt(self, text: str) -> list[Message]:
        self._ended = True
        return [write({"type": "prompt", "voicePrompt": text, "lang": self.language, "last": True})]

    def fault(self, text: str) -> list[Message]:
        return [write({"type": "error", "description": text})]

    def digit(self, digit: str, duration_ms: int) -> list[Message]:
        return [write({"type": "dtmf", "digit": digit})]

    def spoken(self, item: str, milliseconds: int) -> None:
        self._lasts[item] = milliseconds
        while len(self._lasts) > _REMEMBERED:
            del self._lasts[next(iter(self._lasts))]

    def interrupted(self, item: str, item_ms: int, played_ms: int, dropped_ms: int) -> list[Message]:
        self._gathered = ""
        heard: list[str] = []
        at = -1
        for cycle, name, text in self._sentences:
            if cycle != at:
                at, heard = cycle, []
            if name == item:
                words = text.split()
                heard += words[: len(words) * item_ms // max(self._lasts.get(name, 1), 1)]
                break
            heard.append(text)
        self._sentences.clear()
        until = {"utteranceUntilInterrupt": " ".join(heard), "durationUntilInterruptMs": played_ms}
        return [write({"type": "interrupt", **until})]

    def tell(self, text: str) -> list[Message]:
        return self.prompt(text)

    def answered(self, ask: Ask, error: str) -> list[Message]:
        return self.fault(f"{ask.verb.value}: {error}") if error else []

    def receive_binary(self, data: Buffer) -> list[Action]:
        return [no_text(data)]

    def receive_text(self, text: Buffer) -> list[Action]:
        message = read(text)
        if isinstance(message, Note):
            return [message]
        match message.get("type"):
            case "text":
                return self._take(message)
            case "play":
                source = text_of(message.get("source"))[:256]
                return [Ask(Verb.PLAY, source) if source else Note("play", "no source", malformed=True)]
            case "sendDigits":
                # `w` is a wait of half a second, which tones of 100 ms with gaps hardly need.
                return [digits("sendDigits", str(message.get("digits")).replace("w", ""))]
            case "language":
                return [self._speak_in(message)]
            case "end":
                reason = message.get("handoffData")
                return [*self._flush(), Finish(text_of(reason)[:1_024] or "end")]
            case _:
                return [unknown(message, "type")]

    def _take(self, message: dict[str, Any]) -> list[Action]:
        token = message.get("token")
        if not isinstance(token, str):
            return [Note("text", "token is not text", malformed=True)]
        actions: list[Action] = []
        if self._ended:
            if self._preemptible:
                self._gathered = ""
                self._sentences.clear()
                actions.append(Clear())
            else:
                actions += self._flush()
            self._cycle += 1
            self._ended = self._preemptible = False
        self._preemptible |= message.get("preemptible") is True
        self._gathered += token[:TOKEN_CHARACTERS]
        *whole, self._gathered = SENTENCE.split(self._gathered)
        for sentence in whole:
            actions += self._speak(sentence)
        if message.get("last") is True:
            actions += self._flush()
            self._ended = True
        elif len(self._gathered) > GATHERED:
            words, _, self._gathered = self._gathered.rpartition(" ")
            actions += self._speak(words) if words else self._flush()
        return actions or [Note("text")]

    def _flush(self) -> list[Action]:
        rest, self._gathered = self._gathered, ""
        return self._speak(rest)

    def _speak(self, text: str) -> list[Action]:
        text = text.strip()
        if not text:
            return []
        self._count += 1
        name = f"s{self._count}"
        self._sentences.append((self._cycle, name, text))
        return [Speak(text, name, self._voice), Transcript(Role.AGENT, text_of(text))]

    def _speak_in(self, message: dict[str, Any]) -> Action:
        for key in ("ttsLanguage", "transcriptionLanguage"):
            value = message.get(key)
            if value is not None and (not isinstance(value, str) or _LANGUAGE.fullmatch(value) is None):
                return Note("language", f"{key} is no language", malformed=True)
        self._voice = message.get("ttsLanguage") or self._voice
        self.language = message.get("transcriptionLanguage") or self.language
        return Note("language")
