"""One call: from an admitted INVITE to exactly one CDR.

::

    INVITE ─▶ Call.start ─▶ port ─▶ treatment (echo, agent, bridge …) ─▶ finish ─▶ ports back ─▶ Cdr
                                        ▲
               session and media events ┘

The call owns the caller's session and leg; its treatment owns what the caller gets. Events of a call
come one at a time from the switch, so nothing here waits or locks. `finish` may be called by anybody,
any number of times; the first one counts.
"""

import enum
from collections.abc import Callable

from edge.agenda import Alarm
from edge.call.aim import aim
from edge.call.cause import ELSEWHERE, cancelled, lost, reason_of
from edge.call.detail import cdr_of, line_of, trace_media
from edge.call.ground import Ground, bind_address
from edge.call.info import hear
from edge.call.leg import Leg, Port, is_browser
from edge.call.no_caller import NoCaller
from edge.call.recording import CallRecording
from edge.call.treatment import AlarmAction, Treatment
from edge.directory import AudioTerms, User
from edge.error import Refusal
from edge.event.line import Stage
from edge.journal import CallId
from edge.routing.route import Route
from edge.sip.answering import AnsweringSession
from edge.sip.flow import Flow, Transport
from edge.sip.locate import Located
from edge.sip.session import Headers, Session
from edge.sip.session_event import Acked, By, Ended, Info, Reanswered, Referred, Reoffer, SessionEvent
from edge.sip.uri import Uri
from edge.trace.trace import Trace
from edge.trunk.caller import Caller
from media import port

RELEASE_SECONDS = 5.0
"A port that is not confirmed as returned by then is no longer waited for [s]."


class State(enum.Enum):
    STARTING = "waiting for a port"
    LIVE = "its treatment is at work"
    ENDING = "ports are on their way back"
    CLOSED = "the CDR is written"


class Call:
    def __init__(
        self,
        id: CallId,
        ground: Ground,
        session: AnsweringSession | NoCaller,
        route: Route,
        treatment: Treatment,
        trace: Trace,
        *,
        caller: Caller,
        callee: str,
        now: float,
    ) -> None:
        self.id = id
        self.ground = ground
        self.session = session
        self.near: Session | NoCaller = session
        "Whom `leg` serves: the caller, until it is transferred away."
        self.route = route
        self.treatment = treatment
        self.trace = trace
        self.caller = caller.number
        self.identity = caller
        self.callee = callee
        self.started_at = ground.wall(now)
        self.answered_at: int | None = None
        self.state = State.STARTING
        self.legs: dict[port.LegId, Leg] = {}
        self.leg = self.leg_for(session.flow, route.caller_audio, offer=session.offer)
        self.legs[self.leg.id] = self.leg
        self.callers_leg = self.leg
        self.leg.session = session if isinstance(session, Session) else None
        self.sessions: set[Session] = set()
        "Every session of this call of which something is left on the wire."
        self.sdp: bytes | None = None
        "What we told the caller: an answer, or an offer in a 200 when it made none."
        self._delayed = not session.offer  # the offer is ours, its answer comes with the ACK
        self._alarms: list[Alarm] = []
        self.recording = CallRecording(self)
        self.ticket = id
        "Under which it waits in a queue."
        self.promised = ""
        "Id of the callback that its caller has been promised."
        self._disposition = ("failed", "internal", 500)

    # Set-up.

    def start(self, now: float) -> None:
        if (offer := self.session.offer) and (refusal := self.leg.unreadable(offer)) is not None:
            self.refuse(refusal, now)
            return
        self.alarm(
            now + self.ground.limits.call_seconds, lambda at: self.finish("failed", "max_duration", at)
        )
        self._allocate(self.leg)
        self.line(self.route.caller, Stage.TRYING, now)

    def line(self, user: User | None, stage: Stage, now: float) -> None:
        if user is not None:
            self.ground.lines().put(user, line_of(self, user, stage), now)

    def leg_for(self, flow: Flow, terms: AudioTerms, *, offer: bytes = b"") -> Leg:
        """One more leg, on the network of `flow`; named so that its call is found by `call_of`."""
        ground = self.ground
        return Leg(
            port.LegId(f"{self.id}/{len(self.legs) + 1}"),
            ground.reach.media_address(flow),
            int.from_bytes(ground.random(4), "big"),
            ground.limits,
            ground.random,
            terms,
            first=self.leg.prospect(self.session.offer) if self.legs else None,
            private=flow.transport in (Transport.TLS, Transport.WSS),
            browser=is_browser(offer, ground.limits, web=flow.is_web or terms.srtp == "dtls"),
            ice=flow.is_web,
            signalling=flow.remote[0],
        )

    def add_leg(self, leg: Leg) -> None:
        """Take a port for one more leg; `Treatment.allocated` follows."""
        self.legs[leg.id] = leg
        self._allocate(leg)

    def describe(self, now: float, beyond: Leg | None = None) -> bytes | None:
        """The SDP for the caller, made once; None when there is no agreement and the call is over."""
        if self.sdp is None:
            codec = None if beyond is None or beyond.negotiated is None else beyond.negotiated.codec
            made = self.leg.offer() if self._delayed else self.leg.answer(self.session.offer, codec)
            if isinstance(made, Refusal):
                self.refuse(made, now)
                return None
            self.sdp = made
        return self.sdp

    def connect(self) -> None:
        """Let audio flow to and from the caller as far as offer and answer allow."""
        aim(self, self.leg)

    def progress(
        self, status: int, now: float, *, early_media: bool = False, beyond: Leg | None = None
    ) -> None:
        """Args: beyond: whence early media comes, if that is not us."""
        if self.state is State.LIVE:
            body = b""
            if self._delayed and self.session.needs_prack:
                body = b"" if self.sdp is not None else self.describe(now) or b""
            elif early_media and not self._delayed:
                body = self.describe(now, beyond) or b""
                self.connect()
            self.session.progress(status, body, now)

    def answer(self, now: float, beyond: Leg | None = None) -> bool:
        """Pick up: 200 with SDP, audio connected. False when the SDP has nothing in common (call over).

        Args: beyond: of who has picked up, with whom the caller is joined.
        """
        if self.state is not State.LIVE:
            return False
        if self.answered_at is None:
            body = self.describe(now, beyond)
            if body is None:
                return False
            self.answered_at = self.ground.wall(now)
            self.trace.add(now, "call", "answered")
            self.recording.answered(now)
            self.line(self.route.caller, Stage.CONFIRMED, now)
            self.session.accept(body, now)
            self.connect()
        return True

    def become(self, route: Route, now: float) -> None:
        """Give the caller what `route` leads to, in place of what it had."""
        treatment = self.ground.treat(route)
        if isinstance(treatment, Refusal):
            self.refuse(treatment, now)
            return
        self.treatment.cease(self, now, ELSEWHERE)
        for leg in self.legs.values():
            if leg is not self.leg and not self.treatment.spares(leg.id):
                self.release(leg)
        self.treatment = self.treatment.succeeded_by(treatment)
        treatment.begin(self, now)

    def take_over(self, session: Session, leg: Leg) -> None:
        """The caller has been transferred away: `session` on `leg` has its place."""
        self.recording.move(self.leg, leg)
        self.near, self.leg = session, leg

    def release(self, leg: Leg) -> None:
        """Give one port back, in a call that goes on."""
        if leg.state is Port.TAKEN:
            self.ground.media(port.Release(leg.id))

    # Events.

    def receive_session(self, session: Session, event: SessionEvent, now: float) -> None:
        if session is not self.near:
            if self.state is State.LIVE:
                self.treatment.session_event(self, session, event, now)
            return
        match event:
            case Acked(body):
                self.acknowledged(self.leg, body, now)
            case Reoffer(body):
                self.renegotiate(session, self.leg, body, now)
            case Reanswered(body):
                self.reanswered(self.leg, body, now)
            case Info():
                hear(self, self.leg, event, now)
            case Referred(refer):
                self.treatment.referred(self, session, refer, now)
            case Ended(by, cause, reason):
                if reason:
                    self.trace.add(now, "call", "reason", reason=reason)
                if self.treatment.outlives(self, session):
                    return
                if cause == "cancelled":
                    self.finish("cancelled", cancelled(reason), now, 487)
                elif by is By.REMOTE:
                    self.finish("answered" if self.answered_at else "cancelled", "caller_hangup", now)
                else:
                    self.finish("failed", cause, now)
            case _:
                raise AssertionError(f"a session that is up does not emit {event}")

    def receive_media(self, event: port.Event, now: float) -> None:
        leg = self.legs.get(event.leg)
        if leg is None:
            return
        match event:
            case port.Allocated(_, number, fingerprint, seen):
                leg.take(number, fingerprint, seen)
                self._allocated(leg, now)
            case port.Refused(_, reason):
                leg.state = Port.RETURNED
                fix = "raise limits.media.legs or widen listen.rtp.ports"
                refusal = Refusal("no_rtp_port", 503, reason, fix, retry_after=5)
                if self.state is State.LIVE:
                    self.treatment.unallocated(self, leg, refusal, now)
                else:
                    self.refuse(refusal, now)
                self._close_if_returned(now)
            case port.Released(_, stats):
                leg.state, leg.stats = Port.RETURNED, stats
                self._close_if_returned(now)
            case port.Lost(_, reason):
                leg.state = Port.RETURNED
                trace_media(self, event, now)
                self.finish("answered" if self.answered_at else "failed", reason, now)
                self._close_if_returned(now)
            case port.DigitDue():
                trace_media(self, event, now)
                leg.keypad.press(self, leg, event, now)
            case _:
                trace_media(self, event, now)
                if (cause := lost(event)) is not None and not self.treatment.spares(event.leg):
                    self.finish("answered" if self.answered_at else "failed", cause, now)
                elif self.state is State.LIVE:
                    self.treatment.media_event(self, event, now)

    # The end.

    def refuse(self, refusal: Refusal, now: float) -> None:
        """Turn the caller away, or hang up if it was answered already, and say why."""
        self.trace.add(
            now,
            "route",
            "refused",
            outcome=refusal.code,
            status=refusal.status,
            text=refusal.text,
            fix=refusal.fix,
        )
        headers = refusal.headers()
        self.finish(
            "busy" if refusal.status == 486 else "refused", refusal.code, now, refusal.status, headers
        )

    def finish(
        self, disposition: str, cause: str, now: float, status: int | None = None, headers: Headers = ()
    ) -> None:
        """End the call: final answer or BYE to every side, ports back, CDR when they are."""
        if self.state in (State.ENDING, State.CLOSED):
            return
        self.state = State.ENDING
        self.ground.lines().over(self.id, now)
        if status is None:
            status = 200 if self.answered_at is not None else 480
        self._disposition = (disposition, cause, status)
        for alarm in self._alarms:
            alarm.cancel()
        reason = reason_of(disposition, status, cause)
        self.trace.add(now, "call", "ended", outcome=cause, disposition=disposition, status=status)
        if self.answered_at is None:
            self.session.reject(status, now, (*headers, ("Reason", reason)))
        else:
            self.near.bye(now, reason)
        self.treatment.end(self, now, reason)
        for leg in self.legs.values():
            if leg.held:
                self.ground.media(port.Release(leg.id))
        self._alarms = [self.ground.agenda.at(now + RELEASE_SECONDS, self._close)]
        self._close_if_returned(now)

    def alarm(self, at: float, act: AlarmAction) -> Alarm:
        """A deadline that dies with the call."""
        self._alarms.append(alarm := self.ground.agenda.at(at, act))
        return alarm

    def resolve(self, uri: Uri, then: Callable[[Located, float], None]) -> None:
        """Find the servers of `uri`; `then(located, now)` does not come once the call is over."""

        def found(located: Located, now: float) -> None:
            if self.state is State.LIVE:
                then(located, now)

        self.ground.resolve(uri, found)

    def renegotiate(self, session: Session, leg: Leg, body: bytes, now: float) -> None:
        """Answer a re-INVITE of either side; the other is not bothered (hold, resume)."""
        if not body:
            session.agree(leg.offer(), now)
            return
        if leg.negotiated is None:
            # RFC 3311 §5.2: our answer, or the peer's, is still to come.
            session.disagree(491 if leg.awaits_answer else 500, (("Retry-After", "1"),), now)
            return
        made = leg.answer(body)
        if isinstance(made, Refusal):
            self.trace.add(now, "call", "reoffer", outcome=made.code, text=made.text)
            session.disagree(made.status, made.headers(), now)
            return
        agreed = leg.negotiated
        assert agreed is not None, "an answer leaves an agreement"
        self.trace.add(now, "call", "reoffer", outcome=agreed.direction.value, hold=agreed.hold)
        session.agree(made, now)
        self._agreed(leg, now)

    def reanswered(self, leg: Leg, body: bytes, now: float) -> None:
        """The peer may say something new when we keep its session alive."""
        if leg.accept(body) is None:
            self._agreed(leg, now)

    def acknowledged(self, leg: Leg, body: bytes, now: float) -> None:
        """An ACK, with the answer to our offer if the 200 held one; if not, what was agreed before stands."""
        if not leg.awaits_answer:
            return
        refusal = leg.accept(body)
        if refusal is None:
            self._agreed(leg, now)
        elif leg.negotiated is None:
            self.refuse(refusal, now)

    # Inside.

    def _agreed(self, leg: Leg, now: float) -> None:
        aim(self, leg)
        self.treatment.agreed(self, leg, now)

    def _allocate(self, leg: Leg) -> None:
        leg.state = Port.WANTED
        address = bind_address(self.ground.rtp_address, leg.address)
        listens = leg is self.leg and self.treatment.listens
        self.ground.media(port.Allocate(leg.id, address, listens, leg.browser, self.ground.stun))

    def _allocated(self, leg: Leg, now: float) -> None:
        if self.state in (State.ENDING, State.CLOSED):
            self.ground.media(port.Release(leg.id))
        elif leg is self.leg:
            self.state = State.LIVE
            self.treatment.begin(self, now)
        else:
            self.treatment.allocated(self, leg, now)

    def _close_if_returned(self, now: float) -> None:
        if self.state is State.ENDING and not any(leg.held for leg in self.legs.values()):
            self._close(now)

    def _close(self, now: float) -> None:
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
        for alarm in self._alarms:
            alarm.cancel()
        self.ground.close(self, cdr_of(self, *self._disposition, self.ground.wall(now)), now)
        self.treatment = Treatment()  # it holds the call: a circle, which would wait for the collector
