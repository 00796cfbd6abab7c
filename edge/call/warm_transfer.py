"""Warm transfer: the caller waits, somebody else is rung, told what it is about, and takes the call by a key.

::

    conversation ─▶ held ─ rung, told, key pressed ─▶ caller and the new party; the former one is let go
                      └ nobody, or not taken ─▶ caller and former party, as before

The one who is left meanwhile hears the hold music. Who hangs up while somebody is rung is not called back:
without the caller the call is over, without the former party it is over when nobody takes it.
"""

from collections import deque
from itertools import count
from typing import Final

from edge.call.bridge import BridgeTreatment
from edge.call.call import Call
from edge.call.handoff import Handoff, Run
from edge.call.hold import PROMPT
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.call.treatment import Treatment
from edge.command.running import Stage
from edge.error import Refusal
from edge.routing.route import Route
from edge.sip.session import Session
from edge.sip.session_event import Ended, SessionEvent
from media import port

CONFIRM: Final = "1"
_TRANSFERRED: Final = 'SIP;cause=200;text="Transferred"'
_MUSIC: Final = "warm"


def transfer(
    call: Call, run: Run, target: str, briefing: str, now: float, *, confirm: bool = True
) -> Refusal | None:
    """Begin.

    Args:
        run: `edge.command.table.running`.
        target: `user:1002`, `queue:support` or a number.
        confirm: who answers takes the call by `CONFIRM`; else by hearing the briefing to its end.
    """
    former = call.treatment.release()
    if former is None or former.leg is None:
        fix = "transfer a call that is up between two parties, and that nobody supervises or transfers"
        return Refusal("not_transferable", 409, "there is no conversation to transfer", fix)
    warm = WarmTransfer(call, former, former.leg)
    call.treatment = call.treatment.succeeded_by(warm)
    warm.begin_with(run, target, briefing, CONFIRM if confirm else "", now)
    return None


class WarmTransfer(Treatment):
    """An `edge.call.hunt.Hunts` for the former party."""

    def __init__(self, call: Call, former: Hunt, leg: Leg) -> None:
        self._call = call
        self._former: Hunt | None = former
        self._leg = leg
        self._over = False
        self._handoff: Handoff
        former.report_to(self)

    def begin_with(self, run: Run, target: str, briefing: str, key: str, now: float) -> None:
        call = self._call
        call.trace.add(now, "call", "warm_transfer", outcome="begun", to=target)
        call.ground.media(port.Detach(call.leg.id))
        music = call.ground.directory.prompt(PROMPT)
        if music:
            call.ground.media(port.Play(self._leg.id, _MUSIC, music, loop=True))
        stage = Stage(call, lambda seq, outcome, at: None, deque(maxlen=1), count(1))
        details = {"briefing": briefing or f"A call from {call.caller}.", "confirm": key}
        self._handoff = Handoff(stage, run, target, details, self._handed)
        self._handoff.start(now)
        self._look(now)

    # What the call brings.

    def allocated(self, call: Call, leg: Leg, now: float) -> None:
        if not self._handoff.allocated(leg, now):
            call.release(leg)

    def unallocated(self, call: Call, leg: Leg, refusal: Refusal, now: float) -> None:
        self._handoff.unallocated(leg, refusal, now)

    def media_event(self, call: Call, event: port.Event, now: float) -> None:
        if isinstance(event, port.Digit) and event.leg == call.leg.id:
            self._handoff.digit(event.digit, now)
        else:
            self._handoff.media_event(event, now)
        self._look(now)

    def session_event(self, call: Call, session: Session, event: SessionEvent, now: float) -> None:
        if self._former is not None and self._former.owns(session):
            self._former.session_event(session, event, now)
        else:
            self._handoff.session_event(session, event, now)
            self._look(now)

    def spares(self, leg: port.LegId) -> bool:
        """The former party may fall silent, but not for good: its own BYE says so."""
        return leg == self._leg.id

    def end(self, call: Call, now: float, reason: str) -> None:
        self._handoff.cancel(now, reason)
        if self._former is not None:
            self._former.end(now, reason)

    # What comes of the former party (`edge.call.hunt.Hunts`).

    def progressed(self, hunt: Hunt, status: int, now: float, *, early: bool) -> None:
        raise AssertionError("it was up")

    def answered(self, hunt: Hunt, now: float) -> None:
        raise AssertionError("it was up")

    def refused(self, hunt: Hunt, refusal: Refusal, now: float) -> None:
        raise AssertionError("it was up")

    def unanswered(self, hunt: Hunt, now: float) -> None:
        raise AssertionError("it was up")

    def diverted(self, hunt: Hunt, route: Route, now: float) -> None:
        raise AssertionError("it was up")

    def left(self, hunt: Hunt, event: Ended, now: float) -> None:
        self._drop(now, "")

    # Inside.

    def _look(self, now: float) -> None:
        """Somebody may have taken the call."""
        call = self._call
        if self._over or not self._handoff.joined:
            return
        if self._former is not None:
            call.trace.add(now, "call", "warm_transfer", outcome="taken", to=self._handoff.target)
            self._drop(now, _TRANSFERRED)
        talking = self._handoff.conversation
        if talking is not None:  # of a queue it stays with the queue, for its wrap-up
            self._handoff.let_go()
            self._bridge(talking)

    def _drop(self, now: float, reason: str) -> None:
        former, self._former = self._former, None
        if former is not None:
            former.leave(now, reason)

    def _handed(self, reached: bool, why: str, now: float) -> None:
        """Nobody took the call, or the conversation with who did is over."""
        call, former = self._call, self._former
        if reached:
            call.finish("answered", "callee_hangup", now)
            return
        call.trace.add(now, "call", "warm_transfer", outcome="back", text=why)
        if former is None:
            call.finish("answered", "transfer_failed", now)
            return
        call.ground.media(port.StopPlay(self._leg.id, _MUSIC))
        self._bridge(former)
        call.ground.media(port.Bridge(call.leg.id, self._leg.id))

    def _bridge(self, talking: Hunt) -> None:
        """A bridge carries on with who talks."""
        self._over = True
        bridge = BridgeTreatment()
        bridge.join(self._call, talking)
        self._call.treatment = self._call.treatment.succeeded_by(bridge)
