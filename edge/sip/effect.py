"""What the transaction layer asks of the world, oldest first.

`Send` is for the transport; the rest goes up to the transaction user. Neither is ever called
back from inside the layer: whoever drives it takes the effects and carries them out.
"""

import enum
from typing import NewType

from config.value import dataclass
from edge.sip.flow import Flow
from edge.sip.message import Request, Response

ClientKey = NewType("ClientKey", str)
"Names a client transaction of ours (§17.1.3)."
ServerKey = NewType("ServerKey", str)
"Names a server transaction (§17.2.3)."


class EndReason(enum.Enum):
    TIMEOUT = "no final response before timer B or F, or after our CANCEL"
    UNREACHABLE = "the transport could not deliver"


@dataclass(frozen=True, slots=True)
class Send:
    """Put `data` on the wire; `key` is None for what belongs to no transaction."""

    data: bytes
    flow: Flow
    key: ClientKey | ServerKey | None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A new request: answer it by `respond(key, …)`.

    An ACK is passed up if it belongs to a 2xx, or to nothing: `key` is then None, or that of the INVITE whose
    branch it has against §13.2.2.4. `flow` is where it came from.
    """

    request: Request
    flow: Flow
    key: ServerKey | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The peer withdrew the INVITE `key`, which has no final response yet: answer it 487.

    The CANCEL itself, `request`, has been answered.
    """

    key: ServerKey
    request: Request


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """No ACK came for the non-2xx final response to INVITE `key` (timer H)."""

    key: ServerKey


@dataclass(frozen=True, slots=True)
class Answer:
    """A response to the request `key`: each provisional one, one final one, but every 2xx to an INVITE."""

    key: ClientKey
    response: Response


@dataclass(frozen=True, slots=True)
class Failed:
    """The request `key` will have no final response."""

    key: ClientKey
    reason: EndReason


Effect = Send | Incoming | Cancelled | Unacknowledged | Answer | Failed
