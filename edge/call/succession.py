"""A caller who talks to an agent or a flow puts somebody else in its own place by REFER (RFC 5589 §6).

::

    REFER ─▶ Succession.referred ─▶ Transfer ─ answered ─▶ that person has the caller's leg, the caller a BYE
                                             └ refused ─▶ NOTIFY says why, the caller stays

Only people are put there: two machines would have nobody to talk to. A conversation that an agent or a flow
has brought about is a bridge's business: see `edge.call.bridge.take_on`.
"""

from collections.abc import Callable
from typing import Final

from edge.call.call import Call
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.call.transfer import Transfer
from edge.error import Refusal
from edge.routing.route import Route, route_inside
from edge.sip.refer import Refer
from edge.sip.session import Session
from edge.sip.session_event import SessionEvent

_TRANSFERRED: Final = 'SIP;cause=200;text="Transferred"'


class Succession:
    """An `edge.call.transfer.Transfers`."""

    def __init__(self, call: Call, succeeded: Callable[[str, float], None]) -> None:
        """Args: succeeded: `(number, now)` comes when somebody has the place, on a new `call.leg`."""
        self._call = call
        self._succeeded = succeeded
        self._transfer: Transfer | None = None
        self._transfers = 0
        self._former: list[Hunt] = []

    def referred(self, session: Session, refer: Refer, now: float) -> None:
        """Accept or refuse by `session.referral`."""
        refusal = self._begin(session, refer, now)
        if refusal is not None:
            trace = self._call.trace
            trace.add(now, "call", "transfer", outcome=refusal.code, text=refusal.text, fix=refusal.fix)
            session.referral.refuse(refusal.status, now, refusal.headers())

    # What the treatment hands on.

    def allocated(self, leg: Leg, now: float) -> bool:
        """Whether the port is ours."""
        hunt = self._hunt
        if hunt is None or not hunt.awaits(leg):
            return False
        hunt.allocated(leg, now)
        return True

    def unallocated(self, leg: Leg, refusal: Refusal, now: float) -> bool:
        hunt, transfer = self._hunt, self._transfer
        if hunt is None or transfer is None or not hunt.awaits(leg):
            return False
        transfer.refused(hunt, refusal, now)
        return True

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        hunt = self._hunt
        if hunt is not None and hunt.owns(session):
            hunt.session_event(session, event, now)

    def outlives(self, session: Session) -> bool:
        return self._transfer is not None and self._transfer.left_by(session)

    @property
    def former(self) -> list[Hunt]:
        """Who have been given the caller's place."""
        return self._former

    @property
    def pending(self) -> bool:
        """Somebody is sought for it."""
        return self._transfer is not None

    def end(self, now: float, reason: str) -> None:
        if self._transfer is not None:
            self._transfer.end(now, reason)
        for hunt in self._former:
            hunt.give_back(now)

    # What comes of the transfer (`edge.call.transfer.Transfers`).

    def transferred(self, transfer: Transfer, now: float) -> None:
        call, hunt = self._call, transfer.hunt
        assert hunt is not None and hunt.leg is not None and hunt.session is not None, "it was answered"
        self._transfer = None
        self._former.append(hunt)
        near, leg = call.near, call.leg
        call.take_over(hunt.session, hunt.leg)
        near.bye(now, _TRANSFERRED)
        call.release(leg)
        self._succeeded(hunt.route.number_out or (hunt.route.callee.number if hunt.route.callee else ""), now)

    def led(self, transfer: Transfer, route: Route, now: float) -> None:
        self._call.finish("answered", "transferred_to_nobody", now)

    def untransferred(self, transfer: Transfer, now: float) -> None:
        self._transfer = None
        if transfer.gone:
            self._call.finish("answered", "transfer_failed", now)

    # Inside.

    @property
    def _hunt(self) -> Hunt | None:
        return self._transfer.hunt if self._transfer is not None else None

    def _begin(self, session: Session, refer: Refer, now: float) -> Refusal | None:
        call, by = self._call, self._call.route.caller
        if by is None or self._former or session is not call.near:
            fix = "transfer from the phone of a user who began the call"
            return Refusal("transfer_not_allowed", 403, "only users of the account may transfer", fix)
        if self._transfer is not None or call.answered_at is None:
            return Refusal(
                "transfer_pending", 491, "another transfer is under way", "wait until it has ended"
            )
        if refer.replaces is not None:
            fix = "transfer without Replaces"
            return Refusal(
                "no_partner", 403, "a call with an agent or a flow can be transferred only blindly", fix
            )
        account = call.route.account
        route = route_inside(call.ground.directory, account, refer.target.user or "", by)
        if isinstance(route, Route) and route.callee is None and route.trunk_out is None:
            fix = "transfer to a user or a public number"
            return Refusal("no_person", 403, f"{refer.target.user} cannot be called", fix)
        self._transfers += 1
        self._transfer = transfer = Transfer(call, self, session, refer, by)
        refusal = transfer.start(f"succession{self._transfers}", call.callee, now)
        if refusal is not None:
            self._transfer = None
        return refusal
