"""What the audio plane tells the edge."""

from config.value import dataclass
from media.port.leg import LegId, RoomId


@dataclass(frozen=True, slots=True)
class Allocated:
    leg: LegId
    port: int
    "The even RTP port; RTCP is `port` + 1."
    fingerprint: str = ""
    "Of our DTLS certificate, as in `a=fingerprint`, if `Allocate.webrtc`."
    seen: tuple[str, int] | None = None
    "Where a server of `Allocate.stun` sees the port."


@dataclass(frozen=True, slots=True)
class Refused:
    """`Allocate` failed: every port or slot is taken."""

    leg: LegId
    reason: str


@dataclass(frozen=True, slots=True)
class Latched:
    """First valid RTP packet came; from now on `source` alone is heard (source lock)."""

    leg: LegId
    source: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Secured:
    """ICE has found the peer and DTLS the keys: audio flows."""

    leg: LegId
    peer: tuple[str, int]
    suite: str
    milliseconds: int
    "Since `Connect`."


@dataclass(frozen=True, slots=True)
class Failed:
    """The leg cannot be heard, or no longer: it is left to the edge to release it."""

    leg: LegId
    cause: str
    "`ice_timeout`, `dtls_failed`, `dtls_closed` or `consent_lost`."
    detail: str
    "For the trace: what happened and what to change."


@dataclass(frozen=True, slots=True)
class Digit:
    """One key press, reported once, when it ends or has lasted long enough to be sure."""

    leg: LegId
    digit: str
    method: str
    "`rfc4733`, `info` or `inband`."
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Flash:
    """The peer has flashed its hook (RFC 4733, event 16), told as a `Digit` is."""

    leg: LegId
    method: str
    "`rfc4733` or `info`."
    duration_ms: int


@dataclass(frozen=True, slots=True)
class DigitDue:
    """A key that the peer is to be told of by SIP INFO, now: its `Connect` says that it wants that."""

    leg: LegId
    digit: str
    "0–9 * # A–D, or `!`: flash."
    duration_ms: int


@dataclass(frozen=True, slots=True)
class DigitsSent:
    leg: LegId
    digits: str


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    leg: LegId
    at: float
    "Monotonic time [s] of the first voiced frame's arrival, not of the decision."


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    leg: LegId
    at: float


@dataclass(frozen=True, slots=True)
class Joined:
    """The leg is in the room; `members` counts it."""

    leg: LegId
    room: RoomId
    members: int


@dataclass(frozen=True, slots=True)
class Played:
    leg: LegId
    play: str
    milliseconds: int
    "Really sent in RTP."
    finished: bool
    "False: stopped, replaced or unreadable."
    error: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    leg: LegId
    path: str
    milliseconds: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class AgentConnected:
    leg: LegId
    milliseconds: int
    "From `AttachAgent` to the open socket."


@dataclass(frozen=True, slots=True)
class AgentSpoke:
    """First audio of an agent turn left in RTP."""

    leg: LegId
    after_ms: int | None
    "Since the caller stopped speaking; None when nobody had spoken."
    thinking_ms: int | None = None
    "Of it, until the turn's first audio came from the agent; None where that cannot be told."
    buffer_ms: int | None = None
    "Of it, from there until RTP."


@dataclass(frozen=True, slots=True)
class AgentInterrupted:
    """The caller barged in: playout stopped."""

    leg: LegId
    played_ms: int
    "Of the interrupted turn, as really sent."
    dropped_ms: int
    decided_at: float
    "Monotonic time of the decision [s]."


@dataclass(frozen=True, slots=True)
class AgentMessage:
    """One text message on the agent's socket, for the trace; audio is never reported."""

    leg: LegId
    outgoing: bool
    kind: str
    "The dialect's own name: `start`, `mark`, `clear`, `dtmf`…"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AgentTranscript:
    """Words of one side, as the agent understood or spoke them."""

    leg: LegId
    role: str
    "`caller` or `agent`."
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """One side's turn, told when it is over."""

    leg: LegId
    role: str
    "`caller` or `agent`."
    text: str
    "Empty where the agent has told none."
    began: float
    "Monotonic [s]."
    ended: float
    interrupted_ms: int | None = None
    "So much of it was heard when the caller interrupted; None: all of it."
    heard: str = ""
    "The words of `text` that were heard, in proportion."


@dataclass(frozen=True, slots=True)
class AgentStarved:
    """What went wrong with one agent's audio until it left; sent where anything did."""

    leg: LegId
    gaps: int
    "Times that its queue ran dry inside an utterance."
    trimmed: int
    "Quiet frames left out to win back delay."
    refused_ms: int
    "Of its audio found the queue full."
    skipped: int
    "Frames of the caller that it was too slow to be sent."


@dataclass(frozen=True, slots=True)
class AgentPaused:
    """The agent is silent while it is decided whether the caller interrupts; `resumed` ends that without."""

    leg: LegId
    resumed: bool
    played_ms: int


@dataclass(frozen=True, slots=True)
class AgentToolCall:
    """The agent wants a tool; the answer is `TellAgent` with a `ToolResult`."""

    leg: LegId
    call: str
    name: str
    arguments: str
    "JSON."


@dataclass(frozen=True, slots=True)
class AgentToolCancelled:
    leg: LegId
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgentAsked:
    """The agent wants what it is allowed to; the answer is `TellAgent` with an `Answer`."""

    leg: LegId
    number: int
    verb: str
    """`transfer`, `hold`, `resume`, `play`, `pause_play`, `resume_play`, `seek_play`, `stop_play`, `record`,
    `stop_record` or `set`."""
    value: str
    details: tuple[tuple[str, str], ...] = ()
    "Of a transfer: `context`, `briefing` and `return`."


@dataclass(frozen=True, slots=True)
class AgentReconnecting:
    """The socket broke and is dialled again; `AgentConnected` or `AgentFailed` follows."""

    leg: LegId
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class AgentFailed:
    """The agent could not be reached or broke off."""

    leg: LegId
    reason: str
    "`refused`, `timeout`, `closed`, `protocol`, `unsupported_dialect`, `no_speech`, `fault` (of ours)."
    detail: str
    "For the trace: what happened and what to change."


@dataclass(frozen=True, slots=True)
class AgentEnded:
    """The agent took its leave in good order (closed with 1000 or asked to hang up)."""

    leg: LegId
    reason: str


@dataclass(frozen=True, slots=True)
class NoAudio:
    """Why a leg that should be heard is not; once for each reason."""

    leg: LegId
    reason: str
    "`no_packet`, `private_address`, `wrong_source`, `wrong_payload_type`, `wrong_keys`, `one_way`, `muted`."
    detail: str
    fix: str
    "What to change."


@dataclass(frozen=True, slots=True)
class Silent:
    """No RTP for `seconds` although the peer should send; sent once per silence."""

    leg: LegId
    seconds: float


@dataclass(frozen=True, slots=True)
class LegStats:
    """What a leg received and sent, by RTP and RTCP (RFC 3550 §6.4)."""

    packets_received: int = 0
    packets_sent: int = 0
    lost: int = 0
    late: int = 0
    duplicates: int = 0
    concealed: int = 0
    foreign: int = 0
    "Packets from another source than the latched one, dropped."
    malformed: int = 0
    jitter_ms: float = 0.0
    round_trip_ms: float | None = None
    remote_lost: int = 0
    "Lost on the way to the peer, by its receiver reports."
    remote_jitter_ms: float = 0.0
    level_dbov: float = -127.0
    "Mean level received [dBov]."
    codec: str = ""
    delay_ms: float = 0.0
    "That our jitter buffer adds, beside the packet itself."
    mos: float | None = None
    "How the peer sounds here, by the E-model (ITU-T G.107), 1.0 to 4.5; None: too little was heard."
    no_audio: str = ""
    "Reasons of `NoAudio`, with commas."


@dataclass(frozen=True, slots=True)
class Stats:
    """Every 10 s of a live leg."""

    leg: LegId
    stats: LegStats


@dataclass(frozen=True, slots=True)
class Released:
    leg: LegId
    stats: LegStats


@dataclass(frozen=True, slots=True)
class Lost:
    """The leg ended with the worker that carried it; nothing more comes of it."""

    leg: LegId
    reason: str


Event = (
    Allocated
    | Refused
    | Latched
    | Secured
    | Failed
    | Digit
    | DigitDue
    | DigitsSent
    | Flash
    | SpeechStarted
    | SpeechStopped
    | Joined
    | Played
    | Recorded
    | AgentConnected
    | AgentSpoke
    | AgentTurn
    | AgentPaused
    | AgentStarved
    | AgentInterrupted
    | AgentMessage
    | AgentTranscript
    | AgentToolCall
    | AgentToolCancelled
    | AgentAsked
    | AgentReconnecting
    | AgentFailed
    | AgentEnded
    | NoAudio
    | Silent
    | Stats
    | Released
    | Lost
)
