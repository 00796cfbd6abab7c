"""The devices of a user being rung: all at once, one after another, or only the best of them.

Phones and browsers are offered different sessions, so that each kind has a port of its own.
"""

from collections import deque
from collections.abc import Collection
from typing import Final

from edge.call.call import Call
from edge.call.leg import Leg, Port
from edge.call.outgoing import Destination, device_destination, invite
from edge.call.refused import rank, redirection, refusal_of
from edge.call.ringing import Ringing, Rings
from edge.directory import User
from edge.error import Refusal
from edge.sip.session import Headers
from edge.sip.session_event import Refused

_UNANSWERED: Final = 'SIP;cause=408;text="No answer"'


class UserRinging(Ringing):
    def __init__(
        self,
        call: Call,
        owner: Rings,
        callee: User,
        *,
        seconds: float,
        caller: str = "",
        early_media: bool = True,
        headers: Headers = (),
    ) -> None:
        """Args: seconds: in sequence, so long each device rings."""
        super().__init__(
            call, owner, seconds=seconds, caller=caller, early_media=early_media, headers=headers
        )
        self._callee = callee
        self._kinds: dict[bool, Leg] = {}
        "By whether it is for browsers."
        self._rounds: deque[list[Destination]] = deque()
        "Those still to be rung; who is in one list rings together."

    def start(self, now: float) -> None:
        callee, bindings = self._callee, self._call.ground.bindings
        found = (
            device_destination(self._call, binding)
            for name in dict.fromkeys((callee.number, *callee.usernames))
            for binding in bindings(callee.account, name, now)
        )
        destinations = [destination for destination in found if destination is not None]
        if not destinations:
            fix = "register a phone with a username of this user"
            text = f"user {callee.number} has no registered device"
            self._owner.refused(self, Refusal("not_registered", 480, text, fix), now)
            return
        match callee.ring:
            case "sequential":
                self._rounds.extend([destination] for destination in destinations)
            case "first":
                self._rounds.append(destinations[:1])
            case _:
                self._rounds.append(destinations)
        for destination in (one for round in self._rounds for one in round):
            kind = destination.flow.is_web
            if kind not in self._kinds:
                self._kinds[kind] = leg = self._call.leg_for(destination.flow, callee.audio)
                self._call.add_leg(leg)
        self.leg = next(iter(self._kinds.values()))

    def allocated(self, leg: Leg, now: float) -> None:
        if all(leg.state is Port.TAKEN for leg in self._kinds.values()):
            self._next(now)

    def _legs(self) -> Collection[Leg]:
        return self._kinds.values()

    def _branch_answered(self) -> None:
        pass

    def _next(self, now: float) -> bool:
        if not self._rounds:
            return False
        self._cancel(now, _UNANSWERED)
        self._forget_early()
        offers = {kind: leg.offer() for kind, leg in self._kinds.items()}
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._call.alarm(now + self._seconds, self._unanswered)
        for destination in self._rounds.popleft():
            kind = destination.flow.is_web
            session = invite(self._call, destination, offers[kind], self._headers, self._caller)
            self._ring(session, self._kinds[kind], now)
        for session in tuple(self._ringing):
            session.start(now)
        return True

    def _branch_refused(self, event: Refused, now: float) -> None:
        if event.status < 400:
            self.redirect = redirection(event)
        if event.status >= 600 or self.redirect:
            self._rounds.clear()
            self._cancel(now)
        self._out(rank(event.status), refusal_of(event, None), now)
