"""The CDR of a call, and the causes that its end has in other networks."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from edge.journal import Cdr
from media import port

if TYPE_CHECKING:
    from edge.call.call import Call

Q850: Final = {
    400: 111, 403: 21, 404: 1, 408: 102, 410: 22, 480: 18, 481: 111, 482: 25, 484: 28, 486: 17, 487: 127,
    488: 79, 500: 41, 501: 79, 503: 41, 504: 102, 600: 17, 603: 21, 604: 1, 606: 79,
}  # fmt: skip
"Q.850 causes of final statuses (RFC 3398 §8.2.6.1); 31, normal unspecified, for others."


def q850_of(disposition: str, status: int) -> int:
    """16, normal clearing, for a call that went well; 41, temporary failure, for one that broke off."""
    if status < 300:
        return 16 if disposition == "answered" else 41
    return Q850.get(status, 31)


def cdr_of(call: "Call", disposition: str, cause: str, status: int, ended_at: int) -> Cdr:
    sides = {call.treatment.side(call, leg): plain(leg.stats) for leg in call.legs.values() if leg.stats}
    return Cdr(
        call.id,
        call.route.account.id,
        call.session.invite.call_id,
        call.route.direction,
        call.caller,
        call.callee,
        f"{call.route.target.kind}:{call.route.target.value}",
        call.started_at,
        call.answered_at,
        ended_at,
        disposition,
        cause,
        status,
        q850_of(disposition, status),
        dict(sides),
    )


def plain(value: port.Event | port.LegStats) -> dict[str, Any]:
    """Its fields, for keyword arguments; flat, so without the deep copy of `asdict`."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def trace_media(call: "Call", event: port.Event, now: float) -> None:
    """One row of what happened in the audio of a leg."""
    name, side = type(event).__name__, call.treatment.side(call, call.legs[event.leg])
    data = plain(event)
    del data["leg"]
    if call.trace.secret and "digit" in data:
        data["digit"] = "*"
    call.trace.add(now, "agent" if name.startswith("Agent") else "media", name, side=side, **data)
