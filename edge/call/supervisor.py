"""One supervisor of a live call: rung, joined to it in one of three modes, and gone.

::

    Hunt ─ answered ─▶ room of the call; roles: nobody, one side, both sides
              └ barges in on an AI agent ─▶ takes the conversation over

An AI agent hears its caller and nobody else: it is listened to, not whispered to, and who barges in relieves
it. From then on he is a party like any other, and no supervisor any more.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge.call.call import Call
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.directory import User
from edge.error import Refusal
from edge.journal import CallId
from edge.routing.route import Route
from edge.sip.session import Session
from edge.sip.session_event import Ended
from media import port

DEAF_AGENT: Final = Refusal(
    "agent_on_call",
    409,
    "an AI agent has the caller, and hears nobody else",
    "listen, or barge in to take the conversation over",
)


class Mode(enum.Enum):
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


KEYS: Final = {"4": Mode.LISTEN, "5": Mode.WHISPER, "6": Mode.BARGE}
"What a supervisor presses to change his mode."


def room_of(call: Call) -> port.RoomId:
    """Where its parties meet as long as somebody supervises them."""
    return port.RoomId(f"call:{call.id}")


@dataclass(slots=True, eq=False, weakref_slot=True)
class Supervisor:
    """An `edge.call.hunt.Hunts`."""

    id: CallId
    call: Call
    user: User
    mode: Mode
    started_at: int
    "[ms UTC]"
    ended: Callable[["Supervisor", str, str, int, float], None]
    "(self, disposition, cause, SIP status, now)"
    takes_over: Callable[["Supervisor", float], Refusal | None]
    "(self, now): talk with the caller in the AI agent's place."
    hunt: Hunt | None = None
    answered_at: int | None = None
    refusal: Refusal | None = None
    "Why nobody could be rung."
    given: port.Role | None = None
    "In the room."

    @property
    def leg(self) -> Leg | None:
        return self.hunt.leg if self.hunt is not None else None

    def awaits(self, leg: Leg) -> bool:
        return self.hunt is not None and self.hunt.awaits(leg)

    def owns(self, session: Session) -> bool:
        return self.hunt is not None and self.hunt.owns(session)

    def role(self) -> port.Role:
        match self.mode:
            case Mode.LISTEN:
                return port.Role(speaks=False)
            case Mode.WHISPER:
                ours = self._agents_leg()
                return port.Role(speaks=ours is not None, only=ours)
            case Mode.BARGE:
                return port.Role()

    def change(self, mode: Mode, now: float) -> Refusal | None:
        attended = self.call.treatment.attended
        refusal = DEAF_AGENT if attended and mode is Mode.WHISPER else None
        if refusal is None and attended and mode is Mode.BARGE and self.answered_at is not None:
            refusal = self.takes_over(self, now)
            if refusal is None:
                return None
        if refusal is not None:
            self.tell(now, refusal.code)
            return refusal
        self._become(mode)
        self.tell(now, mode.value)
        return None

    def stand_back(self, now: float) -> None:
        """An AI agent talks with the caller now."""
        if self.mode is not Mode.LISTEN and self.answered_at is not None:
            self.change(Mode.LISTEN, now)

    def follow(self) -> None:
        """Somebody may have come or gone: who whispers does so to who works here now."""
        if self.mode is Mode.WHISPER and self.given not in (None, self.role()):
            self._become(Mode.WHISPER)

    def _become(self, mode: Mode) -> None:
        self.mode = mode
        if self.answered_at is not None and self.leg is not None:
            self.given = self.role()
            self.call.ground.media(port.ChangeRole(self.leg.id, self.given))

    def _agents_leg(self) -> port.LegId | None:
        """Of the side that works here: who called out, else who was called; None: nobody is there."""
        call = self.call
        if call.route.direction == "out":
            return call.leg.id
        spares = call.treatment.spares
        others = [leg for leg in call.legs.values() if leg is not call.leg and leg.held and leg.negotiated]
        return next((leg.id for leg in reversed(others) if not spares(leg.id)), None)

    # What comes of the hunt.

    def progressed(self, hunt: Hunt, status: int, now: float, *, early: bool) -> None:
        """Nobody waits for it."""

    def answered(self, hunt: Hunt, now: float) -> None:
        assert hunt.leg is not None, "who answers has a leg"
        call, room = self.call, room_of(self.call)
        self.answered_at = call.ground.wall(now)
        if call.treatment.attended and self.mode is not Mode.LISTEN:
            if self.mode is Mode.BARGE and self.takes_over(self, now) is None:
                return
            self.mode = Mode.LISTEN
        call.ground.media(port.Join(call.leg.id, room, partner=True))
        self.given = self.role()
        call.ground.media(port.Join(hunt.leg.id, room, self.given))
        self.tell(now, self.mode.value)

    def refused(self, hunt: Hunt, refusal: Refusal, now: float) -> None:
        self.refusal = refusal
        self.tell(now, refusal.code)
        self.ended(self, "busy" if refusal.status == 486 else "refused", refusal.code, refusal.status, now)

    def unanswered(self, hunt: Hunt, now: float) -> None:
        if self.answered_at is None:
            self.tell(now, "no_answer")
            self.ended(self, "no_answer", "no_answer", 480, now)

    def diverted(self, hunt: Hunt, route: Route, now: float) -> None:
        self.tell(now, "no_party")
        self.ended(self, "refused", "no_party", 480, now)

    def left(self, hunt: Hunt, event: Ended, now: float) -> None:
        self.tell(now, "left")
        self.ended(self, "answered", "supervisor_hangup", 200, now)

    def tell(self, now: float, outcome: str) -> None:
        self.call.trace.add(
            now, "call", "supervisor", outcome=outcome, user=self.user.number, mode=self.mode.value
        )
