"""Who speaks and who listens for an account: flow texts, prompts, and agents that know text alone."""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from config.section import Duration, Section, refusal

_URL: Final = re.compile(r"(?i:https?)://[^\s/?#]+[^\s]*")

OPENAI: Final = "https://api.openai.com/v1"
DEEPGRAM: Final = "https://api.deepgram.com/v1"
ELEVENLABS: Final = "https://api.elevenlabs.io/v1"
"Where each provider is, when `url` is omitted."


def _http_url(value: str) -> str:
    if _URL.fullmatch(value) is None:
        raise refusal("not a web address", "write https://…")
    return value.rstrip("/")


def _printable(value: str) -> str:
    if not value.isprintable() or not value.isascii():
        raise refusal("not a key", "a key is ASCII of one line")
    return value


class _Provider(Section):
    url: Annotated[str, AfterValidator(_http_url)] | None = None
    "Of an OpenAI-compatible service, up to `/v1`; the vendor's own when omitted."
    api_key: Annotated[str, AfterValidator(_printable)] | None = Field(default=None, min_length=1, repr=False)
    "Write `${OPENAI_API_KEY}` and the like."
    model: str = Field(default="", max_length=128)
    "The provider's usual one when omitted."
    timeout: Duration = Field(default=10.0, gt=0, le=60)


class TextToSpeech(_Provider):
    provider: Literal["espeak", "openai", "deepgram", "elevenlabs", "command"] = "espeak"
    voice: str = Field(default="", max_length=128)
    "The provider's name for it; elevenlabs: the id. Flows that name a voice of espeak-ng get this one."
    command: tuple[str, ...] = Field(default=(), max_length=64)
    "Program and arguments: the text comes on stdin, a WAV of PCM16 is expected on stdout."

    @model_validator(mode="after")
    def _whole(self) -> "TextToSpeech":
        if (self.provider == "command") is not bool(self.command):
            raise refusal("provider: command and command go together", "give both or neither")
        if self.provider == "elevenlabs" and not self.voice:
            raise refusal("elevenlabs needs voice", "write the voice's id")
        return self


class SpeechToText(_Provider):
    provider: Literal["pocketsphinx", "openai", "deepgram", "elevenlabs"] = "pocketsphinx"


class Speech(Section):
    tts: TextToSpeech = TextToSpeech()
    stt: SpeechToText = SpeechToText()
