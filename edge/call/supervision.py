"""Supervisors of a live call: rung on their phones, and joined to listen, to whisper, or to both sides.

::

    call ─▶ Supervised ─▶ its own treatment (bridge, flow …), which knows nothing of it
                └─ Supervisor: Hunt ─ answered ─▶ room of the call; roles: nobody, one side, both sides
                                      └ barges in on an AI agent ─▶ bridged to the caller in its place

The two parties become a room without a gap, and stay one. What a supervisor's phone does (keys, silence, a
transfer) never reaches the call. A supervisor leaves when the call ends, and has a CDR of his own.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from edge.call.bridge import BridgeTreatment
from edge.call.call import Call
from edge.call.cause import q850
from edge.call.ground import Ground
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.call.supervisor import DEAF_AGENT, KEYS, Mode, Supervisor, room_of
from edge.call.treatment import Treatment
from edge.directory import AccountId, Target, User
from edge.error import Refusal
from edge.ident import call_id
from edge.journal import CallId, Cdr, Journal, OpenCall
from edge.routing.route import Route
from edge.sip.refer import Refer
from edge.sip.session import Session
from edge.sip.session_event import SessionEvent
from media import port

SUPERVISORS: Final = 4
"Of one call at one time."
_NOBODY_YET: Final = "wait until somebody is connected; who is in a room is moderated by /conferences"
_OVER: Final = 'SIP;cause=200;text="Supervision is over"'


class Supervised(Treatment):
    """What the call had, and its supervisors beside it."""

    def __init__(self, inner: Treatment) -> None:
        self._inner = inner
        self.listens = inner.listens
        self.supervisors: list[Supervisor] = []
        self.supervising: frozenset[port.LegId] = frozenset()
        "Legs of supervisors, former ones too."

    def allocated(self, call: Call, leg: Leg, now: float) -> None:
        for supervisor in self.supervisors:
            if supervisor.hunt is not None and supervisor.awaits(leg):
                self.supervising |= {leg.id}
                supervisor.hunt.allocated(leg, now)
                return
        self._inner.allocated(call, leg, now)

    def unallocated(self, call: Call, leg: Leg, refusal: Refusal, now: float) -> None:
        for supervisor in self.supervisors:
            if supervisor.hunt is not None and supervisor.awaits(leg):
                supervisor.refused(supervisor.hunt, refusal, now)
                return
        self._inner.unallocated(call, leg, refusal, now)

    def media_event(self, call: Call, event: port.Event, now: float) -> None:
        if event.leg not in self.supervising:
            self._inner.media_event(call, event, now)
            for supervisor in tuple(self.supervisors):
                if isinstance(event, port.AgentConnected):
                    supervisor.stand_back(now)
                supervisor.follow()
            return
        for supervisor in self.supervisors:
            if supervisor.leg is None or supervisor.leg.id != event.leg:
                continue
            if isinstance(event, port.Digit) and event.digit in KEYS:
                supervisor.change(KEYS[event.digit], now)
            elif not isinstance(event, port.Digit) and self.lost(event):
                supervisor.ended(supervisor, "answered", "rtp_timeout", 200, now)
            return

    @staticmethod
    def lost(event: port.Event) -> bool:
        return isinstance(event, port.Silent | port.Failed)

    def session_event(self, call: Call, session: Session, event: SessionEvent, now: float) -> None:
        for supervisor in self.supervisors:
            if supervisor.hunt is not None and supervisor.owns(session):
                supervisor.hunt.session_event(session, event, now)
                return
        before = call.leg
        self._inner.session_event(call, session, event, now)
        if call.leg is not before and any(supervisor.given for supervisor in self.supervisors):
            call.ground.media(port.Join(call.leg.id, room_of(call), partner=True))
        for supervisor in self.supervisors:
            supervisor.follow()

    def referred(self, call: Call, session: Session, refer: Refer, now: float) -> None:
        if any(supervisor.owns(session) for supervisor in self.supervisors):
            super().referred(call, session, refer, now)
        else:
            self._inner.referred(call, session, refer, now)

    def spares(self, leg: port.LegId) -> bool:
        return leg in self.supervising

    def agreed(self, call: Call, leg: Leg, now: float) -> None:
        if leg.id not in self.supervising:
            self._inner.agreed(call, leg, now)

    def users(self, call: Call) -> tuple[User | None, User | None]:
        return self._inner.users(call)

    def release(self) -> Hunt | None:
        return None if self.supervisors else self._inner.release()

    def rings(self, call: Call) -> bool:
        return not self.supervisors and self._inner.rings(call)

    def picked_up(self, call: Call, by: Call, now: float) -> bool:
        return self._inner.picked_up(call, by, now)

    @property
    def attended(self) -> bool:
        return self._inner.attended

    @property
    def former(self) -> Sequence[Hunt]:
        return self._inner.former

    def relieve(self, call: Call, now: float) -> bool:
        return self._inner.relieve(call, now)

    def succeeded_by(self, treatment: Treatment) -> Treatment:
        self._inner = treatment
        self.listens = treatment.listens
        return self

    def cease(self, call: Call, now: float, reason: str) -> None:
        self._inner.end(call, now, reason)

    def outlives(self, call: Call, session: Session) -> bool:
        return self._inner.outlives(call, session)

    def dismiss(self, call: Call, session: Session, partner: Call | None, now: float) -> bool:
        return self._inner.dismiss(call, session, partner, now)

    def end(self, call: Call, now: float, reason: str) -> None:
        for supervisor in tuple(self.supervisors):
            up = supervisor.answered_at is not None
            supervisor.ended(
                supervisor, "answered" if up else "cancelled", "call_ended", 200 if up else 487, now
            )
        self._inner.end(call, now, reason)

    def side(self, call: Call, leg: Leg) -> str:
        if leg.id not in self.supervising:
            return self._inner.side(call, leg)
        return f"supervisor{sorted(self.supervising).index(leg.id) + 1}"


class Supervisions:
    def __init__(self, ground: Ground, journal: Journal, calls: Mapping[CallId, Call]) -> None:
        self._ground = ground
        self._journal = journal
        self._calls = calls
        self._made = 0
        self._supervised: set[CallId] = set()
        "Calls that have had supervisors; some may be over."

    def __len__(self) -> int:
        live = (self._calls.get(id) for id in self._supervised)
        return sum(len(self.of(call)) for call in live if call is not None)

    def of(self, call: Call) -> list[Supervisor]:
        return call.treatment.supervisors if isinstance(call.treatment, Supervised) else []

    def call(self, account: AccountId, id: str) -> Call | Refusal:
        """A live call of the account, by our id or its SIP Call-ID."""
        call = self._calls.get(CallId(id))
        if call is None:
            call = next((c for c in self._calls.values() if c.session.call_id == id), None)
        if call is None or call.route.account.id != account:
            why = f"there is no live call {id[:64]}"
            return Refusal("no_such_call", 404, why, "GET /calls lists live ones")
        return call

    def begin(self, call: Call, number: str, mode: Mode, now: float) -> Supervisor | Refusal:
        """Ring the user's phones, and let him join the call when he answers."""
        account, ground = call.route.account, self._ground
        user = ground.directory.user(account.id, number)
        if user is None:
            why = f"there is no user {number[:64]}"
            return Refusal("no_such_user", 404, why, "name a user of the account")
        if user in (call.route.caller, call.route.callee, *call.treatment.users(call)):
            return Refusal("own_call", 409, f"{number} is a party to this call", "ring somebody else's phone")
        attended = call.treatment.attended
        if attended and mode is Mode.WHISPER:
            return DEAF_AGENT
        own = call.treatment.supervising if isinstance(call.treatment, Supervised) else frozenset()
        parties = [leg for leg in call.legs.values() if leg.held and leg.negotiated and leg.id not in own]
        if call.answered_at is None or not (attended or len(parties) > 1):
            fix = "wait until it is answered" if call.answered_at is None else _NOBODY_YET
            return Refusal("not_joined", 409, "the call does not have two parties yet", fix)
        if not isinstance(call.treatment, Supervised):
            call.treatment = Supervised(call.treatment)
            self._supervised = {id for id in self._supervised if id in self._calls} | {call.id}
        treatment = call.treatment
        if len(treatment.supervisors) >= SUPERVISORS:
            return Refusal(
                "too_many_supervisors", 409, "the call has as many supervisors as it may", "remove one"
            )
        self._made += 1
        route = Route(account, "internal", Target("user", user.number), callee=user)
        supervisor = Supervisor(
            call_id(ground.wall(now), ground.random),
            call,
            user,
            mode,
            ground.wall(now),
            self._ended,
            self._take_over,
        )
        hunt = Hunt(call, supervisor, route, name=f"supervisor{self._made}")
        refusal = hunt.take(now)
        if refusal is not None:
            return refusal
        supervisor.hunt = hunt
        treatment.supervisors.append(supervisor)
        self._journal.opened(
            OpenCall(
                supervisor.id,
                account.id,
                call.session.call_id,
                "internal",
                call.caller,
                user.number,
                supervisor.started_at,
            )
        )
        call.trace.add(now, "call", "supervisor", outcome="rung", user=user.number, mode=mode.value)
        hunt.start(now)
        return supervisor.refusal or supervisor

    def dismiss(self, supervisor: Supervisor, now: float) -> None:
        up = supervisor.answered_at is not None
        self._ended(supervisor, "answered" if up else "cancelled", "dismissed", 200 if up else 487, now)

    def _take_over(self, supervisor: Supervisor, now: float) -> Refusal | None:
        call, hunt, supervised = supervisor.call, supervisor.hunt, supervisor.call.treatment
        assert hunt is not None and hunt.leg is not None, "who barges in has a leg"
        assert isinstance(supervised, Supervised), "by him"
        if not supervised.relieve(call, now):
            fix = "wait for its outcome, or listen meanwhile"
            return Refusal("transfer_pending", 409, "the AI agent is handing the caller over", fix)
        supervisor.mode, supervisor.hunt = Mode.BARGE, None
        supervisor.tell(now, "took_over")
        self._ended(supervisor, "answered", "took_over", 200, now)
        supervised.supervising -= {hunt.leg.id}
        bridge = BridgeTreatment()
        bridge.join(call, hunt, supervised.former)
        supervised.succeeded_by(bridge)
        call.ground.media(port.StopPlay(call.leg.id))
        call.ground.media(port.Bridge(call.leg.id, hunt.leg.id))
        return None

    def _ended(self, supervisor: Supervisor, disposition: str, cause: str, status: int, now: float) -> None:
        call = supervisor.call
        others = self.of(call)
        if supervisor not in others:
            return
        others.remove(supervisor)
        leg = supervisor.leg
        if supervisor.hunt is not None:
            supervisor.hunt.leave(now, _OVER)
        if leg is not None:
            call.ground.media(port.Detach(leg.id))
        self._journal.closed(
            Cdr(
                supervisor.id,
                call.route.account.id,
                call.session.call_id,
                "internal",
                call.caller,
                supervisor.user.number,
                f"supervise:{call.id}",
                supervisor.started_at,
                supervisor.answered_at,
                call.ground.wall(now),
                disposition,
                cause,
                status,
                q850(disposition, status),
                {"mode": supervisor.mode.value},
            )
        )
