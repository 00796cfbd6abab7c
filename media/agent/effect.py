"""What a session of an agent may ask for."""

from config.value import dataclass
from media.agent.contract import Message
from media.port import Event, SendDigits


@dataclass(frozen=True, slots=True)
class Send:
    message: Message


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket in good order, once what was sent has gone."""

    code: int = 1000


@dataclass(frozen=True, slots=True)
class Redial:
    """Open another socket to the same agent."""


@dataclass(frozen=True, slots=True)
class Relane:
    """The dialect's encodings are other ones now: answer by `Session.adopt`."""


@dataclass(frozen=True, slots=True)
class Listen:
    """`Session.hears` or `Session.muted` has changed."""


@dataclass(frozen=True, slots=True)
class Utter:
    """Make audio of a text: answer by `Session.spoken`."""

    text: str
    item: str
    voice: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Answer by `Session.finished` when every text before has been spoken."""

    reason: str


@dataclass(frozen=True, slots=True)
class Attend:
    """The caller speaks, or has ended: write down what was said, and answer by `Session.prompted`."""

    speaking: bool
    language: str


@dataclass(frozen=True, slots=True)
class Hush:
    """Speak none of the texts that wait."""


Effect = Utter | Finish | Attend | Hush | Send | Close | Redial | Relane | Listen | SendDigits | Event
