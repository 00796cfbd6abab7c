"""What the edge asks of the audio plane, each with the event that answers it."""

from config.value import dataclass
from media.port.agent import AgentSpec, Answer, ToolResult, Words
from media.port.leg import Codec, Crypto, Direction, LegId, RoomId, WebRtc


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
    info: bool = False
    "Without `dtmf`, keys are `DigitDue` instead of tones."
    tones: bool | None = None
    "Keys are looked for in the audio; None: where `dtmf` is None."
    flash: bool = False
    "The peer reads event 16, flash, of `dtmf`."


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
    """Pass digits on to the other leg, each once in the way that it takes them.

    Tones go on in the audio to who takes tones alone, and are taken out of it for others."""


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
    """Send `digits` (0–9 * # A–D) one after another: as RFC 4733 events, by SIP INFO, or as tones.

    Answer: `DigitsSent`.
    """

    leg: LegId
    digits: str
    duration_ms: int = 100
    gap_ms: int = 60
    tones: bool = False
    "As tones, whatever the peer takes."


@dataclass(frozen=True, slots=True)
class HearDigit:
    """A key press that came by other means than RTP. Answer: `Digit`, unless RTP told it too."""

    leg: LegId
    digit: str
    "Or `!`: flash."
    method: str
    "`info`."
    duration_ms: int


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
