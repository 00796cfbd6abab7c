"""The boundary of the audio plane: plain commands in, plain events out.

::

    edge ── Command ──▶ engine.execute(command)
    edge ◀── Event ───  the `emit` callable that the engine was made with

No command returns a value: every answer is an event, whether the engine runs on the
daemon's own loop or in a worker process. All values here are frozen, hold only plain
data (they are pickled on their way to a worker) and name a leg by its `LegId`, which the edge chooses.

A leg's life: `Allocate` → `Allocated` → `Connect` (again after each re-INVITE) → one of
`Echo`, `Bridge`, `Join`, `AttachAgent`, or nothing (silence), with `Play` over any of them →
`Release` → `Released`. A command for a leg that does not exist is ignored, since the
edge may not know yet that the leg has gone.
"""

import enum
from dataclasses import field
from typing import NewType

from config.value import dataclass

LegId = NewType("LegId", str)
RoomId = NewType("RoomId", str)


class Direction(enum.Enum):
    """Which way audio flows, seen from us (RFC 3264 §5.1)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload format as negotiated for a leg (RFC 3551, RFC 4733)."""

    name: str
    "Encoding name in lower case: `pcmu`, `pcma`, `g722`, `opus`, `l16`."
    payload_type: int
    "0–127."
    clock_rate: int = 8000
    "RTP clock [Hz]."


@dataclass(frozen=True, slots=True)
class Crypto:
    """Keys of SRTP, agreed on by both descriptions (RFC 4568)."""

    suite: str
    "`AES_CM_128_HMAC_SHA1_80`, `AES_CM_128_HMAC_SHA1_32`, `AEAD_AES_128_GCM` or `AEAD_AES_256_GCM`."
    local: bytes = field(repr=False)
    "Key and salt of what we send."
    remote: bytes = field(repr=False)
    "Of what the peer sends."
    mki: int = 0
    "Length of the master key identifier in each packet of the peer; ours have none [bytes]."


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """What one side's checks are signed with (RFC 8839 §5.4)."""

    ufrag: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where the peer may be reached by UDP (RFC 8839 §5.1)."""

    address: str
    "Numeric."
    port: int
    priority: int


@dataclass(frozen=True, slots=True)
class WebRtc:
    """What both descriptions say of ICE and DTLS (RFC 8839, RFC 8842)."""

    local: IceCredentials
    remote: IceCredentials
    candidates: tuple[Candidate, ...]
    "The peer's; it may have others, which its checks show. Without ICE: its address, then other hosts."
    fingerprints: tuple[tuple[str, str], ...]
    "Of the peer's certificate: (hash function in lower case, hexadecimal with colons)."
    active: bool
    "We begin the DTLS handshake."
    controlling: bool
    "We choose the candidate pair."
    mux: bool = True
    "RTP and RTCP share the port (RFC 5761); else there is no RTCP, whose port would need a DTLS of its own."
    ice: bool = True
    "The peer has it; else the credentials mean nothing."


# Commands.


@dataclass(frozen=True, slots=True)
class Allocate:
    """Take a slot and an even RTP port (RTCP one above). Answer: `Allocated` or `Refused`."""

    leg: LegId
    address: str
    "Local address to bind, e.g. `0.0.0.0`."
    vad: bool = False
    """Report `SpeechStarted`/`SpeechStopped` also when no agent is attached, as long as it is joined to
    nobody. Of members of rooms they are reported in any case, and say that it is louder than its noise."""
    webrtc: bool = False
    "Its `Connect` will come with `webrtc`."
    stun: tuple[tuple[str, int], ...] = ()
    "Numeric addresses of STUN servers that are asked where the port is seen, if `webrtc`."


@dataclass(frozen=True, slots=True)
class Connect:
    """Set or change where a leg sends and what it accepts (after each offer/answer)."""

    leg: LegId
    remote: tuple[str, int]
    "Address and port of the peer's SDP; symmetric RTP may replace it by the true source."
    codec: Codec
    "What we send."
    accept: tuple[Codec, ...]
    "What we may receive, `codec` among it."
    dtmf: int | None
    "Payload type of telephone-event, if negotiated."
    direction: Direction = Direction.SENDRECV
    ptime_ms: int = 20
    rtcp: tuple[str, int] | None = None
    "RTCP address if not `remote` port + 1 (RFC 3605)."
    dtmf_clock: int = 8000
    "Of telephone-event [Hz]."
    crypto: Crypto | None = None
    "None: plain RTP."
    events: tuple[tuple[int, int], ...] = ()
    "Payload types of telephone-event that may come beside `dtmf`, each with its clock [Hz]."
    webrtc: WebRtc | None = None
    "Nothing is sent or heard before ICE and DTLS are done; `remote`, `rtcp` and `crypto` mean nothing."
    signalling: str = ""
    "Host that the peer's signalling comes from; behind NAT its audio most often does, too."


@dataclass(frozen=True, slots=True)
class Echo:
    """Send the leg's own audio back to it, replacing any bridge or agent."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class Bridge:
    """Join two legs: each hears the other (transcoded where they differ)."""

    leg: LegId
    peer: LegId
    relay_digits: bool = True
    "Pass RFC 4733 digits on to the other leg."


@dataclass(frozen=True, slots=True)
class Role:
    """What a member of a room may do."""

    speaks: bool = True
    hears: bool = True
    only: LegId | None = None
    "The member that alone hears it; None: all do."


@dataclass(frozen=True, slots=True)
class Join:
    """Put a leg into a room, replacing echo, bridge or agent: members hear all but themselves.

    A room is there as long as it has members. Answer: `Joined`.
    """

    leg: LegId
    room: RoomId
    role: Role = Role()
    partner: bool = False
    """Whom it is bridged to comes along, as a plain member, and neither hears a gap. From then on the room
    takes the place of the leg's bridges. An agent stays attached to the leg: the two hear nobody else, the
    room hears both, and so it does the leg's next agents."""
    chimes: bool = False
    "The others hear it come and go."


@dataclass(frozen=True, slots=True)
class ChangeRole:
    """Of a member of a room; ignored for others."""

    leg: LegId
    role: Role


@dataclass(frozen=True, slots=True)
class Adjust:
    """How loud the leg's own audio is to all that hear it: peer, room, agent, recording."""

    leg: LegId
    gain_db: float = 0.0
    "From -40 to 20."
    muted: bool = False
    "Its keys are heard all the same."


@dataclass(frozen=True, slots=True)
class Detach:
    """Undo `Echo`, `Bridge` (both sides), `AttachAgent` or `Join`: the leg falls silent."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class Play:
    """Queue a prompt behind those already queued; it replaces what the leg would hear else.

    Answer: `Played`. The file is MP3, or WAV (PCM16 or µ-law/A-law, any rate, mono or stereo).
    """

    leg: LegId
    play: str
    "The edge's name for this playback; it returns in `Played`."
    path: str
    loop: bool = False


@dataclass(frozen=True, slots=True)
class Tone:
    """Play a cadenced tone until `StopPlay` (ringback, busy); queued like `Play`."""

    leg: LegId
    play: str
    frequencies: tuple[float, ...]
    "[Hz], mixed at equal level."
    cadence: tuple[tuple[float, float], ...]
    "Pairs of (on, off) [s], repeated."
    bursts: tuple[tuple[float, ...], ...] = ()
    "Frequencies of each burst, in turn, instead of `frequencies`."


@dataclass(frozen=True, slots=True)
class PausePlay:
    """Let a playback be silent from where it is, or go on; those behind it wait."""

    leg: LegId
    paused: bool
    play: str | None = None
    "None: the one that is heard."


@dataclass(frozen=True, slots=True)
class SeekPlay:
    """Go on elsewhere in a playback, from its start or from where it is, to 20 ms.

    Before its start is its start, past its end its end; a loop goes round.
    """

    leg: LegId
    milliseconds: int
    relative: bool = False
    play: str | None = None
    "None: the one that is heard."


@dataclass(frozen=True, slots=True)
class StopPlay:
    """Stop one playback, or all of them when `play` is None."""

    leg: LegId
    play: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Write what arrives on the leg to a 16-bit WAV, of 16 kHz if the first of it is wideband, else of 8 kHz;
    an existing file is replaced.

    The file is complete when `Recorded` comes, after `StopRecord` or `Release`.
    """

    leg: LegId
    path: str
    stereo: bool = False
    "Left is what arrives, right what the leg is sent, on one clock; else mono, of what arrives."


@dataclass(frozen=True, slots=True)
class PauseRecord:
    """Record silence instead, or audio again; the recording's time runs on. Stereo recordings alone."""

    leg: LegId
    paused: bool


@dataclass(frozen=True, slots=True)
class MoveRecord:
    """Go on with the leg's stereo recording on `to`, which takes the other side's channel."""

    leg: LegId
    to: LegId


@dataclass(frozen=True, slots=True)
class StopRecord:
    leg: LegId


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Send `digits` (0–9 * # A–D) as RFC 4733 events, one after another, unless no payload type is set."""

    leg: LegId
    digits: str
    duration_ms: int = 100
    gap_ms: int = 60


@dataclass(frozen=True, slots=True)
class HearDigit:
    """A key press that came by other means than RTP. Answer: `Digit`, unless RTP told it too."""

    leg: LegId
    digit: str
    method: str
    "`info`."
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Interruption:
    """How the caller interrupts an agent, where it may at all (`media.agent.barge_in`)."""

    reversible: bool = False
    "Pause at first speech, and go on unless it is confirmed."
    confirm: tuple[str, ...] = ("duration", "words", "agent")
    "Any of these makes an interruption of a pause."
    confirm_after: float = 0.6
    "Voice of so long [s]."
    words: int = 2
    "So many words of the caller in the agent's transcript."
    decide_within: float = 3.0
    "Longest pause while the caller speaks [s]."
    grace: float = 0.0
    "So long after a turn of the agent began it is not interrupted [s]."
    digits: bool = False
    "A key press interrupts."
    echo_guard: bool = True
    "The agent's own echo does not interrupt it."
    neural: bool = False
    "Only what a neural network takes for a voice too is speech (`media.agent.second_opinion`)."


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What some dialects need and others ignore."""

    variant: str = ""
    "Of `twilio`: `telnyx` or `signalwire`; of `asterisk`: `plain` (text control) or `json`."
    audio: str = ""
    "`ulaw` or `pcm`, where the dialect lets us choose; empty: its own choice."
    model: str = ""
    greeting: str = ""
    "What a vendor's agent says first, or is told to; empty: as its own settings have it."
    session: str = field(default="{}", repr=False)  # tools in it may hold keys
    "A JSON object that is put into the vendor's own settings."
    first_audio_timeout: float = 0.0
    "The agent fails when it is silent so long after the socket is open [s]; 0: it may be."
    reconnect: bool = False
    "Dial once more when the socket breaks, where the dialect can resume."
    allow: tuple[str, ...] = ("hangup", "dtmf", "hold", "mute", "play")
    "What the agent may ask of its call."
    interruption: Interruption = Interruption()
    tools: str = "[]"
    "Told to the vendor: a JSON list of name, description and parameters (JSON Schema)."
    language: str = "en-US"
    "That callers speak and hear, of agents that know text alone."
    call_tools: bool = False
    "Control of the call is offered as tools (`media.agent.toolbox`)."


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """How to reach and treat one AI agent (`agents:` in the YAML)."""

    name: str
    dialect: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # may hold keys
    sample_rate: int = 8000
    "Of the audio on the socket [Hz], where the dialect leaves it open: 8000, 16000 or 24000."
    barge_in: bool = True
    connect_timeout: float = 5.0
    "[s]"
    max_queue: float = 60.0
    "Agent audio kept for playout at most [s]; what comes beyond is dropped and counted."
    options: AgentOptions = field(default_factory=AgentOptions)
    trusted: bool = True
    "May be reached at private addresses."


@dataclass(frozen=True, slots=True)
class AttachAgent:
    """Dial the agent's socket and join it to the leg, replacing echo or bridge.

    Answers: `AgentConnected`, then `AgentFailed` or `AgentEnded` once.
    """

    leg: LegId
    agent: AgentSpec
    call_id: str
    account_id: str
    parameters: tuple[tuple[str, str], ...] = ()
    "Told to the agent at start (Twilio: `customParameters`)."


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What the tool call `call` of an `AgentToolCall` gave."""

    call: str
    result: str
    "Text, JSON as a rule."
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An `AgentAsked` was carried out, or refused because of `error`."""

    number: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """Text for the agent that nobody spoke: a briefing, what an operator typed."""

    text: str


@dataclass(frozen=True, slots=True)
class TellAgent:
    """Pass something on to the leg's agent, if it has one that is connected."""

    leg: LegId
    news: ToolResult | Answer | Words


@dataclass(frozen=True, slots=True)
class Release:
    """Give up the leg: stop everything, send RTCP BYE, free slot and ports. Answer: `Released`."""

    leg: LegId


Command = (
    Allocate
    | Connect
    | Echo
    | Bridge
    | Join
    | ChangeRole
    | Adjust
    | Detach
    | Play
    | Tone
    | PausePlay
    | SeekPlay
    | StopPlay
    | Record
    | PauseRecord
    | MoveRecord
    | StopRecord
    | SendDigits
    | HearDigit
    | AttachAgent
    | TellAgent
    | Release
)

# Events.


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
    | DigitsSent
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
