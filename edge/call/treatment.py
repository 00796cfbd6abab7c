"""What a caller gets: one class per kind of target (echo, an AI agent, another person …)."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from edge.call.leg import Leg
from edge.directory import User
from edge.error import Refusal
from edge.sip.refer import Refer
from edge.sip.session import Session
from edge.sip.session_event import SessionEvent
from media.port import Event, LegId

if TYPE_CHECKING:
    from edge.call.call import Call
    from edge.call.hunt import Hunt

AlarmAction: TypeAlias = Callable[[float], None]


class Treatment:
    """Acts on its call by the call's verbs; the call hands it what is not the caller's own business."""

    listens = False
    "Whether it wants to know when the caller speaks."

    def begin(self, call: "Call", now: float) -> None:
        """The caller's port is there; nothing but 100 was said to it. A refused call never gets here."""

    def allocated(self, call: "Call", leg: Leg, now: float) -> None:
        """A port that this treatment asked for by `Call.add_leg` is there."""

    def unallocated(self, call: "Call", leg: Leg, refusal: Refusal, now: float) -> None:
        """There is no port for it."""
        call.refuse(refusal, now)

    def media_event(self, call: "Call", event: Event, now: float) -> None:
        """What happened in the audio of any leg."""

    def session_event(self, call: "Call", session: Session, event: SessionEvent, now: float) -> None:
        """What happened on a session that this treatment began."""

    def agreed(self, call: "Call", leg: Leg, now: float) -> None:
        """Offer and answer on a connected leg have a new outcome: hold, resume, another codec or address."""

    def referred(self, call: "Call", session: Session, refer: Refer, now: float) -> None:
        """A side asks that its partner be transferred: accept or refuse by `session.referral`."""
        fix = "transfer calls between two parties"
        session.referral.refuse(
            403, now, Refusal("no_partner", 403, "the call has no other party to transfer", fix).headers()
        )

    def users(self, call: "Call") -> "tuple[User | None, User | None]":
        """Who of the account is on the caller's side, and who on the other."""
        return call.route.caller, None

    def release(self) -> "Hunt | None":
        """Give up a conversation between the caller and one other, which goes on; None: there is none."""
        return None

    @property
    def attended(self) -> bool:
        """Whether an AI agent talks with the caller."""
        return False

    def relieve(self, call: "Call", now: float) -> bool:
        """A person is about to talk with the caller in the AI agent's place; False: not now."""
        return False

    def succeeded_by(self, treatment: "Treatment") -> "Treatment":
        """What the call has when `treatment` takes the place of this one."""
        return treatment

    @property
    def former(self) -> "Sequence[Hunt]":
        """Who has been given the caller's place: what they took is given back at the end of the call."""
        return ()

    def spares(self, leg: LegId) -> bool:
        """Whether the call goes on although the audio of `leg` is lost: it is nobody's who talks."""
        return False

    def outlives(self, call: "Call", session: Session) -> bool:
        """Whether the call goes on although `session` has hung up: a transfer is under way."""
        return False

    def dismiss(self, call: "Call", session: Session, partner: "Call | None", now: float) -> bool:
        """`session` leaves, and the rest of the call is joined to `partner`, or to nobody yet.

        False: this is no call between two parties that are up; nothing has changed.
        """
        return False

    def rings(self, call: "Call") -> bool:
        """Whether somebody elsewhere may take the call, by `picked_up`: phones ring, nobody talks to it."""
        return False

    def picked_up(self, call: "Call", by: "Call", now: float) -> bool:
        """Somebody elsewhere takes this call while it rings (RFC 3891 §3); False: it does not ring."""
        return False

    def end(self, call: "Call", now: float, reason: str) -> None:
        """The call is over: end every session of one's own. `reason` is a Reason header value."""

    def cease(self, call: "Call", now: float, reason: str) -> None:
        """Something else is about to take its place, in a call that goes on."""
        self.end(call, now, reason)

    def side(self, call: "Call", leg: Leg) -> str:
        """Name of a leg in CDR and trace."""
        return "caller" if leg is call.callers_leg else "callee"
