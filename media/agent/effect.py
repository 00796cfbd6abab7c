"""What a session of an agent may ask for."""

from dataclasses import dataclass

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


Effect = Send | Close | Redial | Relane | Listen | SendDigits | Event
