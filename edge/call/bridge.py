"""A B2BUA: the caller's dialog on one side, one or several of ours on the other, audio through us."""

from edge.call.call import Call
from edge.call.hold import HoldMusic
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.call.treatment import Treatment
from edge.error import Refusal
from edge.routing import diversion
from edge.routing.route import Route
from edge.sip.session import By, Ended, Session, SessionEvent
from media import port


class BridgeTreatment(Treatment):
    """Seeks the route's user or number and joins the caller to who answers."""

    def __init__(self, *, busy: bool = False) -> None:
        """Args: busy: the callee has as many calls as it may; its forward for that is what is left."""
        self._busy = busy
        self._call: Call
        self._hunt: Hunt | None = None
        self._music = HoldMusic()

    def begin(self, call: Call, now: float) -> None:
        self._call = call
        hops = diversion.count(call.session.invite)
        self._hunt = Hunt(call, self, call.route, name="hop", hops=hops)
        self._hunt.start(now, busy=self._busy)

    def allocated(self, call: Call, leg: Leg, now: float) -> None:
        assert self._hunt is not None, "it asked for the port"
        self._hunt.allocated(leg, now)

    def session_event(self, call: Call, session: Session, event: SessionEvent, now: float) -> None:
        assert self._hunt is not None, "it began the session"
        self._hunt.session_event(session, event, now)

    def agreed(self, call: Call, leg: Leg, now: float) -> None:
        hunt = self._hunt
        if hunt is None or hunt.leg is None or not hunt.connected:
            return
        listener = hunt.leg if leg is call.leg else call.leg
        if self._music.update(call.ground, call.route.account, leg, listener):
            held = leg.negotiated is not None and leg.negotiated.hold
            side = self.side(call, listener)
            call.trace.add(now, "call", "music", outcome="on" if held else "off", side=side)

    def end(self, call: Call, now: float, reason: str) -> None:
        if self._hunt is not None:
            self._hunt.end(now, reason)

    # What comes of the hunt (`edge.call.hunt.Hunts`).

    def progressed(self, hunt: Hunt, status: int, now: float, *, early: bool) -> None:
        self._call.progress(status, now, early_media=early)
        if early:
            self._join(hunt)

    def answered(self, hunt: Hunt, now: float) -> None:
        if self._call.answer(now):
            self._join(hunt)

    def refused(self, hunt: Hunt, refusal: Refusal, now: float) -> None:
        self._call.refuse(refusal, now)

    def unanswered(self, hunt: Hunt, now: float) -> None:
        self._call.finish("no_answer", "no_answer", now, 480)

    def diverted(self, hunt: Hunt, route: Route, now: float) -> None:
        self._call.become(route, now)

    def left(self, hunt: Hunt, event: Ended, now: float) -> None:
        if event.by is By.REMOTE:
            self._call.finish("answered", "callee_hangup", now)
        else:
            self._call.finish("failed", event.cause, now)

    # Inside.

    def _join(self, hunt: Hunt) -> None:
        assert hunt.leg is not None, "who speaks has a leg"
        self._call.ground.media(port.Bridge(self._call.leg.id, hunt.leg.id))
