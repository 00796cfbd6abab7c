"""One offer of a queue carried out: an agent's phones ring, or an AI agent's socket is dialled.

::

    ring ─ answered ─▶ whisper, key ─▶ Acd.take ─▶ seated          (without whisper and key at once)
      └ busy, refused, silent, hung up ─▶ Acd.decline ─▶ withdrawn

Forwards of the agent are not followed: a queue's caller must not end in somebody's voicemail.
"""

from dataclasses import replace
from typing import Final, Protocol

from edge.acd.lease import Lease, Why
from edge.acd.terms import QueueTerms, name_of_ai
from edge.call.attach import attach
from edge.call.call import Call
from edge.call.cause import ELSEWHERE
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.command.acceptance import Acceptance
from edge.directory import Target, UserId
from edge.error import Refusal
from edge.flow.command import Sound
from edge.routing.route import Route
from edge.sip.session_event import Ended
from media import port

WHISPER_SECONDS: Final = 60.0
"Longest that an agent may listen before he decides, the time for the key apart [s]."
_DECLINED: Final = frozenset({480, 486, 600, 603})
_REASONS: Final = {
    Why.ELSEWHERE: ELSEWHERE,
    Why.MISSED: 'SIP;cause=408;text="No answer"',
    Why.DECLINED: 'SIP;cause=480;text="Not taken"',
}
_NOT_NEEDED: Final = 'SIP;cause=487;text="Not needed any more"'


class Offers(Protocol):
    """Who brought the caller."""

    def seated(self, offer: "Offer", now: float) -> None:
        """The caller is this agent's; the two are not joined yet."""

    def parted(self, offer: "Offer", cause: str, now: float) -> None:
        """The agent who had him is gone."""


class Offer:
    """An `edge.call.hunt.Hunts` for people."""

    def __init__(
        self,
        call: Call,
        owner: Offers,
        lease: Lease,
        terms: QueueTerms,
        name: str,
        whisper: tuple[Sound, ...],
    ) -> None:
        """Args: name: of its hunt and playbacks; whisper: heard by the agent before he has the caller."""
        self.lease = lease
        self.ai = name_of_ai(lease.agent)
        "Name of an AI agent; empty: a person."
        self.hunt: Hunt | None = None
        self._call = call
        self._owner = owner
        self._terms = terms
        self._name = name
        self._whisper = whisper
        self._acceptance: Acceptance | None = None
        self._seated = False

    def start(self, now: float) -> None:
        call = self._call
        call.trace.add(now, "flow", "offer", outcome=self.lease.agent, queue=self.lease.queue)
        if self.ai:
            agent = call.ground.directory.agent(self.lease.account, self.ai)
            if agent is None:
                self._decline(Why.UNREACHABLE, now)
            else:
                call.ground.media(attach(call, agent, {"queue": self.lease.queue}))
            return
        user = call.ground.directory.user_by_id(UserId(self.lease.agent))
        if user is None:
            self._decline(Why.UNREACHABLE, now)
            return
        # The lease says how long it rings.
        callee = replace(user, ring_time=self._terms.ring_timeout + 1.0)
        route = Route(
            call.route.account, "internal", Target("user", user.number), None, call.route.caller, callee
        )
        self.hunt = Hunt(call, self, route, name=self._name, follows=False)
        refusal = self.hunt.take(now)
        if refusal is None:
            self.hunt.start(now)
        else:
            self.refused(self.hunt, refusal, now)

    def media_event(self, event: port.Event, now: float) -> None:
        if self._acceptance is not None:
            self._acceptance.media_event(event, now)
        if not self.ai or event.leg != self._call.leg.id:
            return
        match event:
            case port.AgentConnected() if not self._seated:
                self._take(now)
            case port.AgentFailed(_, reason) | port.AgentEnded(_, reason):
                if self._seated:
                    self._owner.parted(self, reason, now)
                else:
                    self._decline(Why.UNREACHABLE, now)

    def withdraw(self, why: Why, now: float) -> None:
        """Ring no more, or hang up."""
        self._stop()
        self._call.trace.add(now, "flow", "offer_over", outcome=why.value, agent=self.lease.agent)
        if self.hunt is not None:
            self.hunt.leave(now, _REASONS.get(why, _NOT_NEEDED))
        elif self.ai:
            self._call.ground.media(port.Detach(self._call.leg.id))

    def part(self, now: float) -> None:
        """The conversation is over; the caller stays."""
        self._call.ground.media(port.Detach(self._call.leg.id))
        if self.hunt is not None:
            self.hunt.leave(now, "")

    def end(self, now: float, reason: str) -> None:
        """The call is over, and gives its ports back by itself."""
        self._stop()
        if self.hunt is not None:
            self.hunt.end(now, reason)

    @property
    def rings(self) -> bool:
        """Of a person, who has not picked up yet."""
        return self.hunt is not None and not self.hunt.connected

    @property
    def leg(self) -> Leg | None:
        return self.hunt.leg if self.hunt is not None else None

    # What comes of the hunt (`edge.call.hunt.Hunts`).

    def progressed(self, hunt: Hunt, status: int, now: float, *, early: bool) -> None:
        """The caller hears the queue's music."""

    def answered(self, hunt: Hunt, now: float) -> None:
        terms = self._terms
        if not terms.confirm and not self._whisper:
            self._take(now)
            return
        assert hunt.leg is not None, "who answers has a leg"
        seconds = WHISPER_SECONDS + (terms.confirm_timeout if terms.confirm else 0.0)
        self._call.ground.acd.renew(self.lease, seconds, now, alone=not terms.confirm)
        self._acceptance = Acceptance(
            self._call,
            hunt.leg.id,
            f"{self._name}.ask",
            self._whisper,
            self._decided,
            key=terms.confirm,
            seconds=terms.confirm_timeout,
        )
        self._acceptance.start(now)

    def refused(self, hunt: Hunt, refusal: Refusal, now: float) -> None:
        declined = refusal.status in _DECLINED
        self._decline(Why.DECLINED if declined else Why.UNREACHABLE, now)

    def unanswered(self, hunt: Hunt, now: float) -> None:
        if not self._seated:
            self._decline(Why.MISSED, now)

    def diverted(self, hunt: Hunt, route: Route, now: float) -> None:
        self._decline(Why.UNREACHABLE, now)

    def left(self, hunt: Hunt, event: Ended, now: float) -> None:
        if self._seated:
            self._owner.parted(self, event.cause, now)
        else:
            self._decline(Why.DECLINED, now)

    # Inside.

    def _decided(self, accepted: bool, now: float) -> None:
        self._acceptance = None
        if accepted:
            self._take(now)
        else:
            self._decline(Why.DECLINED, now)

    def _take(self, now: float) -> None:
        if self._call.ground.acd.take(self.lease, now):
            self._seated = True
            self._owner.seated(self, now)

    def _decline(self, why: Why, now: float) -> None:
        """`withdraw` follows."""
        self._call.ground.acd.decline(self.lease, why, now)

    def _stop(self) -> None:
        if self._acceptance is not None:
            self._acceptance.stop()
            self._acceptance = None
