"""From an AI agent to a person in the same call: the agent stays until somebody has answered.

::

    AgentAsked(transfer) ─▶ Hunt, ringback ─ answered ─▶ caller and person are joined, the agent is let go
                                          └ refused ─▶ the agent is told why, and goes on talking
"""

from typing import Final, Protocol

from edge.agenda import Alarm
from edge.call.call import Call
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.error import Refusal
from edge.routing.route import Route, route_inside
from edge.sip.session import Ended, Session, SessionEvent
from media import port

_RING: Final = "agent-ring"
_RINGBACK: Final = ((440.0, 480.0), ((2.0, 4.0),))
_CANCELLED: Final = 'SIP;cause=487;text="Given up"'


class HandsOff(Protocol):
    """Whose agent it is."""

    def stayed(self, call: Call, handoff: "Handoff", why: str, now: float) -> None:
        """Nobody has answered."""


class Handoff:
    """An `edge.call.hunt.Hunts`."""

    def __init__(self, call: Call, owner: HandsOff, number: str, request: int) -> None:
        """Args: request: of the agent, which is answered."""
        self.request = request
        self.joined = False
        "The caller talks to the person."
        self._call = call
        self._owner = owner
        self._number = number
        self._hunt: Hunt | None = None
        self._alarm: Alarm | None = None

    def start(self, now: float) -> str:
        """Seek the person; returns why not, empty when it has begun."""
        call = self._call
        route = route_inside(call.ground.directory, call.route.account, self._number, call.route.caller)
        if isinstance(route, Refusal):
            return route.text
        if route.callee is None and route.trunk_out is None:
            return f"{self._number} is nobody who can be rung"
        hunt = Hunt(call, self, route, name=f"handoff{self.request}")
        refusal = hunt.take(now)
        if refusal is not None:
            return refusal.text
        self._hunt = hunt
        self._alarm = call.alarm(now + call.ground.limits.ring_timeout, lambda at: self.unanswered(hunt, at))
        call.trace.add(now, "agent", "transfer", outcome="begun", to=self._number)
        call.ground.media(port.Tone(call.leg.id, _RING, *_RINGBACK))
        hunt.start(now)
        return ""

    @property
    def conversation(self) -> Hunt | None:
        """The person whom the caller talks to."""
        return self._hunt if self.joined else None

    # What the treatment hands on.

    def allocated(self, leg: Leg, now: float) -> bool:
        """Whether the port is ours."""
        if self._hunt is None or not self._hunt.awaits(leg):
            return False
        self._hunt.allocated(leg, now)
        return True

    def unallocated(self, leg: Leg, refusal: Refusal, now: float) -> bool:
        if self._hunt is None or not self._hunt.awaits(leg):
            return False
        self.refused(self._hunt, refusal, now)
        return True

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        if self._hunt is not None and self._hunt.owns(session):
            self._hunt.session_event(session, event, now)

    def end(self, now: float, reason: str) -> None:
        if self._hunt is not None:
            self._hunt.end(now, reason)

    # What comes of the hunt (`edge.call.hunt.Hunts`).

    def progressed(self, hunt: Hunt, status: int, now: float, *, early: bool) -> None:
        """The caller hears our ringback already."""

    def answered(self, hunt: Hunt, now: float) -> None:
        assert hunt.leg is not None, "who answers has a leg"
        self.joined = True
        self._quiet()
        call = self._call
        call.trace.add(now, "agent", "transfer", outcome="done", to=self._number)
        call.ground.media(port.Detach(call.leg.id))
        call.ground.media(port.Bridge(call.leg.id, hunt.leg.id))

    def refused(self, hunt: Hunt, refusal: Refusal, now: float) -> None:
        if hunt is not self._hunt:
            return
        self._hunt = None
        self._quiet()
        self._call.trace.add(now, "agent", "transfer", outcome=refusal.code, text=refusal.text)
        hunt.leave(now, _CANCELLED)
        self._owner.stayed(self._call, self, refusal.text, now)

    def unanswered(self, hunt: Hunt, now: float) -> None:
        if not self.joined:
            fix = "try another number, or raise limits.sip.ring_timeout"
            self.refused(hunt, Refusal("no_answer", 480, f"{self._number} does not answer", fix), now)

    def diverted(self, hunt: Hunt, route: Route, now: float) -> None:
        text = f"{self._number} is forwarded to nobody who can be rung"
        self.refused(hunt, Refusal("no_party", 404, text, "lead it there by a flow"), now)

    def left(self, hunt: Hunt, event: Ended, now: float) -> None:
        self._call.finish("answered", "callee_hangup", now)

    def _quiet(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._call.ground.media(port.StopPlay(self._call.leg.id, _RING))
