"""One try to call somebody back: an agent first, then the customer, as though the agent had dialled him.

::

    offered ─▶ agents ring, told number and name ─ one takes it ─▶ seat ─▶ the customer rings ─▶ a bridge
                    └ nobody ─▶ over                                          └ in vain ─▶ over, agent let go

The agent comes first: who has waited for hours must not be called to wait again. He hears the customer's
phone ring, and may give up by hanging up. Afterwards this is a bridge like any other: held, transferred,
supervised. Channels: each party takes its own; the customer's number is the account's to pay, and is asked of
the toll-fraud guard again.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from edge.acd.callback import Callback
from edge.acd.lease import Lease, LeaseId, Why
from edge.acd.terms import QueueTerms
from edge.agenda import Alarm
from edge.call.bridge import BridgeTreatment
from edge.call.call import Call, State
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.call.originate import seat
from edge.command.offer import Offer
from edge.directory import Account
from edge.error import Refusal
from edge.flow.command import Sound
from edge.routing.route import Route, route_inside
from edge.sip.session import Session
from edge.sip.session_event import SessionEvent
from edge.tone import tones
from media import port

_RINGBACK: Final = "callback-ring"
NEXT_SECONDS: Final = 2.0
"So soon another agent is rung in the same call; else it is over, and the next one begins a new one [s]."
_HOPELESS: Final = frozenset({404, 410, 482, 484, 604})
"What is not there is not there the next time either; what is busy or full may be free."


class Tries(Protocol):
    """Who wants to know what becomes of a try."""

    def seated(self, lease: Lease, go: Callable[[bool, float], None], now: float) -> None:
        """An agent has taken it: `go(ok, now)` dials the customer, once the try is counted."""

    def reached(self, now: float) -> None:
        """The customer has answered."""

    def parted(self, now: float) -> None:
        """The agent is out of it; the customer may still talk to somebody else."""

    def over(self, why: str, now: float, *, final: bool) -> None:
        """The call is over. Args: final: another try would end in the same way."""


class CallbackTreatment(BridgeTreatment):
    """An `edge.command.offer.Offers`."""

    def __init__(self, callback: Callback, owner: Tries) -> None:
        super().__init__()
        self._callback = callback
        self._owner = owner
        self._offers: dict[LeaseId, Offer] = {}
        self._count = 0
        self._agent: Session | None = None
        self._parted = False
        self._sounding = False
        self._nobody: Alarm | None = None
        self._why = ""
        self._final = False

    def begin(self, call: Call, now: float) -> None:
        self._call = call
        about = self._callback
        call.trace.add(
            now,
            "call",
            "callback",
            outcome=about.id,
            queue=about.queue,
            promised_in=about.call,
            tries=about.tries,
        )

    # What the queue says.

    def offered(self, lease: Lease, terms: QueueTerms, now: float) -> None:
        if self._nobody is not None:
            self._nobody.cancel()
        self._count += 1
        texts = (terms.whisper, terms.callback.whisper)
        whisper = tuple(Sound(text=text) for text in texts if text)
        name = f"agent{self._count}"
        self._offers[lease.id] = offer = Offer(self._call, self, lease, terms, name, whisper)
        offer.start(now)

    def withdrawn(self, lease: Lease, why: Why, now: float) -> None:
        offer = self._offers.get(lease.id)
        if offer is None or offer.lease is not lease:
            return
        del self._offers[lease.id]
        offer.withdraw(why, now)
        if not self._offers and self._agent is None:
            self._why = f"agent_{why.value}"
            self._nobody = self._call.alarm(now + NEXT_SECONDS, self._give_up)

    # What comes of offers (`edge.command.offer.Offers`).

    def seated(self, offer: Offer, now: float) -> None:
        call, hunt = self._call, offer.hunt
        assert hunt is not None and hunt.session is not None, "people alone call back"
        del self._offers[offer.lease.id]
        self._agent, self._near = hunt.session, hunt.route.callee
        self._former.append(hunt)
        seat(call, hunt)
        call.trace.add(now, "call", "callback_agent", outcome="answered", agent=offer.lease.agent)
        self._owner.seated(offer.lease, self._go, now)

    def parted(self, offer: Offer, cause: str, now: float) -> None:
        """Not heard: who is seated is the call's near side."""

    # What the call brings.

    def allocated(self, call: Call, leg: Leg, now: float) -> None:
        offer = self._offer_of(leg)
        if offer is not None and offer.hunt is not None:
            offer.hunt.allocated(leg, now)
        else:
            super().allocated(call, leg, now)

    def unallocated(self, call: Call, leg: Leg, refusal: Refusal, now: float) -> None:
        offer = self._offer_of(leg)
        if offer is not None and offer.hunt is not None:
            offer.refused(offer.hunt, refusal, now)
        else:
            super().unallocated(call, leg, refusal, now)

    def media_event(self, call: Call, event: port.Event, now: float) -> None:
        for offer in tuple(self._offers.values()):
            offer.media_event(event, now)

    def session_event(self, call: Call, session: Session, event: SessionEvent, now: float) -> None:
        for offer in tuple(self._offers.values()):
            if offer.hunt is not None and offer.hunt.owns(session):
                offer.hunt.session_event(session, event, now)
                return
        super().session_event(call, session, event, now)

    def end(self, call: Call, now: float, reason: str) -> None:
        offers, self._offers = self._offers, {}
        for offer in offers.values():
            offer.end(now, reason)
        if self._agent is not None and call.answered_at is None:
            self._agent.bye(now, reason)
        super().end(call, now, reason)
        why = self._why or (
            "" if call.answered_at is not None else "agent_hangup" if self._agent else "ended"
        )
        self._owner.over(why, now, final=self._final)

    # What comes of the customer's hunt.

    def answered(self, hunt: Hunt, now: float) -> None:
        self._silence()
        if self._call.answered_at is None:
            self._call.trace.add(now, "call", "callback_customer", outcome="answered")
            self._owner.reached(now)
        super().answered(hunt, now)

    def refused(self, hunt: Hunt, refusal: Refusal, now: float) -> None:
        self._fail(refusal, now)

    def unanswered(self, hunt: Hunt, now: float) -> None:
        self._why = "no_answer"
        super().unanswered(hunt, now)

    def diverted(self, hunt: Hunt, route: Route, now: float) -> None:
        fix = "promise callbacks to users and public numbers"
        self._fail(Refusal("no_party", 404, f"{self._callback.number} cannot be called", fix), now)

    # Transfers by the agent.

    def dismiss(self, call: Call, session: Session, partner: Call | None, now: float) -> bool:
        done = super().dismiss(call, session, partner, now)
        self._look(now)
        return done

    def _drop_near(self, now: float) -> None:
        super()._drop_near(now)
        self._look(now)

    # Inside.

    def _look(self, now: float) -> None:
        """The agent may be out of it."""
        if not self._parted and self._agent is not None and self._call.near is not self._agent:
            self._parted = True
            self._owner.parted(now)

    def _give_up(self, now: float) -> None:
        self._call.finish("no_answer", self._why, now, 480)

    def _offer_of(self, leg: Leg) -> Offer | None:
        for offer in self._offers.values():
            if offer.hunt is not None and offer.hunt.awaits(leg):
                return offer
        return None

    def _go(self, ok: bool, now: float) -> None:
        call = self._call
        if call.state is not State.LIVE:
            return
        if ok:
            self._dial(now)
        else:
            fix = "check the database; GET /readyz says what is wrong"
            self._fail(Refusal("not_kept", 503, "the attempt cannot be recorded", fix), now)

    def _dial(self, now: float) -> None:
        call, about = self._call, self._callback
        account: Account = call.route.account
        terms = call.ground.directory.queue(account.id, about.queue)
        route = route_inside(call.ground.directory, account, about.number, None)
        if isinstance(route, Refusal) or terms is None:
            gone = Refusal(
                "no_such_queue",
                404,
                f"there is no queue {about.queue}",
                "promise it again, in a queue that exists",
            )
            self._fail(route if isinstance(route, Refusal) else gone, now)
            return
        call.route = replace(route, caller=self._near)
        shown = terms.callback.caller_id or about.did
        hunt = Hunt(call, self, route, name="customer", caller=shown, follows=False)
        refusal = hunt.take(now)
        while refusal is not None and refusal.status == 503 and hunt.route.more_trunks:
            hunt.route = hunt.route.next_trunk()
            refusal = hunt.take(now)
        if refusal is not None:
            self._fail(refusal, now)
            return
        self._hunt = hunt
        self._sounding = True
        ringback = tones(account.country).ringback
        call.ground.media(port.Tone(call.leg.id, _RINGBACK, *ringback))
        seconds = terms.callback.ring_timeout
        call.alarm(now + seconds, lambda at: None if hunt.connected else self.unanswered(hunt, at))
        hunt.start(now)

    def _fail(self, refusal: Refusal, now: float) -> None:
        self._why = refusal.code
        self._final = refusal.status in _HOPELESS or refusal.code == "fraud_destination"
        self._call.refuse(refusal, now)

    def _silence(self) -> None:
        if self._sounding:
            self._sounding = False
            self._call.ground.media(port.StopPlay(self._call.leg.id, _RINGBACK))

    def _join(self) -> None:
        self._silence()
        super()._join()
