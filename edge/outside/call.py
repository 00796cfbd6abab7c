"""A call that an outside edge carries and we admitted, and what its edge tells of it (S004-13…28, 40…43)."""

from dataclasses import field

from config.value import dataclass
from edge.agenda import Alarm
from edge.journal import CallId, Cdr
from edge.outside.answer import Json
from edge.routing.route import Route
from edge.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class RouteAsked:
    """`POST /route`."""

    call_id: str
    "Of SIP, as the outside edge knows it."
    caller: str
    "User part of From."
    caller_domain: str
    dialled: str
    "User part of the request URI."
    dialled_domain: str = ""
    "Empty: the caller's own."
    source: str = ""
    "Address from which the outside edge has it; a trunk is known by it."
    authenticated: bool | None = None
    "What the outside edge says of From; None: it does not say."
    campaign: bool = False
    here: str = ""
    "Our `host:port` for SIP as the outside edge sees it."


@dataclass(frozen=True, slots=True)
class DialogEvent:
    """`POST /presence/event` of type `dialog`."""

    account: str
    call_id: str
    event: str
    "start, ringing, answered or end."
    cause: str = ""
    "Why it ended: a SIP status, or a word."


_STATUS = {"busy": 486, "no_answer": 480, "timeout": 480, "cancelled": 487, "canceled": 487, "cancel": 487}
_DISPOSITIONS = {486: "busy", 600: "busy", 480: "no_answer", 408: "no_answer", 487: "cancelled"}
_Q850 = {"answered": 16, "busy": 17, "no_answer": 18, "cancelled": 31, "failed": 41}


@dataclass(slots=True)
class OutsideCall:
    id: CallId
    sip_call_id: str
    route: Route
    "As it was dialled."
    reached: Route
    "At the end of all forwards."
    caller: str
    callee: str
    trace: Trace
    started_at: int
    "[ms UTC]"
    rtjson: Json = field(default_factory=dict)
    held: list[CallId] = field(default_factory=list)
    "Under which it holds channels: itself, and each hop of a forward."
    alarm: Alarm | None = None
    "It is over when nothing is heard of it by then."
    answered_at: int | None = None

    def ended(self, cause: str, wall: int) -> Cdr:
        """Args: cause: a SIP status, or a word."""
        status = (
            int(cause) if cause.isdecimal() and cause.isascii() and len(cause) == 3 else _STATUS.get(cause, 0)
        )
        if self.answered_at is not None:
            disposition, status = "answered", 200
        else:
            disposition = _DISPOSITIONS.get(status, "failed")
        return Cdr(
            self.id,
            self.route.account.id,
            self.sip_call_id,
            self.route.direction,
            self.caller,
            self.callee,
            f"{self.reached.target.kind}:{self.reached.target.value}",
            self.started_at,
            self.answered_at,
            wall,
            disposition,
            cause or disposition,
            status,
            _Q850[disposition],
        )
