"""dial: people of the account and numbers outside are rung, and the caller is joined to who answers.

Several ring at once or in turn, each counted against its own channels. A caller who was answered already
hears ringback meanwhile. The command ends when the conversation does, with the caller still there.
"""

from collections import deque
from typing import Final

from edge.call.leg import Leg
from edge.call.ringing import Ringing
from edge.command.running import Running
from edge.error import Refusal
from edge.flow.command import Dial
from edge.journal import CallId
from edge.routing.route import Route, route_inside
from edge.sip.session import Ended, Session, SessionEvent
from media import port

RINGBACK: Final = ((440.0, 480.0), ((2.0, 4.0),))
"Frequencies [Hz] and cadence [s]."

_BUSY: Final = frozenset({486, 600})
_ABSENT: Final = frozenset({408, 480, 487})
_CANCELLED: Final = 'SIP;cause=487;text="Not needed any more"'
_ELSEWHERE: Final = 'SIP;cause=200;text="Call completed elsewhere"'


class DialRunning(Running[Dial]):
    """An `edge.call.ringing.Rings`."""

    def start(self, now: float) -> None:
        self._left = deque(self.command.to)
        self._ringing: dict[Ringing, CallId] = {}
        self._talking: Ringing | None = None
        self._since = 0.0
        self._statuses: list[int] = []
        self._sounding = False
        if not self._left:
            self._end("failed", now, cause="nobody_to_dial")
            return
        self._next(now)

    def digit(self, digit: str, now: float) -> bool:
        return self._talking is not None  # the conversation's own

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        for ringing in (*self._ringing, *((self._talking,) if self._talking else ())):
            if ringing.owns(session):
                ringing.session_event(session, event, now)
                return

    def allocated(self, leg: Leg, now: float) -> bool:
        for ringing in tuple(self._ringing):
            if ringing.leg is leg:
                ringing.allocated(leg, now)
                return True
        return False

    def unallocated(self, leg: Leg, refusal: Refusal, now: float) -> None:
        for ringing in tuple(self._ringing):
            if ringing.leg is leg:
                self.refused(ringing, refusal, now)

    def cancel(self, now: float, reason: str) -> None:
        super().cancel(now, reason)
        for ringing, id in self._ringing.items():
            ringing.end(now, reason)
            seconds = now - self._since if ringing is self._talking else 0.0
            self._call.ground.channels.give_back(id, seconds, now)
        self._ringing.clear()

    # What comes of the ringing (`edge.call.ringing.Rings`).

    def progressed(self, ringing: Ringing, status: int, now: float, *, early: bool) -> None:
        if self._talking is not None:
            return
        self._call.progress(status, now, early_media=early)
        if early:
            self._join(ringing)

    def answered(self, ringing: Ringing, now: float) -> None:
        self._talking, self._since = ringing, now
        self._left.clear()
        for other in [other for other in self._ringing if other is not ringing]:
            self._drop(other, now, _ELSEWHERE)
        if self._call.answer(now):
            side = self._call.treatment.side(self._call, self._leg(ringing))
            self._call.trace.add(now, "flow", "party", outcome="answered", side=side)
            self._join(ringing)

    def refused(self, ringing: Ringing, refusal: Refusal, now: float) -> None:
        self._note(refusal, now)
        self._drop(ringing, now, _CANCELLED)
        self._next(now)

    def unanswered(self, ringing: Ringing, now: float) -> None:
        self._statuses.append(408)
        self._drop(ringing, now, _CANCELLED)
        self._next(now)

    def left(self, ringing: Ringing, event: Ended, now: float) -> None:
        self._media(port.Detach(self._call.leg.id))
        self._drop(ringing, now, "")
        self._end("answered", now, cause=event.cause)

    # Inside.

    def _next(self, now: float) -> None:
        """Ring the next one, or all of them; with nobody left it is over."""
        while self._left and (not self.command.sequential or not self._ringing):
            self._ring(self._left.popleft(), now)
        if not self._ringing and not self.over:
            self._silence()
            self._end(self._verdict(), now, status=max(self._statuses, default=0))

    def _ring(self, number: str, now: float) -> None:
        call, command = self._call, self.command
        account = call.route.account
        found = route_inside(call.ground.directory, account, number, call.route.caller)
        if isinstance(found, Route) and found.callee is None and found.trunk_out is None:
            fix = "dial users or public numbers; lead to everything else by a node of its own"
            found = Refusal("no_party", 404, f"{number} is nobody who can be rung", fix)
        if isinstance(found, Route) and found.callee is not None and found.callee == call.route.caller:
            found = Refusal("own_number", 480, f"{number} is the caller", "nothing: others are rung")
        if isinstance(found, Refusal):
            self._note(found, now, number)
            return
        id = CallId(f"{call.id}/party{len(call.legs) + 1}.{len(self._left)}")
        refusal = call.ground.channels.take_party(id, found, call.trace, now)
        if refusal is not None:
            self._note(refusal, now, number)
            return
        ringing = Ringing(
            call,
            self,
            callee=found.callee,
            trunk=found.trunk_out,
            number=found.number_out,
            seconds=command.ring_timeout,
            caller=command.caller_id,
            early_media=command.sequential or len(command.to) == 1,
        )
        self._ringing[ringing] = id
        self._sound()
        ringing.start(now)

    def _note(self, refusal: Refusal, now: float, number: str = "") -> None:
        self._statuses.append(refusal.status)
        self._call.trace.add(now, "flow", "party", outcome=refusal.code, text=refusal.text, number=number)

    def _drop(self, ringing: Ringing, now: float, reason: str) -> None:
        id = self._ringing.pop(ringing, None)
        if id is not None:
            ringing.leave(now, reason)
            seconds = now - self._since if ringing is self._talking else 0.0
            self._call.ground.channels.give_back(id, seconds, now)

    def _join(self, ringing: Ringing) -> None:
        self._silence()
        self._media(port.Bridge(self._call.leg.id, self._leg(ringing).id))

    def _sound(self) -> None:
        """Ringback, for a caller whose own phone does not ring any more."""
        if not self._sounding and self._call.answered_at is not None:
            self._sounding = True
            self._media(port.Tone(self._call.leg.id, self._name("ring"), *RINGBACK))

    def _silence(self) -> None:
        if self._sounding:
            self._sounding = False
            self._media(port.StopPlay(self._call.leg.id, self._name("ring")))

    def _leg(self, ringing: Ringing) -> Leg:
        assert ringing.leg is not None, "who speaks has a leg"
        return ringing.leg

    def _verdict(self) -> str:
        if any(status in _BUSY for status in self._statuses):
            return "busy"
        return "no_answer" if any(status in _ABSENT for status in self._statuses) else "failed"
