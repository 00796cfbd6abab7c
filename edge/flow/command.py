"""The eight commands of a flow (S004-32): what the machine asks of whoever carries the call.

Natively `edge/command` carries them out; over `POST /flow` they travel as plain JSON (`wire`), where say
is `play` with a text, an AI agent is `dial` with an agent, and a webhook is `noop` while we fetch.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from config.value import dataclass
from edge.flow.value import Value


@dataclass(frozen=True, slots=True)
class Sound:
    """One thing to hear: exactly one of text, file, name and recording."""

    text: str = ""
    "Spoken by `voice`."
    voice: str = "en-us"
    file: str = ""
    "Absolute path of a WAV."
    name: str = ""
    "A system prompt or tone of ours."
    recording: str = ""
    "Key of what this call has recorded."
    personal: str = ""
    "A user whose own greeting is heard instead, if there is one."


@dataclass(frozen=True, slots=True)
class Play:
    """Outcomes: done, failed."""

    sounds: tuple[Sound, ...] = ()
    loop: bool = False
    seconds: float = 0.0
    "At most; 0: to the end."
    digits: str = ""
    "Sent as telephone events instead."
    controls: Mapping[str, str] = field(default_factory=dict)
    "Key of the caller → `pause` (and on again), `back`, `forward`, `restart` or `stop`."
    step_ms: int = 0
    "Of `back` and `forward`."


@dataclass(frozen=True, slots=True)
class Gather:
    """Outcomes: digit:<all digits>, timeout, invalid, failed."""

    sounds: tuple[Sound, ...] = ()
    min_digits: int = 1
    max_digits: int = 1
    terminators: str = ""
    timeout: float = 5.0
    "For the first digit, after the prompts [s]."
    inter_digit_timeout: float = 3.0
    "[s]"
    barge_in: bool = True
    "A digit stops the prompts; else digits count only after them."
    secret: bool = False
    "The digits are nobody's business: masked in trace and logs."


@dataclass(frozen=True, slots=True)
class Dial:
    """Outcomes: answered (when the conversation is over), no_answer, busy, failed.

    Of an agent: done, no_answer, failed, digit:<d>.
    """

    to: tuple[str, ...] = ()
    "Users, extensions or public numbers."
    agent: str = ""
    sequential: bool = False
    "One after another instead of all at once."
    ring_timeout: float = 25.0
    "Of each attempt [s]."
    caller_id: str = ""
    "Shown instead of the caller's number."
    early_media: bool = True
    "The caller hears what a single party sends before it answers."
    whisper: tuple[Sound, ...] = ()
    "Heard by who answers before the two are joined."
    confirm: str = ""
    "The key by which who answers takes the call; others ring on until somebody does. Empty: none."
    confirm_timeout: float = 10.0
    "For the key, after the whisper [s]."
    parameters: Mapping[str, str] = field(default_factory=dict)
    "Told to the agent."
    exit_digits: str = ""
    "Any of these leaves the agent."


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Outcomes: answered (when the conversation is over), timeout, no_agents, digit:<d>, failed."""

    queue: str
    priority: int = 0
    "Higher is served first."
    skills: Mapping[str, int] = field(default_factory=dict)
    "Name → least level of the agents who are rung, beside those of the queue."
    max_wait: float = 0.0
    "Instead of the queue's [s]; 0: the queue's."
    exit_digits: str = ""
    "Any of these leaves the queue."
    whisper: tuple[Sound, ...] = ()
    "Heard by who takes the call, behind the queue's own."
    since: int = 0
    "Has waited since then [ms UTC]; 0: since now."
    offer: tuple[Sound, ...] = ()
    "Heard between the music, with the announcements."


@dataclass(frozen=True, slots=True)
class Record:
    """Outcomes: done with data key and milliseconds, failed; of a whole call done or failed, at once."""

    folder: str = "rec"
    "`vm`, `rec` or `greeting`: second part of the key."
    mailbox: str = ""
    "The user whose message it is."
    beep: bool = True
    max_seconds: float = 120.0
    silence_seconds: float = 4.0
    "So much silence ends it; 0: none does."
    terminators: str = "#"
    call: str = ""
    "`on`, `off` or `pause`: of the recording of the whole call; nothing else counts then."


@dataclass(frozen=True, slots=True)
class Conference:
    """Outcomes: done, failed."""

    room: str
    pin: str = ""
    moderator: bool = False


@dataclass(frozen=True, slots=True)
class Hangup:
    cause: str = "normal"
    status: int = 0
    "SIP status when the call was not answered; 0: by the cause."
    tone: float = 0.0
    "So long the caller hears the tone of the cause first, in early media where nothing was answered [s]."


@dataclass(frozen=True, slots=True)
class Fetch:
    """One HTTP request of a flow. Outcome data: status, body (decoded JSON, or text), error."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # may hold keys
    body: Value = None
    "Sent as JSON; None: no body."
    timeout: float = 5.0
    "Of each try [s]."
    retries: int = 1


@dataclass(frozen=True, slots=True)
class Consult:
    """One step through the messages of a mailbox; what was heard or erased before is told first.

    Outcome data: new and old, how many there are; of the message asked for key, caller and at [ms UTC],
    absent when there is none.
    """

    mailbox: str
    index: int = 0
    "Of the message, oldest first."
    before: int = 0
    "Among those that were heard before this moment [ms UTC]; 0: among the new ones."
    heard: str = ""
    "Key of a message that is not new any more."
    erase: str = ""
    "Key of a message that nobody wants any more."


@dataclass(frozen=True, slots=True)
class Pledge:
    """A promise to call somebody back when the turn comes. Outcome data: id; of a refusal code and text."""

    queue: str
    number: str
    call: str = ""
    "Id of the caller's."
    name: str = ""
    "Of the caller, told to the agent."
    did: str = ""
    "Which was called: shown to who is called back."
    inside: bool = False
    "The caller is a user of the account."
    since: int = 0
    "Has waited since then [ms UTC]; 0: since now."
    priority: int = 0
    skills: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Noop:
    """Nothing to hear: we are busy. Outcomes: done, failed."""

    fetch: Fetch | Consult | Pledge | None = None
    poll_ms: int = 200


Command = Play | Gather | Dial | Enqueue | Record | Conference | Hangup | Noop


@dataclass(frozen=True, slots=True)
class Issued:
    """A command on its way; an outcome for another `seq` is late."""

    seq: int
    node_id: str
    command: Command

    def wire(self) -> dict[str, Any]:
        """The body of `POST /flow`'s answer (S004-34)."""
        name = type(self.command).__name__.lower()
        return {"command": name, "node_id": self.node_id, "params": params(self.command), "seq": self.seq}


def params(command: Command) -> dict[str, object]:
    """What differs from the defaults, in plain values; what we do ourselves during a noop stays here."""
    if isinstance(command, Noop):
        return {"poll_ms": command.poll_ms}
    plain: dict[str, object] = {}
    for name, default in _FIELDS[type(command)]:
        value = getattr(command, name)
        if name == "sounds":
            plain |= _sounds(value)
        elif name in ("whisper", "offer"):
            plain |= {name: _prompts(value)} if value else {}
        elif name in ("early_media", "confirm_timeout") and value == default:
            continue  # of dialling people alone
        elif value or (value is not default and name in ("barge_in", "beep", "early_media")):
            plain[name] = list(value) if isinstance(value, tuple) else value
    return plain


_FIELDS: Final = {
    kind: tuple((name, part.default) for name, part in kind.__dataclass_fields__.items())
    for kind in (Play, Gather, Dial, Enqueue, Record, Conference, Hangup)
}
"Of each command that travels: its parameters and their defaults."


def _sounds(sounds: tuple[Sound, ...]) -> dict[str, object]:
    """One sound stands in the params themselves: `play {text}`."""
    plain = _prompts(sounds)
    return dict(plain[0]) if len(plain) == 1 else {"prompts": plain} if plain else {}


def _prompts(sounds: tuple[Sound, ...]) -> list[dict[str, str]]:
    """Each by the one thing that it is."""
    plain = []
    for sound in sounds:
        if sound.text:
            personal = {"personal": sound.personal} if sound.personal else {}
            plain.append({"text": sound.text, "voice": sound.voice, **personal})
        else:
            kinds = {"file": sound.file, "name": sound.name, "recording": sound.recording}
            plain.append({kind: value for kind, value in kinds.items() if value})
    return plain
