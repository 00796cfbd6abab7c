"""One party being rung for a call, until somebody has answered.

`user_ringing.py` rings the devices of a user, `trunk_ringing.py` a number on a trunk. The first to answer
wins, and the others get CANCEL with a Reason (RFC 3326). Who answers without audio that we could use is out
like who refuses: its 200 is acknowledged, BYE follows, and the others ring on. When all are out, the best of
their answers is told (RFC 3261 §16.7 step 6). Who asked for the ringing hears of it by `Rings`.
"""

import weakref
from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Final, Protocol

from edge.agenda import Alarm
from edge.call.aim import aim
from edge.call.call import Call
from edge.call.cause import ELSEWHERE
from edge.call.info import hear
from edge.call.leg import Leg
from edge.call.refused import rank, unusable
from edge.error import Refusal
from edge.sip.calling import CallingSession
from edge.sip.session import Headers, Session, State
from edge.sip.session_event import (
    Acked,
    Answered,
    Ended,
    Info,
    Progress,
    Reanswered,
    Referred,
    Refused,
    Reoffer,
    SessionEvent,
)
from edge.sip.uri import Uri

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


class Ringing(ABC):
    def __init__(
        self,
        call: Call,
        owner: Rings,
        *,
        seconds: float,
        caller: str = "",
        early_media: bool = True,
        headers: Headers = (),
    ) -> None:
        """
        Args:
            seconds: so long it rings.
            caller: the number that is shown; empty: the caller's own.
            headers: more of them for each INVITE.
        """
        self.leg: Leg | None = None
        "Of who has answered, or speaks already; before that, of whoever may."
        self.redirect: tuple[Uri, ...] = ()
        "Where a phone has sent the call by a 3xx, best first, when `refused` comes."
        self._call = call
        # Weak, as the owner holds this: a circle would wait, with all it holds, for the collector.
        self._owner: Rings = weakref.proxy(owner)
        self._seconds = seconds
        self._caller = caller
        self._headers = headers
        self._early_media = early_media
        self._early = False
        self._sessions: dict[CallingSession, Leg] = {}
        self._ringing: list[CallingSession] = []
        self._winner: CallingSession | None = None
        self._best: tuple[tuple[int, int], Refusal] | None = None
        "The refusal that the caller is told if nobody is left, and its rank."
        self._over = False
        self._alarm: Alarm | None = None

    @abstractmethod
    def start(self, now: float) -> None: ...

    @abstractmethod
    def allocated(self, leg: Leg, now: float) -> None:
        """The port of `leg`, which is ours, is there."""

    @abstractmethod
    def _legs(self) -> Collection[Leg]:
        """Those whose ports were asked for, and that may still be talked on."""

    @abstractmethod
    def _branch_refused(self, event: Refused, now: float) -> None:
        """One that rang has refused, and rings no more."""

    @abstractmethod
    def _branch_answered(self) -> None:
        """One that rang has sent a 2xx, usable or not."""

    def _next(self, now: float) -> bool:
        """Ring those that are next in turn, instead of those that ring; False: there are none."""
        return False

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
        return not self._over and leg in self._legs()

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        assert isinstance(session, CallingSession), "our own sessions are calling ones"
        call, leg = self._call, self._sessions[session]
        match event:
            case Progress(status, body):
                self._progress(session, status, body, now)
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
        self._cancel(now, reason)
        if self._winner is not None and self._winner.state is State.CONFIRMED:
            self._winner.bye(now, reason)

    def leave(self, now: float, reason: str) -> None:
        """`end`, in a call that goes on: the port is given back too."""
        self.end(now, reason)
        # One that is still on its way is given back when it comes.
        for leg in self._legs():
            self._call.release(leg)

    # For the subclasses.

    def _ring(self, session: CallingSession, leg: Leg, now: float) -> None:
        self._call.trace.add(now, "route", "ring", uri=str(session.invite.uri), flow=str(session.flow))
        self._ringing.append(session)
        self._sessions[session] = leg
        self._call.ground.own(session, self._call)

    def _cancel(self, now: float, reason: str = "") -> None:
        """Whoever rings still. `reason`: a Reason header value."""
        for session in self._ringing:
            session.cancel(now, reason)
        self._ringing.clear()

    def _forget_early(self) -> None:
        """Whoever was heard already will not answer; the next one is offered everything."""
        if self._early and self.leg is not None:
            self.leg.forget()
        self._early = False

    def _out(self, rank: tuple[int, int], refusal: Refusal, now: float) -> None:
        """One that rang is out; who is left rings on."""
        if self._best is None or rank < self._best[0]:
            self._best = rank, refusal
        if self._ringing or self._winner is not None or self._next(now):
            return
        self._owner.refused(self, self._best[1], now)

    def _unanswered(self, now: float) -> None:
        """The time to ring is over."""
        if self._winner is None and not self._over and not self._next(now):
            self._owner.unanswered(self, now)

    # Inside.

    def _progress(self, session: CallingSession, status: int, body: bytes, now: float) -> None:
        leg = self._sessions[session]
        if self._winner is not None or self._early or self._over:
            return
        if status == 199:  # RFC 6228 §4: of one early dialog, and only for callers that support it
            return
        if self._early_media and body and len(self._ringing) == 1 and leg.accept(body) is None:
            self._early, self.leg, leg.session = True, leg, session
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
        self._branch_answered()
        leg = self._sessions[session]
        # After early media too: whoever rang need not be who picked up, or where (RFC 3261 §13.2.2.4).
        refusal = leg.accept(body) if body else None
        if leg.negotiated is None or (refusal is not None and not self._early):
            session.bye(now, _UNUSABLE)
            refusal = unusable(refusal)
            outcome = str(refusal.status)
            self._call.trace.add(now, "call", "branch_refused", outcome=outcome, text=refusal.text)
            self._out(rank(refusal.status), refusal, now)
            return
        self._winner, self.leg, leg.session = session, leg, session
        if self._alarm is not None:
            self._alarm.cancel()
        self._cancel(now, ELSEWHERE)
        for other in self._legs():
            if other is not leg:
                self._call.release(other)
        aim(self._call, leg)
        self._owner.answered(self, now)

    def _refused(self, session: CallingSession, event: Refused, now: float) -> None:
        if session not in self._ringing:
            return
        self._ringing.remove(session)
        self._call.trace.add(now, "call", "branch_refused", outcome=str(event.status), text=event.reason)
        self._branch_refused(event, now)
