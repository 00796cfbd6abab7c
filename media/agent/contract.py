"""The one contract between a call leg and any AI agent (`design.md` §5).

::

    leg ── open, hear, digit, mark, speech…, interrupted, stop ──▶ Dialect ──▶ messages on the socket
    leg ◀── list[Action] ── receive_text / receive_binary ─────── Dialect ◀── messages on the socket

A dialect is a pure translation: it keeps counters and half messages, no clock, no queue and
no policy. Playout, marks, barge-in and truncation live on our side of it, once for all dialects.
What a new dialect needs beyond this is a new `Action` or a new method here, never a special
case in the session.
"""

import enum
from collections.abc import Mapping
from dataclasses import field
from typing import Protocol, TypeAlias

from config.value import dataclass
from media.port import AgentOptions

Buffer: TypeAlias = bytes | bytearray | memoryview
Message: TypeAlias = str | bytes
"To the agent: `str` leaves as a text message, `bytes` as a binary one."


class Encoding(enum.Enum):
    """Mono audio on an agent's socket: µ-law, or PCM16 little-endian at a rate [Hz]."""

    ULAW_8000 = (8000, 1)
    PCM_8000 = (8000, 2)
    PCM_16000 = (16000, 2)
    PCM_24000 = (24000, 2)

    def __init__(self, rate: int, sample_bytes: int) -> None:
        self.rate = rate
        "[Hz]"
        self.sample_bytes = sample_bytes
        self.frame_samples = rate // 50
        "Samples of 20 ms."
        self.frame_bytes = self.frame_samples * sample_bytes
        self.silence = (b"\xff" if sample_bytes == 1 else b"\0") * self.frame_bytes
        "A frame of it."


@dataclass(frozen=True, slots=True)
class Context:
    """What an agent is told about its call."""

    call_id: str
    account_id: str
    sample_rate: int
    "Asked for in the configuration [Hz]; a dialect with a fixed rate ignores it."
    parameters: Mapping[str, str]
    options: AgentOptions = field(default_factory=AgentOptions)


class Verb(enum.Enum):
    """What an agent may ask of its call; `hangup` and `dtmf` have actions of their own."""

    TRANSFER = "transfer"
    "Value: `user:1002`, `agent:sales`, `queue:support`, or a number."
    HOLD = "hold"
    RESUME = "resume"
    MUTE = "mute"
    "The agent does not hear the caller until `UNMUTE`."
    UNMUTE = "unmute"
    PLAY = "play"
    "Value: the name of a prompt."
    PAUSE_PLAY = "pause_play"
    RESUME_PLAY = "resume_play"
    SEEK_PLAY = "seek_play"
    "Value: milliseconds from its start, or with a sign from where it is: `12000`, `-5000`, `+5000`."
    STOP_PLAY = "stop_play"
    RECORD = "record"
    STOP_RECORD = "stop_record"
    SET = "set"
    "Value: a JSON object of variables."


class Role(enum.Enum):
    """Whose words a transcript holds."""

    CALLER = "caller"
    AGENT = "agent"


# What an agent may ask for.


@dataclass(frozen=True, slots=True)
class Say:
    """Audio behind what is already queued, in the dialect's `speaks` encoding, whole samples, any length.

    A memoryview is valid only until the caller of `receive_…` returns to the socket.
    """

    audio: Buffer
    item: str = ""
    "The vendor's name for the utterance; it returns in `Dialect.interrupted`."


@dataclass(frozen=True, slots=True)
class Speak:
    """Make audio of this text, behind what is spoken already (`Dialect.texts`)."""

    text: str
    item: str
    "Its name; it returns in `Dialect.spoken` and `Dialect.interrupted`."
    voice: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The agent takes its leave once every text before has been spoken and heard."""

    reason: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Stop playout at the next frame, drop the queue, return its marks."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Tell me when everything before this has been played or dropped."""

    name: str


@dataclass(frozen=True, slots=True)
class Digits:
    """Send these (0–9 * # A–D) to the caller."""

    digits: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """The agent takes its leave once its queue has been played."""

    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """Nothing to do, but the trace should show it."""

    kind: str
    detail: str = ""
    malformed: bool = False
    "The message broke the protocol; it was dropped and is counted."


@dataclass(frozen=True, slots=True)
class Ready:
    """The vendor has taken our settings: audio may flow (`Dialect.waits`)."""


@dataclass(frozen=True, slots=True)
class Formats:
    """The agent has told its encodings: `hears` and `speaks` are new. Comes before any audio."""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The agent's own ear noticed the caller: as though our voice detection had, where barge-in is on."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The protocol wants this answer at once."""

    message: Message
    kind: str


@dataclass(frozen=True, slots=True)
class Inquire:
    """Answer with `Dialect.status`."""


@dataclass(frozen=True, slots=True)
class Transcript:
    role: Role
    text: str
    final: bool = True
    "False: it may still change or grow."


@dataclass(frozen=True, slots=True)
class ToolCall:
    call: str
    "The vendor's name for this call; the result carries it."
    name: str
    arguments: str
    "JSON."


@dataclass(frozen=True, slots=True)
class ToolCancel:
    """The results of these calls are not wanted any more."""

    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """Do something with the call; answered by `Dialect.answered`."""

    verb: Verb
    value: str = ""
    request: str = ""
    "The agent's name for the request."
    details: tuple[tuple[str, str], ...] = ()
    "Of a transfer: `context`, `briefing` and `return`."
    tool: bool = False
    "It came as a tool call: `tool_result` answers it."


@dataclass(frozen=True, slots=True)
class Decide:
    """The agent's verdict on a paused barge-in: does the caller interrupt?"""

    stop: bool


@dataclass(frozen=True, slots=True)
class Away:
    """The vendor will close soon: go on over another connection, if the dialect can."""


@dataclass(frozen=True, slots=True)
class Fail:
    """The agent cannot go on: a refused key, an unknown model, a fatal error."""

    detail: str


Action: TypeAlias = (
    Say
    | Speak
    | Finish
    | Clear
    | Mark
    | Digits
    | HangUp
    | Note
    | Ready
    | Formats
    | Interrupt
    | Reply
    | Inquire
    | Transcript
    | ToolCall
    | ToolCancel
    | Ask
    | Decide
    | Away
    | Fail
)


class Dialect(Protocol):
    """One agent protocol, for one connection."""

    @property
    def subprotocol(self) -> str | None:
        """Offered as `Sec-WebSocket-Protocol`."""

    @property
    def hears(self) -> Encoding:
        """What `hear` takes."""

    @property
    def speaks(self) -> Encoding:
        """What `Say.audio` holds."""

    @property
    def bare(self) -> bool:
        """The caller's frames leave as binary messages just as they are; `hear` is not called."""

    @property
    def texts(self) -> bool:
        """It knows words alone: we recognise what the caller says and speak what the agent writes."""

    @property
    def language(self) -> str:
        """That the caller is heard in, where `texts`."""

    @property
    def waits(self) -> bool:
        """The caller is not heard before `Ready`."""

    def open(self) -> list[Message]:
        """The first messages after the handshake."""

    def resume(self) -> list[Message] | None:
        """The first messages of a second connection that goes on with the same talk; None: it cannot."""

    def hear(self, frame: Buffer) -> Message:
        """20 ms of the caller."""

    def skip(self) -> None:
        """20 ms of the caller that the agent was too slow to be sent."""

    def digit(self, digit: str, duration_ms: int) -> list[Message]: ...

    def mark(self, name: str, cleared: bool) -> list[Message]:
        """A `Mark` has been reached by playout, or dropped (`cleared`)."""

    def speech_started(self, played_ms: int) -> list[Message]:
        """The caller speaks; `played_ms` of the agent's turn have been heard."""

    def paused(self, played_ms: int) -> list[Message]:
        """The same, and playout waits: `interrupted` or `resumed` follows."""

    def resumed(self, played_ms: int) -> list[Message]:
        """It was no interruption: playout goes on where it stopped."""

    def speech_stopped(self) -> list[Message]: ...

    def interrupted(self, item: str, item_ms: int, played_ms: int, dropped_ms: int) -> list[Message]:
        """The caller barged in. `item_ms` of `item` and `played_ms` of the whole turn were really sent."""

    def cleared(self, played_ms: int, dropped_ms: int) -> list[Message]:
        """The answer to `Clear`, after its marks."""

    def status(self, queued_ms: int) -> list[Message]:
        """The answer to `Inquire`."""

    def tool_result(self, call: str, result: str, failed: bool) -> list[Message]:
        """What a `ToolCall` gave: text, JSON as a rule."""

    def answered(self, ask: Ask, error: str) -> list[Message]:
        """An `Ask` was carried out, or refused for this reason."""

    def tell(self, text: str) -> list[Message]:
        """Words for the agent that nobody spoke: a briefing, what an operator typed."""

    def greet(self) -> list[Action]:
        """What is done first, where `texts`."""

    def prompt(self, text: str) -> list[Message]:
        """The caller said this, where `texts`."""

    def spoken(self, item: str, milliseconds: int) -> None:
        """The audio of a `Speak` was made."""

    def fault(self, text: str) -> list[Message]:
        """Speech could not be made or understood."""

    def stop(self) -> list[Message]:
        """The last messages before we close."""

    def receive_text(self, text: Buffer) -> list[Action]: ...

    def receive_binary(self, data: Buffer) -> list[Action]: ...
