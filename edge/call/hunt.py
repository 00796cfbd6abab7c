"""One party being sought for a call: rung, and where it will not or cannot answer, its forwards and trunks.

::

    route ─▶ user: rules ─▶ Ringing ─ refused, unanswered, 3xx ─▶ the user's forward ─▶ user or number …
           └▶ number: Ringing on a trunk ─ 5xx, 408, unreachable ─▶ the next trunk of the route list

A forward has the rights of who forwards, and counts against them. At most five in all, and nobody twice:
482. Of several contacts of a 3xx each is tried where the better ones will not or cannot take the call, until
somebody says 6xx (RFC 3261 §8.1.3.4); the best of their answers is told. Busy is an answer and
never leads to another trunk.
"""

import weakref
from collections.abc import Callable
from typing import Protocol

from edge.call.call import Call
from edge.call.leg import Leg
from edge.call.refused import rank
from edge.call.ringing import Ringing
from edge.call.trunk_ringing import TrunkRinging
from edge.call.user_ringing import UserRinging
from edge.directory import User, UserId
from edge.error import Refusal
from edge.event.line import Stage
from edge.journal import CallId
from edge.routing import diversion
from edge.routing.forward import Diversion, Why, forward_of, why_refused
from edge.routing.route import MAX_HOPS, Route, route_inside
from edge.sip.session import Headers, Session
from edge.sip.session_event import Ended, SessionEvent
from edge.sip.uri import Uri
from media import port

_FORWARDED = 181


class Hunts(Protocol):
    """Who asked for the party."""

    def progressed(self, hunt: "Hunt", status: int, now: float, *, early: bool) -> None:
        """Args: early: audio of the other side is there, on `hunt.leg`."""

    def answered(self, hunt: "Hunt", now: float) -> None: ...

    def refused(self, hunt: "Hunt", refusal: Refusal, now: float) -> None:
        """Nobody is left to ring."""

    def unanswered(self, hunt: "Hunt", now: float) -> None:
        """It has rung long enough; end the hunt."""

    def diverted(self, hunt: "Hunt", route: Route, now: float) -> None:
        """It leads to neither a user nor a number: an agent, a flow, the echo … The hunt is over."""

    def left(self, hunt: "Hunt", event: Ended, now: float) -> None:
        """Who had answered is gone."""


class Hunt:
    """An `edge.call.ringing.Rings`."""

    def __init__(
        self,
        call: Call,
        owner: Hunts,
        route: Route,
        *,
        name: str,
        hops: int = 0,
        caller: str = "",
        headers: Headers = (),
        follows: bool = True,
    ) -> None:
        """
        Args:
            route: where it begins; what it counts against is taken already, or see `taking`.
            name: unique among the call's hunts.
            hops: forwards that lie behind the call when it comes to us.
            caller: the number that is shown; empty: the caller's own.
            headers: more of them for each INVITE.
            follows: False: neither forwards of the user nor deflections of its phone are followed.
        """
        self.route = route
        self.leg: Leg | None = None
        "Of who answered, or is heard already."
        self.session: Session | None = None
        "Of who answered."
        self._call = call
        self.report_to(owner)
        self._name = name
        self._hops = hops
        self._caller = caller
        self._headers = headers
        self._follows = follows
        self._diversions: list[Diversion] = []
        self._forwarded = 0
        self._others: list[tuple[User, Uri, int]] = []
        "Contacts of a 3xx yet to be tried, the next one last: by whom, where to, after how many forwards."
        self._best: Refusal | None = None
        self._visited: set[UserId] = set()
        self._ringing: Ringing | None = None
        self._ringings: list[Ringing] = []
        self._taken: list[CallId] = []
        self._since: float | None = None
        self._over = False
        self.when_over: Callable[[float], None] | None = None
        "Told once, when whoever it found has left or been let go, whoever it reports to by then."

    def report_to(self, owner: Hunts) -> None:
        """Who hears of it, and holds it; the bridge takes over what a transfer has found."""
        self._owner: Hunts = weakref.proxy(owner)  # weak: circles wait for the collector

    def start(self, now: float, *, busy: bool = False) -> None:
        """Args: busy: the callee has as many calls as it may."""
        if busy and self.route.callee is not None:
            text = f"user {self.route.callee.number} has as many calls as it may"
            fix = "wait for a call to end or raise max_simultaneous of the user"
            self._turned_away(self.route.callee, Why.BUSY, Refusal("user_busy", 486, text, fix), now)
        else:
            self._reach(now)

    def take(self, now: float) -> Refusal | None:
        """Take what the route counts against, in a call that is up already."""
        self.route = self._call.ground.prefer(self.route)
        id = CallId(f"{self._call.id}/{self._name}.{len(self._taken) + 1}")
        refusal = self._call.ground.channels.take_party(id, self.route, self._call.trace, now)
        if refusal is None:
            self._taken.append(id)
        return refusal

    # What the treatment hands on.

    @property
    def connected(self) -> bool:
        return self._ringing is not None and self._ringing.connected

    def awaits(self, leg: Leg) -> bool:
        """Whether this port was asked for by who rings now."""
        return self._ringing is not None and self._ringing.awaits(leg) and not self._over

    def owns(self, session: Session) -> bool:
        return any(ringing.owns(session) for ringing in self._ringings)

    def allocated(self, leg: Leg, now: float) -> None:
        """One of our ports is there."""
        if self._ringing is not None and self.awaits(leg):
            self._ringing.allocated(leg, now)
        else:
            self._call.ground.media(port.Release(leg.id))  # of a hop that is left already

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        for ringing in self._ringings:
            if ringing.owns(session):
                ringing.session_event(session, event, now)
                return

    def end(self, now: float, reason: str) -> None:
        """Give up whatever rings or talks, ports aside."""
        self._over = True
        if self._ringing is not None:
            self._ringing.end(now, reason)
        self.give_back(now)

    def leave(self, now: float, reason: str) -> None:
        """`end`, in a call that goes on: ports are given back too."""
        self._over = True
        if self._ringing is not None:
            self._ringing.leave(now, reason)
            self._dark(now)
        self.give_back(now)

    def give_back(self, now: float) -> None:
        seconds = 0.0 if self._since is None else now - self._since
        for id in self._taken:
            self._call.ground.channels.give_back(id, seconds, now)
        self._taken.clear()
        told, self.when_over = self.when_over, None
        if told is not None:
            told(now)

    # What comes of the ringing (`edge.call.ringing.Rings`).

    def progressed(self, ringing: Ringing, status: int, now: float, *, early: bool) -> None:
        self.leg = ringing.leg
        self._owner.progressed(self, status, now, early=early)

    def answered(self, ringing: Ringing, now: float) -> None:
        self.leg, self.session, self._since = ringing.leg, ringing.winner, now
        self._call.line(self.route.callee, Stage.CONFIRMED, now)
        self._owner.answered(self, now)

    def refused(self, ringing: Ringing, refusal: Refusal, now: float) -> None:
        if ringing is not self._ringing or self._over:
            return
        callee = self.route.callee
        if callee is None:
            if not self._next_trunk(refusal, now):
                self._refuse(refusal, now)
        elif ringing.redirect and self._follows:
            depth = len(self._diversions)
            self._others += [(callee, target, depth) for target in ringing.redirect[MAX_HOPS - 1 :: -1]]
            self._try_another(now)
        else:
            self._turned_away(callee, why_refused(refusal), refusal, now)

    def unanswered(self, ringing: Ringing, now: float) -> None:
        callee = self.route.callee
        number = self._forward_of(callee, Why.NO_ANSWER) if callee is not None else ""
        if callee is not None and number:
            self._forward(callee, Why.NO_ANSWER, number, now)
        elif self._others:
            text, fix = "nobody has answered", "raise ring_time of the user"
            self._refuse(Refusal("no_answer", 480, text, fix), now)
        else:
            self._owner.unanswered(self, now)

    def left(self, ringing: Ringing, event: Ended, now: float) -> None:
        self._owner.left(self, event, now)

    # Inside.

    def _reach(self, now: float) -> None:
        route = self.route
        callee = route.callee
        if callee is None:
            if route.trunk_out is None:
                self._over = True
                self.give_back(now)
                self._owner.diverted(self, route, now)
            else:
                self._ring(self._call.ground.limits.ring_timeout, now)
            return
        self._visited.add(callee.id)
        always = self._forward_of(callee, Why.ALWAYS)
        if always:
            self._forward(callee, Why.ALWAYS, always, now)
        elif callee.dnd:
            text, fix = f"user {callee.number} does not want to be disturbed", "take away dnd of the user"
            refusal = Refusal("do_not_disturb", 480, text, fix)
            self._turned_away(callee, Why.DO_NOT_DISTURB, refusal, now)
        else:
            self._ring(callee.ring_time or self._call.ground.limits.ring_timeout, now)

    def _ring(self, seconds: float, now: float) -> None:
        route = self.route
        target = Uri("sip", route.number_out or route.target.value, route.account.domain)
        headers = (*diversion.headers(self._diversions, target), *self._headers)
        ringing: Ringing
        if route.callee is not None:
            ringing = UserRinging(
                self._call, self, route.callee, seconds=seconds, caller=self._caller, headers=headers
            )
        else:
            assert route.trunk_out is not None, "who rings is a user or a number on a trunk"
            ringing = TrunkRinging(
                self._call,
                self,
                route.trunk_out,
                route.number_out,
                seconds=seconds,
                caller=self._caller,
                headers=headers,
            )
        self._ringing = ringing
        self._ringings.append(ringing)
        self._call.line(route.callee, Stage.EARLY, now)
        ringing.start(now)

    def _turned_away(self, callee: User, why: Why | None, refusal: Refusal, now: float) -> None:
        number = self._forward_of(callee, why) if why is not None else ""
        if why is not None and number:
            self._forward(callee, why, number, now)
        else:
            self._refuse(refusal, now)

    def _forward_of(self, callee: User, why: Why) -> str:
        return forward_of(callee, why) if self._follows else ""

    def _redirect(self, callee: User, target: Uri, now: float) -> None:
        """A 3xx of a phone: followed inside the account, or to a public number, as if its user dialled it."""
        directory, account = self._call.ground.directory, self.route.account
        home = directory.account_of_host(target.host.lower())
        if target.scheme == "tel" or (home is not None and home.id == account.id):
            self._forward(callee, Why.DEFLECTED, target.dialled, now)
            return
        fix = f"deflect to a number at {account.domain}"
        self._refuse(Refusal("foreign_domain", 480, f"deflected to {target.host}, not served here", fix), now)

    def _forward(self, user: User, why: Why, number: str, now: float) -> None:
        call, account = self._call, self.route.account
        self._leave_hop(now, why)
        self._diversions.append(Diversion(user.number, account.domain, why))
        call.trace.add(now, "route", "forward", outcome=number, user=user.number, why=why.value)
        self._forwarded += 1
        if self._forwarded + self._hops > MAX_HOPS:
            text = f"forwarded more than {MAX_HOPS} times, last by {user.number}"
            self._refuse(Refusal("too_many_forwards", 482, text, "shorten the chain of forwards"), now)
            return
        found = route_inside(call.ground.directory, account, number, user)
        if isinstance(found, Refusal):
            self._refuse(found, now)
            return
        if found.callee is not None and found.callee.id in self._visited:
            text = f"user {user.number} forwards to {found.callee.number}, who has forwarded it already"
            self._refuse(Refusal("forward_loop", 482, text, "break the circle of forwards"), now)
            return
        self.route = found
        refusal = self.take(now)
        if refusal is None:
            self._owner.progressed(self, _FORWARDED, now, early=False)
            self._reach(now)
        elif refusal.code == "user_busy" and found.callee is not None:
            self._visited.add(found.callee.id)
            self._turned_away(found.callee, Why.BUSY, refusal, now)
        else:
            self._refuse(refusal, now)

    def _next_trunk(self, refusal: Refusal, now: float) -> bool:
        """Whether another trunk of the list is being tried."""
        route = self.route
        if not _fails_over(refusal.status) or not route.more_trunks:
            return False
        self._leave_hop(now, None)
        self.route = route.next_trunk()
        trunk = self.route.trunk_out
        assert trunk is not None, "one was left"
        self._call.trace.add(
            now, "route", "failover", outcome=trunk.name, status=refusal.status, fix=refusal.fix
        )
        full = self.take(now)
        if full is not None:
            return self._next_trunk(full, now)
        self._ring(self._call.ground.limits.ring_timeout, now)
        return True

    def _leave_hop(self, now: float, why: Why | None) -> None:
        if self._ringing is not None:
            text = why.value if why is not None else "next trunk"
            self._ringing.leave(now, f'SIP;cause=487;text="{text}"')
            self._ringing = None
            self._dark(now)
        self.give_back(now)

    def _dark(self, now: float) -> None:
        if self.route.callee is not None:
            self._call.ground.lines().drop(self.route.callee, self._call.id, now)

    def _refuse(self, refusal: Refusal, now: float) -> None:
        """Nobody takes the call this way; if there is another one, it is tried."""
        if self._over:
            return
        if self._best is None or rank(refusal.status) < rank(self._best.status):
            self._best = refusal
        if self._others and refusal.status < 600:
            self._try_another(now)
        else:
            self._owner.refused(self, self._best, now)

    def _try_another(self, now: float) -> None:
        callee, target, depth = self._others.pop()
        del self._diversions[depth:]
        self._redirect(callee, target, now)


def _fails_over(status: int) -> bool:
    """Whether another trunk may do better: a fault of this one, never an answer of the callee."""
    return status == 408 or 500 <= status < 600
