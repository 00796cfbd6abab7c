"""enqueue: the caller waits in a queue, hears music, and is joined to the agent who takes the call.

::

    join ─▶ music, announcements ─▶ offers ring ─▶ seated: joined ─▶ the agent hangs up ─▶ answered
                      └ max_wait, nobody signed in, an exit key, the caller hangs up

The node ends when the conversation does, with the caller still there. The call's own channels are taken
already; each agent who is rung takes one of his.
"""

from edge.acd.lease import Lease, LeaseId, Why
from edge.acd.ticket import Exit
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.command.offer import Offer
from edge.command.patience import Patience
from edge.command.running import Running
from edge.error import Refusal
from edge.flow.command import Enqueue, Sound
from edge.sip.session import Session
from edge.sip.session_event import SessionEvent
from media import port


class EnqueueRunning(Running[Enqueue]):
    """An `edge.acd.ticket.Waits` and an `edge.command.offer.Offers`."""

    def start(self, now: float) -> None:
        call, command = self._call, self.command
        self._offers: dict[LeaseId, Offer] = {}
        self._count = 0
        self._talking: Offer | None = None
        self._patience: Patience | None = None
        if not call.answer(now):
            return
        acd = call.ground.acd
        terms = call.ground.directory.queue(call.route.account.id, command.queue)
        if terms is not None:
            self._patience = Patience(call, self._name("wait"), terms, command.offer)
            self._patience.start(now)
        refusal = acd.join(
            call.id,
            call.route.account.id,
            command.queue,
            self,
            now,
            priority=command.priority,
            skills=command.skills,
            since=now - (call.ground.wall(now) - command.since) / 1000 if command.since else None,
            max_wait=command.max_wait or None,
        )
        if refusal is None:
            call.trace.add(now, "flow", "queued", outcome=command.queue, priority=command.priority)
        else:
            call.trace.add(now, "flow", "not_queued", outcome=refusal.code, text=refusal.text)
            self._leave("failed", now, refusal.code)

    def digit(self, digit: str, now: float) -> bool:
        if self._talking is None and digit in self.command.exit_digits:
            self._call.ground.acd.leave(self._call.id, Exit.DIGIT, now)
            self._leave(f"digit:{digit}", now, "")
        return True  # pressed for nobody, or for the agent

    @property
    def conversation(self) -> Hunt | None:
        return self._talking.hunt if self._talking is not None else None

    def let_go(self) -> None:
        super().let_go()
        self._offers.clear()

    @property
    def joined(self) -> bool:
        return self._talking is not None

    @property
    def attended(self) -> bool:
        return self._talking is not None and bool(self._talking.ai)

    @property
    def rings(self) -> bool:
        return self._talking is None and any(offer.rings for offer in self._offers.values())

    def give_up(self, now: float) -> None:
        """Of his own accord, as the queue counts: by none of its agents."""
        offers, self._offers = self._offers, {}
        for offer in offers.values():
            offer.withdraw(Why.ELSEWHERE, now)
        self._fall_silent()
        self._call.ground.acd.leave(self._call.id, Exit.DIGIT, now)
        self.let_go()

    def relieve(self, now: float) -> bool:
        offer = self._talking
        if offer is None or not offer.ai:
            return False
        self._talking = None
        del self._offers[offer.lease.id]
        offer.part(now)
        self._call.ground.acd.ended(self._call.id, now)
        self.let_go()
        return True

    def media_event(self, event: port.Event, now: float) -> None:
        if isinstance(event, port.Played) and self._patience is not None and event.leg == self._call.leg.id:
            self._patience.played(event, now)
        for offer in tuple(self._offers.values()):
            offer.media_event(event, now)

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        for offer in tuple(self._offers.values()):
            if offer.hunt is not None and offer.hunt.owns(session):
                offer.hunt.session_event(session, event, now)
                return

    def allocated(self, leg: Leg, now: float) -> bool:
        for offer in tuple(self._offers.values()):
            if offer.hunt is not None and offer.hunt.awaits(leg):
                offer.hunt.allocated(leg, now)
                return True
        return False

    def unallocated(self, leg: Leg, refusal: Refusal, now: float) -> None:
        for offer in tuple(self._offers.values()):
            if offer.hunt is not None and offer.hunt.awaits(leg):
                offer.refused(offer.hunt, refusal, now)

    def cancel(self, now: float, reason: str) -> None:
        super().cancel(now, reason)
        self._fall_silent()
        offers, self._offers = self._offers, {}
        for offer in offers.values():
            offer.end(now, reason)
        self._call.ground.acd.ended(self._call.id, now)

    # What the queue says (`edge.acd.ticket.Waits`).

    def offered(self, lease: Lease, now: float) -> None:
        terms = self._call.ground.directory.queue(lease.account, lease.queue)
        if terms is None or self.over:
            self._call.ground.acd.decline(lease, Why.UNREACHABLE, now)
            return
        self._count += 1
        whisper = ((Sound(text=terms.whisper),) if terms.whisper else ()) + self.command.whisper
        name = f"queue{self.seq}.{self._count}"
        self._offers[lease.id] = offer = Offer(self._call, self, lease, terms, name, whisper)
        offer.start(now)

    def withdrawn(self, lease: Lease, why: Why, now: float) -> None:
        offer = self._offers.get(lease.id)
        # A new offer to the same agent has the same id.
        if offer is not None and offer.lease is lease:
            del self._offers[lease.id]
            offer.withdraw(why, now)

    def expelled(self, exit: Exit, now: float) -> None:
        self._leave(exit.value, now, "queue_removed" if exit is Exit.FAILED else exit.value)

    # What comes of offers (`edge.command.offer.Offers`).

    def seated(self, offer: Offer, now: float) -> None:
        self._talking = offer
        self._fall_silent()
        call = self._call
        side = call.treatment.side(call, offer.leg) if offer.leg is not None else "agent"
        call.trace.add(now, "flow", "party", outcome="answered", side=side, agent=offer.lease.agent)
        if offer.leg is not None:
            self._media(port.Bridge(call.leg.id, offer.leg.id))
        if offer.hunt is not None:
            # Also where he transfers the caller, and a bridge has the two by then.
            acd, id = call.ground.acd, call.id
            offer.hunt.when_over = lambda at: acd.ended(id, at)

    def parted(self, offer: Offer, cause: str, now: float) -> None:
        self._talking = None
        del self._offers[offer.lease.id]
        self._music.stop(self._call.ground, self._call.leg)
        offer.part(now)
        self._call.ground.acd.ended(self._call.id, now)
        self._end("answered", now, cause=cause, agent=offer.lease.agent)

    # Inside.

    def _leave(self, outcome: str, now: float, cause: str) -> None:
        self._fall_silent()
        self._end(outcome, now, cause=cause)

    def _fall_silent(self) -> None:
        if self._patience is not None:
            self._patience.stop()
            self._patience = None
