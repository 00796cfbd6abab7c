"""One party being rung for a call: a user's devices, or a number on a trunk, until somebody has answered.

A user's devices ring in parallel, in sequence or only the best; the first to answer wins, and the others get
CANCEL with a Reason (RFC 3326). Who answers without audio that we could use is out like who refuses: its 200
is acknowledged, BYE follows, and the others ring on. When all are out, the best of their answers is told
(RFC 3261 §16.7 step 6).
A trunk's servers are tried one after another. Who asked for the ringing hears of it by `Rings`.
"""

import weakref
from collections import deque
from typing import Final, Protocol

from edge.agenda import Alarm
from edge.call.aim import aim
from edge.call.call import Call
from edge.call.cause import ELSEWHERE
from edge.call.info import hear
from edge.call.leg import Leg, Port
from edge.call.outgoing import Destination, device_destination, invite
from edge.call.refused import rank, redirection, refusal_of, unusable
from edge.call.servers import TrunkServers
from edge.directory import AudioTerms, Trunk, User
from edge.error import Refusal
from edge.sip.calling import CallingSession
from edge.sip.locate import Located
from edge.sip.session import (
    Acked,
    Answered,
    Ended,
    Headers,
    Info,
    Progress,
    Reanswered,
    Referred,
    Refused,
    Reoffer,
    Session,
    SessionEvent,
    State,
)
from edge.sip.uri import Uri
from edge.trunk.reach import allowed

_UNANSWERED: Final = 'SIP;cause=408;text="No answer"'
_UNUSABLE: Final = 'SIP;cause=488;text="Not Acceptable Here"'


class Rings(Protocol):
    """What is made of it; with `early` and `answered` the leg is connected, not yet joined to the caller."""

    def progressed(self, ringing: "Ringing", status: int, now: float, *, early: bool) -> None:
        """Args: early: the other side sends audio already."""

    def answered(self, ringing: "Ringing", now: float) -> None: ...

    def refused(self, ringing: "Ringing", refusal: Refusal, now: float) -> None:
        """Nobody is left to ring."""

    def unanswered(self, ringing: "Ringing", now: float) -> None:
        """It has rung long enough; end the ringing."""

    def left(self, ringing: "Ringing", event: Ended, now: float) -> None:
        """Who had answered is gone."""


class Ringing:
    def __init__(
        self,
        call: Call,
        owner: Rings,
        *,
        callee: User | None = None,
        trunk: Trunk | None = None,
        number: str = "",
        seconds: float,
        caller: str = "",
        early_media: bool = True,
        headers: Headers = (),
    ) -> None:
        """
        Args:
            callee: whose devices ring; None: `number` is dialled on `trunk`.
            seconds: so long it rings; in sequence, so long each device does.
            caller: the number that is shown; empty: the caller's own.
            headers: more of them for each INVITE.
        """
        self.leg: Leg | None = None
        "Of who has answered, or speaks already; before that, of whoever may."
        self.redirect: Uri | None = None
        "Where a phone has sent the call by a 3xx, when `refused` comes."
        self._call = call
        # Weak, as the owner holds this: a circle would wait, with all it holds, for the collector.
        self._owner: Rings = weakref.proxy(owner)
        self._callee = callee
        self._trunk = trunk
        self._number = number
        self._seconds = seconds
        self._caller = caller
        self._early_media = early_media
        self._headers = headers
        self._legs: dict[bool, Leg] = {}
        "By whether it is for browsers, which take another offer than phones."
        self._sessions: dict[CallingSession, Leg] = {}
        self._ringing: list[CallingSession] = []
        self._winner: CallingSession | None = None
        self._best: tuple[tuple[int, int], Refusal] | None = None
        "The refusal that the caller is told if nobody is left, and its rank."
        self._rounds: deque[list[Destination]] = deque()
        self._early = False
        self._over = False
        self._servers: TrunkServers | None = None
        self._alarm: Alarm | None = None

    def start(self, now: float) -> None:
        if self._trunk is not None:
            self._find_trunk(self._trunk)
            return
        callee = self._callee
        assert callee is not None, "who rings is a user or a number on a trunk"
        names = (callee.number, *callee.usernames)
        bindings = self._call.ground.bindings
        found = (
            device_destination(self._call, binding)
            for name in dict.fromkeys(names)
            for binding in bindings(callee.account, name, now)
        )
        self._ring([destination for destination in found if destination is not None], now)

    @property
    def connected(self) -> bool:
        """Somebody has answered, and nobody has ended it."""
        return self._winner is not None and not self._over

    @property
    def winner(self) -> Session | None:
        """Who has answered."""
        return self._winner

    def owns(self, session: Session) -> bool:
        return session in self._sessions

    def awaits(self, leg: Leg) -> bool:
        """Whether this port was asked for by us, and is still of use."""
        return not self._over and (leg is self.leg or leg in self._legs.values())

    def allocated(self, leg: Leg, now: float) -> None:
        """The port of `leg`, which is ours, is there."""
        if self._servers is None:
            if all(leg.state is Port.TAKEN for leg in self._legs.values()):
                self._next_round(now)
            return
        if self._alarm is None:
            self._alarm = self._call.alarm(now + self._seconds, self._unanswered)
        self._ring_server(leg, now)

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        assert isinstance(session, CallingSession), "our own sessions are calling ones"
        call, leg = self._call, self._sessions[session]
        match event:
            case Progress(status, body):
                self._progress(leg, status, body, now)
            case Answered(body):
                self._answered(session, body, now)
            case Refused():
                self._refused(session, event, now)
            case Reoffer(body):
                call.renegotiate(session, leg, body, now)
            case Acked(body):
                call.acknowledged(leg, body, now)
            case Reanswered(body):
                call.reanswered(leg, body, now)
            case Info():
                hear(call, leg, event, now)
            case Referred(refer):
                call.treatment.referred(call, session, refer, now)
            case Ended() if session is self._winner and not self._over:
                self._owner.left(self, event, now)

    def end(self, now: float, reason: str) -> None:
        """Give up whatever rings or talks. `reason`: a Reason header value."""
        self._over = True
        if self._alarm is not None:
            self._alarm.cancel()
        for session in self._ringing:
            session.cancel(now, reason)
        self._ringing.clear()
        if self._winner is not None and self._winner.state is State.CONFIRMED:
            self._winner.bye(now, reason)

    def leave(self, now: float, reason: str) -> None:
        """`end`, in a call that goes on: the port is given back too."""
        self.end(now, reason)
        # One that is still on its way is given back when it comes.
        for leg in {self.leg, *self._legs.values()}:
            if leg is not None:
                self._call.release(leg)

    # Inside.

    def _own(self, session: CallingSession, leg: Leg) -> None:
        self._sessions[session] = leg
        self._call.ground.own(session, self._call)

    def _find_trunk(self, trunk: Trunk) -> None:
        def found(located: Located, now: float) -> None:
            if self._over:
                return
            ground = self._call.ground
            located = allowed(trunk, located)
            self._servers = TrunkServers(
                trunk, self._number, located.targets, ground, now, self._caller, self._headers
            )
            if self._servers:
                self._next_server(now)
                return
            fix = f"mend proxy of trunk {trunk.name}: {trunk.proxy}"
            why = located.why or "no listener reaches its addresses"
            text = f"the trunk's proxy cannot be found: {why}"
            self._owner.refused(self, Refusal("trunk_unreachable", 503, text, fix), now)

        self._call.resolve(Uri.parse(trunk.proxy), found)

    def _next_server(self, now: float) -> None:
        assert self._servers is not None, "a trunk has servers"
        flow = self._servers.next_flow
        self._forget_early()
        if self.leg is None or (":" in self.leg.address) is not (":" in flow.remote[0]):
            assert self._trunk is not None, "servers are a trunk's"
            self.leg = self._call.leg_for(flow, self._trunk.audio)
            self._call.add_leg(self.leg)
        else:
            self._ring_server(self.leg, now)

    def _ring_server(self, leg: Leg, now: float) -> None:
        assert self._servers is not None, "a trunk has servers"
        call = self._call
        session = self._servers.invite(call, leg.offer(), now)
        call.trace.add(now, "route", "ring", uri=str(session.invite.uri), flow=str(session.flow))
        self._ringing.append(session)
        self._own(session, leg)
        session.start(now)
        if self._servers:
            call.alarm(now + call.ground.limits.server_timeout, lambda at: self._leave_silent(session, at))

    def _leave_silent(self, session: CallingSession, now: float) -> None:
        if session not in self._ringing or session.heard:
            return
        assert self._servers is not None, "a trunk has servers"
        if self._servers.silent(now):
            self._call.trace.add(now, "call", "server_silent", flow=str(session.flow))
            self._ringing.remove(session)
            session.cancel(now)
            self._next_server(now)

    def _ring(self, destinations: list[Destination], now: float) -> None:
        if not destinations:
            number = self._callee.number if self._callee is not None else ""
            fix = "register a phone with a username of this user"
            text = f"user {number} has no registered device"
            self._owner.refused(self, Refusal("not_registered", 480, text, fix), now)
            return
        match self._callee.ring if self._callee is not None else "parallel":
            case "sequential":
                self._rounds.extend([destination] for destination in destinations)
            case "first":
                self._rounds.append(destinations[:1])
            case _:
                self._rounds.append(destinations)
        terms = self._callee.audio if self._callee is not None else AudioTerms()
        for destination in (one for round in self._rounds for one in round):
            if destination.flow.is_web not in self._legs:
                self._legs[destination.flow.is_web] = leg = self._call.leg_for(destination.flow, terms)
                self._call.add_leg(leg)
        self.leg = next(iter(self._legs.values()))

    def _next_round(self, now: float) -> None:
        """Ring the next devices: all of them, or one where they ring in sequence."""
        self._forget_early()
        offers = {kind: leg.offer() for kind, leg in self._legs.items()}
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._call.alarm(now + self._seconds, self._unanswered)
        for destination in self._rounds.popleft():
            uri, flow = str(destination.uri), str(destination.flow)
            self._call.trace.add(now, "route", "ring", uri=uri, flow=flow)
            kind = destination.flow.is_web
            session = invite(self._call, destination, offers[kind], self._headers, self._caller)
            self._ringing.append(session)
            self._own(session, self._legs[kind])
        for session in tuple(self._ringing):
            session.start(now)

    def _forget_early(self) -> None:
        """Whoever was heard already will not answer; the next one is offered everything."""
        if self._early and self.leg is not None:
            self.leg.forget()
        self._early = False

    def _progress(self, leg: Leg, status: int, body: bytes, now: float) -> None:
        if self._winner is not None or self._early or self._over:
            return
        if status == 199:  # RFC 6228 §4: of one early dialog, and only for callers that support it
            return
        if self._early_media and body and len(self._ringing) == 1 and leg.accept(body) is None:
            self._early, self.leg = True, leg
            aim(self._call, leg)
            self._owner.progressed(self, status, now, early=True)
        else:
            self._owner.progressed(self, 180 if status in (180, 183) else status, now, early=False)

    def _answered(self, session: CallingSession, body: bytes, now: float) -> None:
        if session in self._ringing:
            self._ringing.remove(session)
        if self._winner is not None or self._over:
            session.bye(now)  # two picked up at once
            return
        if self._servers is not None:
            self._servers.heard()
        leg = self._sessions[session]
        # After early media too: whoever rang need not be who picked up, or where (RFC 3261 §13.2.2.4).
        refusal = leg.accept(body) if body else None
        if leg.negotiated is None or (refusal is not None and not self._early):
            session.bye(now, _UNUSABLE)
            refusal = unusable(refusal)
            outcome = str(refusal.status)
            self._call.trace.add(now, "call", "branch_refused", outcome=outcome, text=refusal.text)
            self._gone(rank(refusal.status), refusal, now)
            return
        self._winner, self.leg = session, leg
        if self._alarm is not None:
            self._alarm.cancel()
        for other in self._ringing:
            other.cancel(now, ELSEWHERE)
        self._ringing.clear()
        for other_leg in self._legs.values():
            if other_leg is not leg:
                self._call.release(other_leg)
        aim(self._call, leg)
        self._owner.answered(self, now)

    def _refused(self, session: CallingSession, event: Refused, now: float) -> None:
        if session not in self._ringing:
            return
        self._ringing.remove(session)
        self._call.trace.add(now, "call", "branch_refused", outcome=str(event.status), text=event.reason)
        if self._servers is not None and self._servers.goes_on(event, now):
            self._next_server(now)
            return
        if self._servers is None and event.status < 400:
            self.redirect = redirection(event)
        if event.status >= 600 or self.redirect is not None:
            self._rounds.clear()
            for other in self._ringing:
                other.cancel(now)
            self._ringing.clear()
        self._gone(rank(event.status), refusal_of(event, self._trunk), now)

    def _gone(self, rank: tuple[int, int], refusal: Refusal, now: float) -> None:
        """One that rang is out; who is left rings on."""
        if self._best is None or rank < self._best[0]:
            self._best = rank, refusal
        if self._ringing or self._winner is not None:
            return
        if self._rounds:
            self._next_round(now)
        else:
            self._owner.refused(self, self._best[1], now)

    def _unanswered(self, now: float) -> None:
        if self._winner is not None or self._over:
            return
        if self._rounds:
            for session in self._ringing:
                session.cancel(now, _UNANSWERED)
            self._ringing.clear()
            self._next_round(now)
        else:
            self._owner.unanswered(self, now)
