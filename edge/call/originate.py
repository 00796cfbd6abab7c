"""A call that we begin: there is no INVITE, and the first who answers has the caller's place.

::

    originate ─▶ Call, live ─▶ its treatment rings ─ answered ─▶ seat: near side of a call like any other
                                               └ nobody ─▶ finish ─▶ Cdr

It is one call with one CDR. It takes no channels of its own: each party that is rung takes its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from edge.call.call import Call, State
from edge.call.ground import Ground
from edge.call.hunt import Hunt
from edge.call.no_caller import NoCaller
from edge.call.treatment import Treatment
from edge.ident import call_id
from edge.journal import CallId, Journal, OpenCall
from edge.routing.route import Route
from edge.trace.trace import Trace
from edge.trunk.caller import Caller


@dataclass(slots=True)
class Origination:
    """Begins calls; one per edge."""

    ground: Ground
    journal: Journal
    calls: dict[CallId, Call]
    "Live ones, by our id."
    waiting: Callable[[Trace, float], None]
    "A trace has rows for the journal."
    shut: Callable[[], bool]
    "We take no new calls: about to stop, or live audio fills us."

    @property
    def closed(self) -> bool:
        """No call may begin now."""
        return self.shut() or len(self.calls) >= self.ground.limits.calls or self.journal.saturated

    def begin(self, route: Route, treatment: Treatment, *, caller: Caller, callee: str, now: float) -> Call:
        """
        Args:
            route: what the call is for until somebody is `seat`ed.
            caller: shown to who is rung first.
        """
        ground = self.ground
        id = call_id(ground.wall(now), ground.random)
        trace = Trace(id, ground.wall, ground.limits.trace_events, self.waiting)
        call = Call(id, ground, NoCaller(), route, treatment, trace, caller=caller, callee=callee, now=now)
        call.sdp = b""  # nobody waits for a description
        call.state = State.LIVE
        self.calls[id] = call
        self.journal.opened(
            OpenCall(id, route.account.id, "", route.direction, call.caller, callee, call.started_at)
        )
        longest = ground.limits.call_seconds
        call.alarm(now + longest, lambda at: call.finish("failed", "max_duration", at))
        treatment.begin(call, now)
        return call


def seat(call: Call, hunt: Hunt) -> None:
    """Who has answered `hunt` has the caller's place, as though he had dialled."""
    user = hunt.route.callee
    assert user is not None and hunt.session is not None and hunt.leg is not None, "a user has answered"
    assert isinstance(call.session, NoCaller), "the place is free"
    call.take_over(hunt.session, hunt.leg)
    call.callers_leg = hunt.leg
    call.session.call_id = hunt.session.call_id
    call.identity = Caller(user.number, user.name)
    call.caller = user.number
    call.route = replace(call.route, caller=user)
