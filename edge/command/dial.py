"""dial: people of the account and numbers outside are sought, and the caller is joined to who answers.

Several ring at once or in turn, each counted against its own channels, and forwards of users are followed.
A caller who was answered already hears ringback meanwhile. Who answers may be told first who calls, and may
have to take the call by a key: until somebody has, the others ring on. The command ends when the conversation
does, with the caller still there.
"""

from collections import deque
from typing import Final

from edge.agenda import Alarm
from edge.call.cause import ELSEWHERE
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.command.acceptance import Acceptance
from edge.command.running import Running
from edge.error import Refusal
from edge.flow.command import Dial
from edge.routing.route import Route, route_inside
from edge.sip.session import Session
from edge.sip.session_event import Ended, SessionEvent
from edge.tone import tones
from media import port

_BUSY: Final = frozenset({486, 600})
_ABSENT: Final = frozenset({408, 480, 487})
_CANCELLED: Final = 'SIP;cause=487;text="Not needed any more"'
_NOT_TAKEN: Final = 'SIP;cause=480;text="Not taken"'


class DialRunning(Running[Dial]):
    """An `edge.call.hunt.Hunts`."""

    def start(self, now: float) -> None:
        self._left = deque(self.command.to)
        self._hunts: dict[Hunt, Alarm] = {}
        self._number = 0
        self._asked: dict[Hunt, Acceptance] = {}
        self._talking: Hunt | None = None
        self._statuses: list[int] = []
        self._sounding = False
        if self._left:
            self._next(now)
        else:
            self._end("failed", now, cause="nobody_to_dial")

    def digit(self, digit: str, now: float) -> bool:
        return self._talking is not None  # the conversation's own

    def media_event(self, event: port.Event, now: float) -> None:
        for acceptance in tuple(self._asked.values()):
            acceptance.media_event(event, now)

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        for hunt in tuple(self._hunts):
            if hunt.owns(session):
                hunt.session_event(session, event, now)
                return

    def allocated(self, leg: Leg, now: float) -> bool:
        for hunt in tuple(self._hunts):
            if hunt.awaits(leg):
                hunt.allocated(leg, now)
                return True
        return False

    def unallocated(self, leg: Leg, refusal: Refusal, now: float) -> None:
        for hunt in tuple(self._hunts):
            if hunt.awaits(leg):
                self.refused(hunt, refusal, now)

    def cancel(self, now: float, reason: str) -> None:
        super().cancel(now, reason)
        for acceptance in self._asked.values():
            acceptance.stop()
        for hunt in self._hunts:
            hunt.end(now, reason)
        self._hunts.clear()

    @property
    def conversation(self) -> Hunt | None:
        return self._talking

    @property
    def joined(self) -> bool:
        return self._talking is not None

    @property
    def rings(self) -> bool:
        return bool(self._hunts) and self._talking is None and not self._asked

    def give_up(self, now: float) -> None:
        for hunt in tuple(self._hunts):
            self._drop(hunt, now, ELSEWHERE)
        self._silence()
        self.let_go()

    def let_go(self) -> None:
        super().let_go()
        self._hunts.clear()

    # What comes of the hunts (`edge.call.hunt.Hunts`).

    def progressed(self, hunt: Hunt, status: int, now: float, *, early: bool) -> None:
        if self._talking is not None:
            return
        # Of several who ring at once none is heard before it has answered.
        alone = early and len(self._hunts) == 1 and self.command.early_media and not self._asks
        status = 180 if early and not alone else status
        self._call.progress(status, now, early_media=alone, beyond=hunt.leg)
        if alone:
            self._join(hunt)

    def answered(self, hunt: Hunt, now: float) -> None:
        self._hunts[hunt].cancel()
        command = self.command
        if not command.confirm:
            self._settle_on(hunt, now)
        if not self._asks:
            self._talk(hunt, now)
            return
        leg = self._leg(hunt).id
        self._asked[hunt] = acceptance = Acceptance(
            self._call,
            leg,
            self._name(f"ask{leg.rpartition('/')[2]}."),
            command.whisper,
            lambda accepted, at: self._replied(hunt, accepted, at),
            key=command.confirm,
            seconds=command.confirm_timeout,
        )
        acceptance.start(now)

    def refused(self, hunt: Hunt, refusal: Refusal, now: float) -> None:
        self._note(refusal, now)
        self._drop(hunt, now, _CANCELLED)
        self._next(now)

    def unanswered(self, hunt: Hunt, now: float) -> None:
        if hunt in self._hunts and hunt is not self._talking:
            self._statuses.append(408)
            self._drop(hunt, now, _CANCELLED)
            self._next(now)

    def diverted(self, hunt: Hunt, route: Route, now: float) -> None:
        self.refused(hunt, _nobody(route.target.value or route.target.kind), now)

    def left(self, hunt: Hunt, event: Ended, now: float) -> None:
        if hunt is not self._talking:
            self._declined(hunt, "hung_up", now)
            return
        self._music.stop(self._call.ground, self._call.leg)
        self._media(port.Detach(self._call.leg.id))
        self._drop(hunt, now, "")
        self._end("answered", now, cause=event.cause)

    # Inside.

    @property
    def _asks(self) -> bool:
        return bool(self.command.whisper or self.command.confirm)

    def _settle_on(self, hunt: Hunt, now: float) -> None:
        """Nobody else is wanted."""
        self._left.clear()
        for other in [other for other in self._hunts if other is not hunt]:
            self._drop(other, now, ELSEWHERE)

    def _replied(self, hunt: Hunt, accepted: bool, now: float) -> None:
        if accepted:
            self._settle_on(hunt, now)
            self._talk(hunt, now)
        else:
            self._declined(hunt, "not_taken", now)

    def _talk(self, hunt: Hunt, now: float) -> None:
        self._asked.pop(hunt, None)
        self._talking = hunt
        call = self._call
        if call.answer(now, hunt.leg):
            side = call.treatment.side(call, self._leg(hunt))
            call.trace.add(now, "flow", "party", outcome="answered", side=side)
            self._join(hunt)

    def _declined(self, hunt: Hunt, how: str, now: float) -> None:
        """Somebody picked up and did not take the call."""
        if hunt not in self._hunts:
            return
        self._statuses.append(480)
        side = self._call.treatment.side(self._call, self._leg(hunt))
        self._call.trace.add(now, "flow", "party", outcome=how, side=side)
        self._drop(hunt, now, _NOT_TAKEN)
        self._next(now)

    def _next(self, now: float) -> None:
        """Ring the next one, or all of them; with nobody left it is over."""
        while self._left and (not self.command.sequential or not self._hunts):
            self._seek(self._left.popleft(), now)
        if not self._hunts and not self.over:
            self._silence()
            self._end(self._verdict(), now, status=max(self._statuses, default=0))

    def _seek(self, number: str, now: float) -> None:
        call, command = self._call, self.command
        found = route_inside(call.ground.directory, call.route.account, number, call.route.caller)
        if isinstance(found, Route) and found.callee is None and found.trunk_out is None:
            found = _nobody(number)
        if isinstance(found, Route) and found.callee is not None and found.callee == call.route.caller:
            found = Refusal("own_number", 480, f"{number} is the caller", "nothing: others are rung")
        if isinstance(found, Refusal):
            self._note(found, now, number)
            return
        self._number += 1
        hunt = Hunt(call, self, found, name=f"dial{self.seq}.{self._number}", caller=command.caller_id)
        refusal = hunt.take(now)
        busy = refusal is not None and refusal.code == "user_busy"
        if refusal is not None and not busy:
            self._note(refusal, now, number)
            return
        self._hunts[hunt] = self._alarm(now + command.ring_timeout, lambda at: self.unanswered(hunt, at))
        self._sound()
        hunt.start(now, busy=busy)

    def _note(self, refusal: Refusal, now: float, number: str = "") -> None:
        self._statuses.append(refusal.status)
        self._call.trace.add(now, "flow", "party", outcome=refusal.code, text=refusal.text, number=number)

    def _drop(self, hunt: Hunt, now: float, reason: str) -> None:
        alarm = self._hunts.pop(hunt, None)
        acceptance = self._asked.pop(hunt, None)
        if acceptance is not None:
            acceptance.stop()
        if alarm is not None:
            alarm.cancel()
            hunt.leave(now, reason)

    def _join(self, hunt: Hunt) -> None:
        self._silence()
        self._media(port.Bridge(self._call.leg.id, self._leg(hunt).id))

    def _sound(self) -> None:
        """Ringback, for a caller whose own phone does not ring any more."""
        if not self._sounding and self._call.answered_at is not None:
            self._sounding = True
            ringback = tones(self._call.route.account.country).ringback
            self._media(port.Tone(self._call.leg.id, self._name("ring"), *ringback))

    def _silence(self) -> None:
        if self._sounding:
            self._sounding = False
            self._media(port.StopPlay(self._call.leg.id, self._name("ring")))

    def _leg(self, hunt: Hunt) -> Leg:
        assert hunt.leg is not None, "who speaks has a leg"
        return hunt.leg

    def _verdict(self) -> str:
        if any(status in _BUSY for status in self._statuses):
            return "busy"
        return "no_answer" if any(status in _ABSENT for status in self._statuses) else "failed"


def _nobody(number: str) -> Refusal:
    fix = "dial users or public numbers; lead to everything else by a node of its own"
    return Refusal("no_party", 404, f"{number} cannot be called", fix)
