"""A B2BUA: the caller's dialog on one side, one or several of ours on the other, audio through us.

::

    near (call.near, call.leg) ◀──▶ far: who answered the hunt, or the near side of a partner call

After an attended transfer two calls, each without the one who transferred, are joined; each keeps its
trace and CDR, and they end together. The music of a held party is the bridge's.
"""

from collections.abc import Sequence

from edge.call.call import Call
from edge.call.cause import ELSEWHERE
from edge.call.hold import HoldMusic
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.call.transfer import Transfer
from edge.call.treatment import Treatment
from edge.directory import User
from edge.error import Refusal
from edge.routing import diversion
from edge.routing.route import Route
from edge.sip.refer import Refer
from edge.sip.session import Session, State
from edge.sip.session_event import By, Ended, SessionEvent
from media import port

_TRANSFERRED = 'SIP;cause=200;text="Transferred"'


class BridgeTreatment(Treatment):
    """Seeks the route's user or number and joins the caller to who answers.

    An `edge.call.hunt.Hunts` and an `edge.call.transfer.Transfers`.
    """

    def __init__(self, *, busy: bool = False, replaces: tuple[Session, Call] | None = None) -> None:
        """
        Args:
            busy: the callee has as many calls as it may; its forward for that is what is left.
            replaces: the caller takes the place of this session instead of seeking anybody (RFC 3891).
        """
        self._busy = busy
        self._replaces = replaces
        self._call: Call
        self._hunt: Hunt | None = None
        self._former: list[Hunt] = []  # whose party is the near side now
        self._partner: Call | None = None
        self._near: User | None = None
        self._transfer: Transfer | None = None
        self._transfers = 0
        self._music = HoldMusic()

    def begin(self, call: Call, now: float) -> None:
        self._call = call
        self._near = call.route.caller
        if self._replaces is not None:
            self._replace(call, *self._replaces, now)
            return
        hops = diversion.count(call.session.invite) if call.session.invite is not None else 0
        self._hunt = Hunt(call, self, call.route, name="hop", hops=hops)
        self._hunt.start(now, busy=self._busy)

    def join(
        self, call: Call, hunt: Hunt, former: Sequence[Hunt] = (), music: HoldMusic | None = None
    ) -> None:
        """Take on a conversation between the caller and who answered `hunt`.

        Args: former, music: of the treatment that brought it about.
        """
        self._music = music or self._music
        self._former += former
        self._call, self._near, self._hunt = call, call.route.caller, hunt
        hunt.report_to(self)

    def allocated(self, call: Call, leg: Leg, now: float) -> None:
        for hunt in self._hunts():
            if hunt.awaits(leg):
                hunt.allocated(leg, now)
                return
        call.release(leg)

    def unallocated(self, call: Call, leg: Leg, refusal: Refusal, now: float) -> None:
        transfer = self._transfer
        if transfer is not None and transfer.hunt is not None and transfer.hunt.awaits(leg):
            transfer.refused(transfer.hunt, refusal, now)
        else:
            call.refuse(refusal, now)

    def session_event(self, call: Call, session: Session, event: SessionEvent, now: float) -> None:
        for hunt in self._hunts():
            if hunt.owns(session):
                hunt.session_event(session, event, now)
                return

    def agreed(self, call: Call, leg: Leg, now: float) -> None:
        far = self._far_leg()
        if far is None:
            return
        listener = far if leg is call.leg else call.leg
        if self._music.update(call.ground, call.route.account, leg, listener):
            held = leg.negotiated is not None and leg.negotiated.hold
            side = "partner" if listener.id not in call.legs else self.side(call, listener)
            call.trace.add(now, "call", "music", outcome="on" if held else "off", side=side)

    def end(self, call: Call, now: float, reason: str) -> None:
        if self._transfer is not None:
            self._transfer.end(now, reason)
        for hunt in self._former:
            hunt.give_back(now)
        if self._hunt is not None:
            self._hunt.end(now, reason)
        if self._partner is not None:
            self._partner.finish("answered", "partner_hangup", now)

    # Transfers.

    def referred(self, call: Call, session: Session, refer: Refer, now: float) -> None:
        by = self._near if session is call.near else self._far_user()
        refusal = self._unreferable(by)
        if refusal is None:
            assert by is not None, "whoever may transfer is known"
            refusal = self._attended(call, session, refer, by, now)
            if refusal is None and self._partner is not None and session is not call.near:
                refusal = Refusal(
                    "no_partner",
                    403,
                    "the call has no other party to transfer",
                    "transfer within a call of two",
                )
            if refusal is None and not session.referral.pending:
                return
            if refusal is None:
                refusal = self._blind(call, session, refer, by, now)
        if refusal is not None:
            call.trace.add(now, "call", "transfer", outcome=refusal.code, text=refusal.text, fix=refusal.fix)
            session.referral.refuse(refusal.status, now, refusal.headers())

    def outlives(self, call: Call, session: Session) -> bool:
        return self._transfer is not None and self._transfer.left_by(session)

    def dismiss(self, call: Call, session: Session, partner: Call | None, now: float) -> bool:
        if not self._up(call) or self._partner is not None:
            return False
        if partner is not None:
            far = self._far_leg()
            if session is call.near:
                self._drop_near(now)
            elif self._hunt is not None:
                self._hunt.leave(now, _TRANSFERRED)
                self._hunt = None
            for leg in (call.leg, far):
                if leg is not None:
                    self._music.stop(call.ground, leg)
            self._partner = partner
        return True

    def users(self, call: Call) -> tuple[User | None, User | None]:
        if self._partner is None:
            return self._near, self._far_user()
        return self._near, self._partner.treatment.users(self._partner)[0]

    def release(self) -> Hunt | None:
        if (
            self._transfer is not None
            or self._partner is not None
            or self._former
            or not self._up(self._call)
        ):
            return None
        self._quiet()
        hunt, self._hunt = self._hunt, None
        return hunt

    def pair(self, call: Call, partner: Call) -> None:
        """Take on a caller whom `partner` has picked up."""
        self._call, self._near, self._partner = call, call.route.caller, partner

    def rings(self, call: Call) -> bool:
        return call.answered_at is None

    def picked_up(self, call: Call, by: Call, now: float) -> bool:
        hunt = self._hunt
        if call.answered_at is not None or hunt is None or hunt.connected:
            return False
        self._hunt = None
        hunt.leave(now, ELSEWHERE)
        if not call.answer(now, by.leg):
            return False
        self._partner = by
        return True

    def transferred(self, transfer: Transfer, now: float) -> None:
        call, hunt = self._call, transfer.hunt
        assert hunt is not None and hunt.leg is not None and hunt.session is not None, "it was answered"
        self._transfer = None
        hunt.report_to(self)
        self._quiet()
        if transfer.referrer is not call.near:
            if self._hunt is not None:
                self._hunt.leave(now, _TRANSFERRED)
            self._hunt = hunt
        elif self._partner is not None:
            near, leg = call.near, call.leg
            self._near = hunt.route.callee
            self._former.append(hunt)
            call.take_over(hunt.session, hunt.leg)
            near.bye(now, _TRANSFERRED)
            call.release(leg)
        else:
            self._drop_near(now)
            self._hunt = hunt
        self._join()

    def led(self, transfer: Transfer, route: Route, now: float) -> None:
        call = self._call
        self._transfer = None
        self._quiet()
        if transfer.referrer is not call.near and self._hunt is not None:
            self._hunt.leave(now, _TRANSFERRED)
            self._hunt = None
        elif transfer.referrer is call.near:
            self._drop_near(now)
        call.become(route, now)

    def untransferred(self, transfer: Transfer, now: float) -> None:
        self._transfer = None
        if transfer.gone:
            self._call.finish("answered", "transfer_failed", now)

    # What comes of the hunt (`edge.call.hunt.Hunts`).

    def progressed(self, hunt: Hunt, status: int, now: float, *, early: bool) -> None:
        self._call.progress(status, now, early_media=early, beyond=hunt.leg)
        if early:
            self._join()

    def answered(self, hunt: Hunt, now: float) -> None:
        if self._call.answer(now, hunt.leg):
            self._join()

    def refused(self, hunt: Hunt, refusal: Refusal, now: float) -> None:
        self._call.refuse(refusal, now)

    def unanswered(self, hunt: Hunt, now: float) -> None:
        self._call.finish("no_answer", "no_answer", now, 480)

    def diverted(self, hunt: Hunt, route: Route, now: float) -> None:
        self._call.become(route, now)

    def left(self, hunt: Hunt, event: Ended, now: float) -> None:
        if hunt.session is not None and self.outlives(self._call, hunt.session):
            return
        if event.by is By.REMOTE:
            self._call.finish("answered", "callee_hangup", now)
        else:
            self._call.finish("failed", event.cause, now)

    # Inside.

    def _hunts(self) -> list[Hunt]:
        hunts = [self._hunt, self._transfer.hunt if self._transfer is not None else None, *self._former]
        return [hunt for hunt in hunts if hunt is not None]

    def _up(self, call: Call) -> bool:
        return call.answered_at is not None and (
            self._partner is not None or (self._hunt is not None and self._hunt.connected)
        )

    def _far_leg(self) -> Leg | None:
        if self._partner is not None:
            return self._partner.leg
        return self._hunt.leg if self._hunt is not None and self._hunt.connected else None

    def _far_user(self) -> User | None:
        return self._hunt.route.callee if self._hunt is not None else None

    def _unreferable(self, by: User | None) -> Refusal | None:
        if by is None:
            fix = "transfer from the phone of a user"
            return Refusal("transfer_not_allowed", 403, "only users of the account may transfer", fix)
        if self._transfer is not None:
            return Refusal(
                "transfer_pending", 491, "another transfer is under way", "wait until it has ended"
            )
        if not self._up(self._call):
            return Refusal("not_answered", 491, "nobody has answered yet", "transfer once somebody has")
        return None

    def _blind(self, call: Call, session: Session, refer: Refer, by: User, now: float) -> Refusal | None:
        far = self._far_user()
        shown = call.caller if session is not call.near else far.number if far is not None else call.callee
        self._transfers += 1
        self._transfer = transfer = Transfer(call, self, session, refer, by)
        refusal = transfer.start(f"transfer{self._transfers}", shown, now)
        if refusal is not None:
            self._transfer = None
        return refusal

    def _attended(self, call: Call, session: Session, refer: Refer, by: User, now: float) -> Refusal | None:
        """Join the partner to the one with whom `session` talks in another call of ours, if it does."""
        if refer.replaces is None:
            return None
        found = call.ground.find(refer.replaces)
        if found is None or found[1] is call or found[1].route.account.id != call.route.account.id:
            fix = "consult through this server, and transfer while both calls are up"
            return Refusal("no_such_dialog", 403, "the call to be replaced is not ours", fix)
        other, consulted = found[1], found[0]
        if consulted is other.session and other.answered_at is None and other.route.caller == by:
            # Still ringing there: a phone may have one line, and is to see whom it gets.
            other.finish("cancelled", "transferred", now, 487)
            call.ground.channels.give_back(
                other.id, 0.0, now
            )  # not when its ports are back: it is dialled now
            return None  # its target is called by us instead
        if self._partner is not None or not other.treatment.dismiss(other, consulted, None, now):
            return None
        call.trace.add(now, "call", "transfer", outcome="joined", to=other.id)
        session.referral.accept(now)
        session.referral.tell(200, now)
        self.dismiss(call, session, other, now)
        other.treatment.dismiss(other, consulted, call, now)
        self._join()
        return None

    def _replace(self, call: Call, session: Session, other: Call, now: float) -> None:
        """The caller's INVITE has a Replaces (RFC 3891 §3): it is answered, and the old dialog ended."""
        if session.state is State.INVITING or other.treatment.rings(other):
            if not call.answer(now):
                return
            if other.treatment.picked_up(other, call, now):
                self._partner = other
                self._join()
            else:
                call.finish("answered", "pickup_failed", now)
        elif not other.treatment.dismiss(other, session, None, now):
            fix = "replace calls that ring or are up, between two parties"
            call.refuse(Refusal("no_such_dialog", 481, "there is no such call", fix), now)
        elif call.answer(now):
            other.treatment.dismiss(other, session, call, now)
            self._partner = other
            self._join()

    def _drop_near(self, now: float) -> None:
        """The near side hangs up; the far one has its place."""
        call, hunt = self._call, self._hunt
        near, leg = call.near, call.leg
        if hunt is not None and hunt.leg is not None and hunt.session is not None:
            self._near = hunt.route.callee
            self._former.append(hunt)
            self._hunt = None
            call.take_over(hunt.session, hunt.leg)
        near.bye(now, _TRANSFERRED)
        call.release(leg)

    def _quiet(self) -> None:
        """Nobody is held any more."""
        for leg in (self._call.leg, self._far_leg()):
            if leg is not None:
                self._music.stop(self._call.ground, leg)

    def _join(self) -> None:
        far = self._partner.leg if self._partner is not None else self._hunt.leg if self._hunt else None
        assert far is not None, "who speaks has a leg"
        self._call.ground.media(port.Bridge(self._call.leg.id, far.id))


def take_on(
    call: Call, hunt: Hunt, session: Session, refer: Refer, now: float, music: HoldMusic | None = None
) -> bool:
    """A REFER where an agent or a flow has brought two parties together: a bridge takes them on, to transfer.

    False: whoever sends it may not transfer, and is told so; nothing has changed.

    Args: music: that who is on hold hears, and goes on to hear.
    """
    by = call.route.caller if session is call.near else hunt.route.callee
    if by is None:
        fix = "transfer from the phone of a user"
        refusal = Refusal("transfer_not_allowed", 403, "only users of the account may transfer", fix)
        session.referral.refuse(refusal.status, now, refusal.headers())
        return False
    adopt(call, hunt, music).referred(call, session, refer, now)
    return True


def adopt(call: Call, hunt: Hunt, music: HoldMusic | None) -> BridgeTreatment:
    """A bridge in the place of what has brought the caller and who answered `hunt` together."""
    bridge = BridgeTreatment()
    bridge.join(call, hunt, call.treatment.former, music)
    call.treatment = call.treatment.succeeded_by(bridge)
    return bridge
