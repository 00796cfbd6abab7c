"""One AI agent of the configuration: where it is, what it speaks, what it may do."""

import base64
import enum
import hmac
import re
from typing import Annotated, ClassVar, Final, Literal, cast
from urllib.parse import quote

from pydantic import AfterValidator, Field, JsonValue, model_validator

from config.section import Duration, Name, Section, headers_of, refusal


class Dialect(enum.StrEnum):
    """How we talk to agents."""

    TANDEM = "tandem"
    TWILIO = "twilio"
    JAMBONZ = "jambonz"
    ASTERISK = "asterisk"
    OPENAI = "openai"
    ELEVENLABS = "elevenlabs"
    DEEPGRAM = "deepgram"
    GEMINI = "gemini"
    ULTRAVOX = "ultravox"
    CONVERSATIONRELAY = "conversationrelay"


class Permission(enum.StrEnum):
    """What an agent may ask of its call."""

    HANGUP = "hangup"
    DTMF = "dtmf"
    HOLD = "hold"
    MUTE = "mute"
    PLAY = "play"
    TRANSFER = "transfer"
    RECORD = "record"
    SET = "set"


class Confirmation(enum.StrEnum):
    """What makes a real interruption of a pause."""

    DURATION = "duration"
    WORDS = "words"
    AGENT = "agent"


class BargeIn(Section):
    """What the caller's voice does to the agent's; a mode alone (`true`, `false`, `reversible`) will do."""

    mode: Literal["off", "on", "reversible"] = "on"
    "reversible: the agent pauses at first speech, and goes on where it stopped unless that is confirmed."
    confirm: tuple[Confirmation, ...] = tuple(Confirmation)
    "Any of these confirms: voice of `confirm_after`, `words` in the agent's transcript, the agent's word."
    confirm_after: Duration = Field(default=0.6, gt=0, le=10)
    words: int = Field(default=2, ge=1, le=50)
    decide_within: Duration = Field(default=3.0, gt=0, le=30)
    "A caller who still speaks then has interrupted."
    grace: Duration = Field(default=0.0, ge=0, le=30)
    "So long after it began, a turn of the agent is not interrupted; speech that goes on then is."
    digits: bool = False
    "A key press interrupts."
    echo_guard: bool = True
    "What is only the agent's own echo (speakerphones) does not interrupt it."
    vad: Literal["builtin", "silero"] = "builtin"
    "`silero`: what the builtin detector takes for speech is speech if Silero's network agrees."

    @model_validator(mode="before")
    @classmethod
    def _from_mode(cls, data: object) -> object:
        given = cast(dict[str, object], data) if isinstance(data, dict) else {"mode": data}
        mode = given.get("mode")
        # YAML reads a bare `on` as true.
        return {**given, "mode": "on" if mode else "off"} if isinstance(mode, bool) else given


BUILTIN_DEMO: Final = "builtin:demo"
"The agent URL that means the demo agent which the daemon runs itself."

INBOUND: Final = "inbound"
"The agent URL that means: the bot dials us, at `/agent-socket`."

_KEY_HEADERS: Final = {
    Dialect.OPENAI: ("Authorization", "Bearer "),
    Dialect.DEEPGRAM: ("Authorization", "Token "),
    Dialect.ELEVENLABS: ("xi-api-key", ""),
    Dialect.GEMINI: ("x-goog-api-key", ""),
}
"Where a vendor wants its key, and what stands before it."

_SIGNED: Final = frozenset({Dialect.TWILIO, Dialect.CONVERSATIONRELAY})
"Whose key is the token that bots verify Twilio's signature with."

_GEMINI: Final = "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"

_VARIANTS: Final = {Dialect.TWILIO: ("telnyx", "signalwire"), Dialect.ASTERISK: ("plain", "json")}
_INBOUND: Final = frozenset({Dialect.TANDEM, Dialect.TWILIO})
_AUDIO: Final = frozenset({Dialect.TWILIO, Dialect.ASTERISK, Dialect.OPENAI, Dialect.DEEPGRAM})
_SESSION: Final = frozenset({Dialect.OPENAI, Dialect.ELEVENLABS, Dialect.DEEPGRAM, Dialect.GEMINI})

_AGENT_URL: Final = re.compile(r"(?i:wss?)://[^\s/?#]+[^\s]*")


def _agent_url(value: str) -> str:
    if value not in (BUILTIN_DEMO, INBOUND) and _AGENT_URL.fullmatch(value) is None:
        raise refusal("not a WebSocket URL", f"write ws://…, wss://…, {INBOUND} or {BUILTIN_DEMO}")
    return value


def _printable(value: str) -> str:
    if not value.isprintable() or not value.isascii():
        raise refusal("not a key", "a key is ASCII of one line")
    return value


def _signature(token: str, url: str) -> str:
    """Of the URL alone, where nothing is posted: https://www.twilio.com/docs/usage/security."""
    return base64.b64encode(hmac.digest(token.encode(), url.encode(), "sha1")).decode()


class Agent(Section):
    """One AI agent: where its socket is and what it speaks."""

    trusted: ClassVar[bool] = True
    "May be reached at private addresses."

    dialect: Dialect
    url: Annotated[str, AfterValidator(_agent_url)]
    "The vendor's own when omitted (openai with `model`, elevenlabs with `agent_id`, deepgram, gemini)."
    headers: Annotated[dict[str, str], AfterValidator(headers_of)] = Field(default={}, repr=False)
    api_key: Annotated[str, AfterValidator(_printable)] | None = Field(default=None, min_length=1, repr=False)
    """Sent in the header that the vendor wants; write `${OPENAI_API_KEY}` and the like. Of twilio and
    conversationrelay it is not sent: it signs the handshake (X-Twilio-Signature), as an auth token does."""
    token: Annotated[str, AfterValidator(_printable)] = Field(default="", repr=False)
    "Of `url: inbound`: what a bot shows as `Authorization: Bearer …` at `/agent-socket`."
    sample_rate: Literal[8000, 16000, 24000] = 8000
    "Of the audio on the socket [Hz], where the dialect leaves it open."
    audio: Literal["ulaw", "pcm"] | None = None
    "Of twilio (signalwire), asterisk, openai and deepgram; `ulaw` when omitted: nothing is resampled."
    variant: Literal["telnyx", "signalwire", "plain", "json"] | None = None
    "Of twilio: `telnyx` or `signalwire`; of asterisk: `plain` (the default) or `json` control."
    model: str = Field(default="", max_length=256)
    "Of openai and gemini."
    agent_id: str = Field(default="", max_length=256)
    "Of elevenlabs."
    language: str = Field(default="en-US", pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    "Of conversationrelay: what its callers speak and hear."
    greeting: str = Field(default="", max_length=4_096)
    "What a vendor's agent says first, or is told to say."
    session: dict[str, JsonValue] = Field(default={}, repr=False)
    "Put as it is into the vendor's settings: prompt, voice, tools, turn detection."
    barge_in: BargeIn = BargeIn()
    "Whether the caller's speech stops the agent's: on, off, reversible, or a section."
    connect_timeout: Duration = Field(default=5.0, gt=0, le=60)
    first_audio_timeout: Duration | None = Field(default=None, gt=0, le=120)
    "The agent has failed when it has said nothing so long after its socket is open [s]; None: it may listen."
    reconnect: bool = True
    "Dial once more when the socket breaks, where the dialect can resume (tandem, gemini)."
    fallback: Name | None = None
    "The agent that takes the call when this one fails."
    tools: tuple[Name, ...] | Literal["none"] = ()
    "Custom tools of the account that it may use; empty: all of them (S002-62)."
    call_tools: bool = False
    "Offer what `allow` permits as tools: transfer_call, hang_up, send_digits and so on."
    filler: str = Field(default="", max_length=128)
    "A prompt that the caller hears while the agent is dialled, dialled again or thinks; empty: silence."
    filler_after: Duration = Field(default=2.0, gt=0, le=60)
    "Silence before it begins."
    allow: tuple[Permission, ...] = (
        Permission.HANGUP,
        Permission.DTMF,
        Permission.HOLD,
        Permission.MUTE,
        Permission.PLAY,
    )
    "What the agent may ask of its call."

    @model_validator(mode="before")
    @classmethod
    def _vendor_url(cls, data: object) -> object:
        if not isinstance(data, dict) or data.get("url") is not None:
            return data
        given = cast(dict[str, object], data)
        model, agent = (quote(str(given.get(key) or ""), safe="") for key in ("model", "agent_id"))
        match str(given.get("dialect")):
            case "openai":
                if not model:
                    raise refusal("openai without url or model", "add model, such as gpt-realtime")
                url = f"wss://api.openai.com/v1/realtime?model={model}"
            case "elevenlabs":
                if not agent:
                    raise refusal("elevenlabs without url or agent_id", "add agent_id")
                url = f"wss://api.elevenlabs.io/v1/convai/conversation?agent_id={agent}"
            case "deepgram":
                url = "wss://agent.deepgram.com/v1/agent/converse"
            case "gemini":
                url = f"wss://generativelanguage.googleapis.com/ws/{_GEMINI}"
            case _:
                return data
        return {**given, "url": url}

    @model_validator(mode="after")
    def _fits_dialect(self) -> "Agent":
        dialect = self.dialect
        variants = _VARIANTS.get(dialect, ())
        if self.variant is not None and self.variant not in variants:
            known = f"use {' or '.join(variants)}" if variants else "remove it"
            raise refusal(f"{dialect} has no variant {self.variant}", known)
        if (self.url == INBOUND) is not bool(self.token):
            raise refusal("url: inbound and token go together", "give both or neither")
        if self.token and len(self.token) < 16:
            raise refusal("a token of less than 16 characters can be guessed", "make it longer")
        if self.url == INBOUND and dialect not in _INBOUND:
            raise refusal(f"{dialect} is no dialect in which a bot dials us", "use tandem or twilio")
        if self.url == BUILTIN_DEMO and dialect is not Dialect.TWILIO:
            raise refusal(f"{BUILTIN_DEMO} does not speak {dialect}", "set dialect: twilio, or another url")
        if self.audio is not None and dialect not in _AUDIO:
            raise refusal(f"{dialect} leaves no choice of audio", "remove audio")
        if self.audio == "pcm" and dialect is Dialect.TWILIO and self.variant != "signalwire":
            raise refusal("only signalwire's variant of twilio carries pcm", "remove audio")
        if self.api_key is not None and not (dialect in _KEY_HEADERS or self._is_signed()):
            raise refusal(f"{dialect} has no header for api_key", "write it into headers")
        if self.session and dialect not in _SESSION:
            raise refusal(f"{dialect} has no session settings", "remove session")
        return self

    def _is_signed(self) -> bool:
        """Whether the bot can tell by X-Twilio-Signature that it is we who dial."""
        return self.dialect in _SIGNED and self.variant is None and self.url not in (INBOUND, BUILTIN_DEMO)

    def sent_headers(self) -> tuple[tuple[str, str], ...]:
        """Of the handshake, the key among them."""
        headers = tuple(self.headers.items())
        if self.api_key is None:
            return headers
        if self.dialect in _SIGNED:
            return (*headers, ("X-Twilio-Signature", _signature(self.api_key, self.url)))
        name, before = _KEY_HEADERS[self.dialect]
        return (*headers, (name, before + self.api_key))
