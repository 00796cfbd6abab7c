"""A B2BUA: the caller's dialog on one side, one or several of ours on the other, audio through us."""

from edge.call.call import Call
from edge.call.hold import HoldMusic
from edge.call.leg import Leg
from edge.call.ringing import Ringing
from edge.call.treatment import Treatment
from edge.directory import Trunk
from edge.error import Refusal
from edge.sip.session import By, Ended, Session, SessionEvent
from media import port


class BridgeTreatment(Treatment):
    """Rings devices or a trunk and joins the caller to who answers."""

    def __init__(self, trunk: Trunk | None, number: str) -> None:
        """Args: trunk: to dial `number` on; None: ring the devices of the route's callee."""
        self._trunk = trunk
        self._number = number
        self._call: Call
        self._ringing: Ringing | None = None
        self._music = HoldMusic()

    def begin(self, call: Call, now: float) -> None:
        self._call = call
        self._ringing = Ringing(
            call,
            self,
            callee=call.route.callee,
            trunk=self._trunk,
            number=self._number,
            seconds=call.ground.limits.ring_timeout,
        )
        self._ringing.start(now)

    def allocated(self, call: Call, leg: Leg, now: float) -> None:
        assert self._ringing is not None, "it asked for the port"
        self._ringing.allocated(leg, now)

    def session_event(self, call: Call, session: Session, event: SessionEvent, now: float) -> None:
        assert self._ringing is not None, "it began the session"
        self._ringing.session_event(session, event, now)

    def agreed(self, call: Call, leg: Leg, now: float) -> None:
        ringing = self._ringing
        if ringing is None or ringing.leg is None or not ringing.connected:
            return
        listener = ringing.leg if leg is call.leg else call.leg
        if self._music.update(call.ground, call.route.account, leg, listener):
            held = leg.negotiated is not None and leg.negotiated.hold
            side = self.side(call, listener)
            call.trace.add(now, "call", "music", outcome="on" if held else "off", side=side)

    def end(self, call: Call, now: float, reason: str) -> None:
        if self._ringing is not None:
            self._ringing.end(now, reason)

    # What comes of the ringing (`edge.call.ringing.Rings`).

    def progressed(self, ringing: Ringing, status: int, now: float, *, early: bool) -> None:
        self._call.progress(status, now, early_media=early)
        if early:
            self._join(ringing)

    def answered(self, ringing: Ringing, now: float) -> None:
        if self._call.answer(now):
            self._join(ringing)

    def refused(self, ringing: Ringing, refusal: Refusal, now: float) -> None:
        self._call.refuse(refusal, now)

    def unanswered(self, ringing: Ringing, now: float) -> None:
        self._call.finish("no_answer", "no_answer", now, 480)

    def left(self, ringing: Ringing, event: Ended, now: float) -> None:
        if event.by is By.REMOTE:
            self._call.finish("answered", "callee_hangup", now)
        else:
            self._call.finish("failed", event.cause, now)

    def _join(self, ringing: Ringing) -> None:
        assert ringing.leg is not None, "who speaks has a leg"
        self._call.ground.media(port.Bridge(self._call.leg.id, ringing.leg.id))
