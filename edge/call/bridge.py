"""A B2BUA: the caller's dialog on one side, one or several of ours on the other, audio through us.

A user's devices ring in parallel and the first to answer wins; the others get CANCEL with a Reason
(RFC 3326). When all refuse, the caller gets the best of their answers (RFC 3261 §16.7 step 6). A trunk's
servers are tried one after another.
"""

from typing import Final

from edge.agenda import Alarm
from edge.call.call import Call
from edge.call.leg import Leg
from edge.call.outgoing import Destination, device_destination, invite
from edge.call.servers import TrunkServers
from edge.call.treatment import Treatment
from edge.directory import Trunk
from edge.error import Refusal
from edge.sip.calling import CallingSession
from edge.sip.locate import Located
from edge.sip.session import (
    Acked,
    Answered,
    By,
    Ended,
    Info,
    Progress,
    Reanswered,
    Refused,
    Reoffer,
    Session,
    SessionEvent,
    State,
)
from edge.sip.uri import Uri
from media import port

_ELSEWHERE: Final = 'SIP;cause=200;text="Call completed elsewhere"'


class BridgeTreatment(Treatment):
    """Rings devices or a trunk and joins the caller to who answers."""

    def __init__(self, trunk: Trunk | None, number: str) -> None:
        """Args: trunk: to dial `number` on; None: ring the devices of the route's callee."""
        self._trunk = trunk
        self._number = number
        self._leg: Leg | None = None
        self._ringing: list[CallingSession] = []
        self._winner: CallingSession | None = None
        self._best: Refused | None = None
        self._destinations: list[Destination] = []
        self._early = False
        self._servers: TrunkServers | None = None
        self._ring_alarm: Alarm | None = None

    def begin(self, call: Call, now: float) -> None:
        if self._trunk is not None:
            self._find_trunk(call, self._trunk)
            return
        callee = call.route.callee
        assert callee is not None, "a route to devices names its user"
        names = (callee.number, *callee.usernames)
        bindings = [
            b for name in dict.fromkeys(names) for b in call.ground.bindings(callee.account, name, now)
        ]
        found = (device_destination(call, binding) for binding in bindings)
        self._ring(call, [destination for destination in found if destination is not None], now)

    def allocated(self, call: Call, leg: Leg, now: float) -> None:
        if call.ground.limits.ring_timeout and self._ring_alarm is None:
            self._ring_alarm = call.alarm(
                now + call.ground.limits.ring_timeout, lambda at: self._unanswered(call, at)
            )
        if self._servers is not None:
            self._ring_server(call, leg, now)
            return
        offer = leg.offer()
        for destination in self._destinations:
            session = invite(call, destination, offer, ())
            self._ringing.append(session)
            call.ground.own(session, call)
        for session in tuple(self._ringing):
            session.start(now)

    def session_event(self, call: Call, session: Session, event: SessionEvent, now: float) -> None:
        assert isinstance(session, CallingSession), "our own sessions are calling ones"
        match event:
            case Progress(status, body):
                self._progress(call, status, body, now)
            case Answered(body):
                self._answered(call, session, body, now)
            case Refused():
                self._refused(call, session, event, now)
            case Reoffer(body):
                assert self._leg is not None, "a dialog has its leg"
                call.renegotiate(session, self._leg, body, now)
            case Acked(body):
                assert self._leg is not None, "a dialog has its leg"
                call.acknowledged(self._leg, body, now)
            case Reanswered(body):
                assert self._leg is not None, "a dialog has its leg"
                call.reanswered(self._leg, body)
            case Info(content_type, body):
                call.trace.add(now, "call", "info", content_type=content_type, body=body)
            case Ended(by, cause, _) if session is self._winner:
                if by is By.REMOTE:
                    call.finish("answered", "callee_hangup", now)
                else:
                    call.finish("failed", cause, now)

    def end(self, call: Call, now: float, reason: str) -> None:
        for session in self._ringing:
            session.cancel(now, reason)
        if self._winner is not None and self._winner.state is State.CONFIRMED:
            self._winner.bye(now, reason)

    # Inside.

    def _find_trunk(self, call: Call, trunk: Trunk) -> None:
        def found(located: Located, now: float) -> None:
            self._servers = TrunkServers(trunk, self._number, located.targets, call.ground.reach)
            if self._servers:
                self._next_server(call, now)
                return
            fix = f"mend proxy of trunk {trunk.name}: {trunk.proxy}"
            why = located.why or "no listener reaches its addresses"
            text = f"the trunk's proxy cannot be found: {why}"
            call.refuse(Refusal("trunk_unreachable", 503, text, fix), now)

        call.resolve(Uri.parse(trunk.proxy), found)

    def _next_server(self, call: Call, now: float) -> None:
        assert self._servers is not None, "a trunk has servers"
        flow = self._servers.next_flow
        self._early = False
        if self._leg is None or (":" in self._leg.address) is not (":" in flow.remote[0]):
            self._leg = call.leg_for(flow)
            call.add_leg(self._leg)
        else:
            self._ring_server(call, self._leg, now)

    def _ring_server(self, call: Call, leg: Leg, now: float) -> None:
        assert self._servers is not None, "a trunk has servers"
        session = self._servers.invite(call, leg.offer())
        call.trace.add(now, "route", "ring", uri=str(session.invite.uri), flow=str(session.flow))
        self._ringing.append(session)
        call.ground.own(session, call)
        session.start(now)
        if self._servers:
            call.alarm(
                now + call.ground.limits.server_timeout, lambda at: self._leave_silent(call, session, at)
            )

    def _leave_silent(self, call: Call, session: CallingSession, now: float) -> None:
        if session not in self._ringing or session.heard:
            return
        assert self._servers is not None, "a trunk has servers"
        if self._servers.silent():
            call.trace.add(now, "call", "server_silent", flow=str(session.flow))
            self._ringing.remove(session)
            session.cancel(now)
            self._next_server(call, now)

    def _ring(self, call: Call, destinations: list[Destination], now: float) -> None:
        if not destinations:
            callee = call.route.callee
            fix = "register a phone with a username of this user"
            text = f"user {callee.number if callee is not None else ''} has no registered device"
            call.refuse(Refusal("not_registered", 480, text, fix), now)
            return
        self._destinations = destinations
        for destination in destinations:
            call.trace.add(now, "route", "ring", uri=str(destination.uri), flow=str(destination.flow))
        self._leg = call.leg_for(destinations[0].flow)
        call.add_leg(self._leg)

    def _progress(self, call: Call, status: int, body: bytes, now: float) -> None:
        if self._winner is not None or self._early:
            return
        assert self._leg is not None, "progress comes on a leg"
        if body and len(self._ringing) == 1 and self._leg.accept(body) is None:
            self._early = True
            call.ground.media(self._leg.connect())
            call.progress(status, now, early_media=True)
            call.ground.media(port.Bridge(call.leg.id, self._leg.id))
        else:
            call.progress(180 if status in (180, 183) else status, now)

    def _answered(self, call: Call, session: CallingSession, body: bytes, now: float) -> None:
        self._ringing.remove(session)
        if self._winner is not None:
            session.bye(now)  # two picked up at once
            return
        self._winner = session
        assert self._leg is not None, "an answer comes on a leg"
        refusal = self._leg.accept(body) if body and not self._early else None
        if refusal is not None or self._leg.negotiated is None:
            session.bye(now)
            self._winner = None
            fix = "the called phone answered without usable audio"
            call.refuse(refusal or Refusal("not_acceptable", 488, "the answer has no SDP", fix), now)
            return
        for other in self._ringing:
            other.cancel(now, _ELSEWHERE)
        self._ringing.clear()
        call.ground.media(self._leg.connect())
        if call.answer(now):
            call.ground.media(port.Bridge(call.leg.id, self._leg.id))

    def _refused(self, call: Call, session: CallingSession, event: Refused, now: float) -> None:
        if session not in self._ringing:
            return
        self._ringing.remove(session)
        call.trace.add(now, "call", "branch_refused", outcome=str(event.status), text=event.reason)
        if self._servers is not None and self._servers.goes_on(event):
            self._next_server(call, now)
            return
        if self._best is None or _rank(event.status) < _rank(self._best.status):
            self._best = event
        if event.status >= 600:
            for other in self._ringing:
                other.cancel(now)
            self._ringing.clear()
        if not self._ringing and self._winner is None:
            call.refuse(_as_refusal(self._best), now)

    def _unanswered(self, call: Call, now: float) -> None:
        if self._winner is None:
            call.finish("no_answer", "no_answer", now, 480)


def _rank(status: int) -> tuple[int, int]:
    """Lower is told to the caller: 6xx, then busy and declined, then the rest, 408, 3xx and 503 last."""
    if status >= 600:
        return (0, status)
    if status in (486, 480, 404, 488, 415):
        return (1, status)
    return (3, status) if status in (408, 503) or status < 400 else (2, status)


def _as_refusal(refused: Refused) -> Refusal:
    """A challenge or a redirection is no answer for our caller."""
    status = refused.status
    if status < 400 or status in (401, 407):
        status = 480
    code = {486: "busy", 600: "busy", 603: "declined", 408: "no_answer", 480: "unavailable"}.get(
        status, "refused"
    )
    text = f"the called side answered {refused.status} {refused.reason}"
    return Refusal(code, status, text, "see the called phone or trunk")
