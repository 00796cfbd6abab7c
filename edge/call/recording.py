"""The recording of a whole call: who is recorded, from when, and the file that follows the call.

Stereo: left is the side that called, right the other. It begins with the answer where the policy is `always`,
else when a flow or an operator says so; a transfer does not end it.
"""

import enum
import weakref
from typing import TYPE_CHECKING, Final

from edge.call.leg import Leg
from edge.error import Refusal
from edge.recordings import Recording
from edge.routing.route import Route
from media import port

if TYPE_CHECKING:
    from edge.call.call import Call

FOLDER: Final = "call"


class Taping(enum.Enum):
    OFF = "off"
    ON = "on"
    PAUSE = "pause"


def policy(route: Route) -> str:
    """`always`, `never` or `on_demand`: of two users `never` beats `always`."""
    users = [user for user in (route.caller, route.callee) if user is not None]
    wanted = [user.record or route.account.record for user in users] or [route.account.record]
    for verdict in ("never", "always"):
        if verdict in wanted:
            return verdict
    return "on_demand"


class CallRecording:
    def __init__(self, call: "Call") -> None:
        # Weak: a call that holds what holds it would be left to the collector, with all that it holds.
        self._call: Call = weakref.proxy(call)
        self.state = Taping.OFF
        self.keys: list[str] = []
        "Of the call's recordings in the media folder."

    def answered(self, now: float) -> None:
        if policy(self._call.route) == "always":
            self._start(now)

    def turn(self, state: Taping, now: float) -> Refusal | None:
        """Begin, pause, go on or end, or say why not. What is so already stays so."""
        call = self._call
        if state is self.state:
            return None
        if state is not Taping.OFF and policy(call.route) == "never":
            return Refusal(
                "not_recorded",
                403,
                "a party to the call is never recorded",
                "change record of the user or account",
            )
        if state is not Taping.OFF and call.answered_at is None:
            return Refusal(
                "not_answered", 409, "the call is not answered yet", "record it once it is answered"
            )
        match self.state, state:
            case Taping.OFF, Taping.PAUSE:
                return Refusal("not_recording", 409, "nothing is being recorded", "turn it on first")
            case Taping.OFF, _:
                self._start(now)
            case _, Taping.OFF:
                call.ground.media(port.StopRecord(call.leg.id))
            case _:
                call.ground.media(port.PauseRecord(call.leg.id, state is Taping.PAUSE))
        if self.state is not state:
            self.state = state
            call.trace.add(now, "call", "recording", outcome=state.value)
        return None

    def move(self, leg: Leg, to: Leg) -> None:
        """The caller's place on `leg` goes to another party on `to`."""
        if self.state is not Taping.OFF:
            self._call.ground.media(port.MoveRecord(leg.id, to.id))

    def _start(self, now: float) -> None:
        call = self._call
        recording = Recording(
            call.route.account.id,
            call.id,
            FOLDER,
            len(self.keys) + 1,
            "",
            call.caller,
            call.ground.wall(now),
        )
        self.keys.append(recording.key)
        call.ground.media(port.Record(call.leg.id, call.ground.record(recording), stereo=True))
        self.state = Taping.ON
        call.trace.add(now, "call", "recording", outcome="on", key=recording.key)
