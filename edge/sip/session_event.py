"""What a session tells the leg that owns it: one value each (RFC 3261 §13–§15)."""

import enum

from config.value import dataclass
from edge.sip.message import Response
from edge.sip.refer import Refer


class By(enum.Enum):
    LOCAL = "we"
    REMOTE = "the peer"
    NETWORK = "nobody: the peer fell silent or out of reach"


@dataclass(frozen=True, slots=True)
class Progress:
    """A provisional response above 100 to our INVITE; `body` is SDP or empty."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """The callee picked up; `body` is its SDP answer. The ACK has left."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Our INVITE failed; 408 and 503 are made up for a timeout and an unreachable peer."""

    status: int
    reason: str
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Acked:
    """The peer has our 200 to an INVITE; `body` is its SDP answer if the offer was ours."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Reoffer:
    """A re-INVITE or UPDATE; answer by `agree` or `disagree`. An empty body asks us to offer."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Reanswered:
    """The peer's SDP answer to a re-INVITE by which we kept the session alive."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Referred:
    """The peer asks for a transfer; answer by `Session.referral`."""

    refer: Refer


@dataclass(frozen=True, slots=True)
class Info:
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over; nothing follows."""

    by: By
    cause: str
    "bye, cancelled, no_ack or session_expired."
    reason: str = ""
    "The peer's Reason header (RFC 3326), if it sent one."


SessionEvent = Progress | Answered | Refused | Acked | Reoffer | Reanswered | Referred | Info | Ended
