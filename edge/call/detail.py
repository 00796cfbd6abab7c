"""What is told of a call: its CDR, a row of its trace for what happened in the audio, what lamps show."""

from typing import TYPE_CHECKING, Any, Final

from edge.call.cause import q850
from edge.directory import User
from edge.event.line import Line, Stage
from edge.journal import Cdr
from media import port

if TYPE_CHECKING:
    from edge.call.call import Call

_SPEECH: Final = (port.SpeechStarted, port.SpeechStopped)


def line_of(call: "Call", user: User, stage: Stage) -> Line:
    """What lamps of `user` show."""
    dialled = user is call.route.caller
    waits = stage is Stage.EARLY and call.treatment.rings(call)
    caller = "" if call.identity.private else call.caller
    return Line(call.id, dialled, stage, call.callee if dialled else caller, waits)


def cdr_of(call: "Call", disposition: str, cause: str, status: int, ended_at: int) -> Cdr:
    # A leg that rang for nothing, such as that of browsers when a phone answers, has nothing to tell.
    legs = (leg for leg in call.legs.values() if leg.stats and leg.negotiated)
    sides = {call.treatment.side(call, leg): plain(leg.stats) for leg in legs if leg.stats}
    media: dict[str, object] = dict(sides)
    release = q850(disposition, status)
    if call.promised:
        media["callback"] = call.promised
        disposition = "callback" if disposition == "answered" else disposition
    if call.recording.keys:
        media["recordings"] = list(call.recording.keys)
    talks = [told for leg in call.legs.values() if (told := leg.talk.summary())]
    if talks:
        media["agents"] = talks
    service = call.ground.acd.ledger.service(call.ticket)
    return Cdr(
        call.id,
        call.route.account.id,
        call.session.call_id,
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
        release,
        media,
        queue=None if service is None else service.queue,
        agent=None if service is None else service.agent,
        wait_ms=None if service is None else round(service.wait * 1000),
    )


def plain(value: port.Event | port.LegStats) -> dict[str, Any]:
    """Its fields, for keyword arguments; flat, so without the deep copy of `asdict`."""
    # Not `fields()`, which looks for pseudo-fields on every call: there are none.
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def trace_media(call: "Call", event: port.Event, now: float) -> None:
    """One row of what happened in the audio of a leg."""
    if isinstance(event, _SPEECH) and call.ground.conferences.holds(event.leg):
        return  # a conference of an hour has thousands of them
    name, side = type(event).__name__, call.treatment.side(call, call.legs[event.leg])
    call.legs[event.leg].talk.note(event)
    data = plain(event)
    del data["leg"]
    if isinstance(event, port.AgentTurn):
        # On the call's clock, like positions in its recording.
        for edge in ("began", "ended"):
            data[f"{edge}_ms"] = max(0, call.ground.wall(data.pop(edge)) - call.started_at)
    if call.trace.secret and "digit" in data:
        data["digit"] = "*"
    call.trace.add(now, "agent" if name.startswith("Agent") else "media", name, side=side, **data)
