"""Calls of outside edges: routed and admitted as our own, and held until their edge says that they ended.

::

    /route ─▶ identity ─▶ route ─▶ channels ─▶ OutsideCall ─▶ rtjson
    /presence/event dialog … end ─────────────────┴─▶ channels back, CDR        (or a deadline passes)

A repeated callId gets the same answer and counts once; what was refused is forgotten, so that the same
call may ask again once it is authenticated.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from config.schema import SipLimits
from edge.agenda import Agenda
from edge.channels import Channels
from edge.directory import Account, AccountId, Directory, Target, TrunkId, User
from edge.error import Refusal
from edge.ident import Random, call_id
from edge.journal import Binding, CallId, Cdr, Journal, OpenCall
from edge.outside import answer
from edge.outside.answer import Json
from edge.outside.call import DialogEvent, OutsideCall, RouteAsked
from edge.outside.journey import Journey, follow
from edge.outside.proof import Denied, Proofs, Proven
from edge.outside.registration import OutsideRegistrations
from edge.routing.identity import Identity, Stranger, TrunkIdentity, UserIdentity
from edge.routing.route import Route, route
from edge.trace.trace import Trace

EVENTS: Final = ("start", "ringing", "answered", "end")


class OutsideCalls:
    def __init__(
        self,
        *,
        directory: Directory,
        journal: Journal,
        channels: Channels,
        proofs: Proofs,
        bindings: Callable[[AccountId, str, float], Sequence[Binding]],
        registrations: OutsideRegistrations,
        agenda: Agenda,
        limits: SipLimits,
        random: Random,
        wall: Callable[[float], int],
        trust_from: bool,
        prefer: Callable[[Route], Route] = lambda route: route,
        is_down: Callable[[TrunkId], bool] = lambda trunk: False,
    ) -> None:
        """
        Args:
            bindings: (account, AOR, now) → where it is registered with us.
            trust_from: a From that names one of our users has been proven by the outside edge.
            prefer: the same route, with trunks that answer first in its list.
            is_down: whether a trunk is known not to answer.
        """
        self._directory = directory
        self._journal = journal
        self._channels = channels
        self._proofs = proofs
        self._bindings = bindings
        self._registrations = registrations
        self._agenda = agenda
        self._limits = limits
        self._random = random
        self._wall = wall
        self._trust_from = trust_from
        self._prefer = prefer
        self._is_down = is_down
        self._calls: dict[str, OutsideCall] = {}

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def live(self) -> list[OutsideCall]:
        return list(self._calls.values())

    def find(self, sip_call_id: str) -> OutsideCall | None:
        return self._calls.get(sip_call_id)

    def route(self, asked: RouteAsked, now: float) -> Json:
        """The rtjson for one call."""
        known = self._calls.get(asked.call_id)
        if known is not None:
            return known.rtjson
        identity = self._identify(asked)
        decision = route(
            self._directory, identity, self._host(asked, identity), asked.dialled, self._wall(now)
        )
        if isinstance(decision, Refusal):
            account = self._account_of(identity)
            if account is not None:
                path = Route(account, "in", Target("", asked.dialled))
                return self._refused(asked, path, identity, decision, now)
            return answer.reject(decision)
        return self._offer(asked, decision, identity, now)

    def dialog(self, event: DialogEvent, now: float) -> bool:
        """What the outside edge tells of a call; False: we know no such call."""
        call = self._calls.get(event.call_id)
        if call is None or call.route.account.id != event.account:
            return False
        call.trace.add(now, "presence", "dialog", outcome=event.event, cause=event.cause)
        if event.event == "end":
            self._close(call, call.ended(event.cause, self._wall(now)), now)
            return True
        if event.event == "answered" and call.answered_at is None:
            call.answered_at = self._wall(now)
        self._expect(call, now)
        self._write(call.trace)
        return True

    # Inside.

    def _identify(self, asked: RouteAsked) -> Identity:
        directory = self._directory
        trunk = directory.trunk_of_source(asked.source) if asked.source else None
        if trunk is not None:
            return TrunkIdentity(trunk, "address")
        match self._proofs.of_call(asked.call_id):
            case Proven(account, _, user, device, trunk):
                if trunk is not None:
                    return TrunkIdentity(trunk, "digest")
                assert user is not None and device is not None, "a proof is of a trunk or a device"
                return UserIdentity(account, user, device)
            case Denied():
                return Stranger()
        if asked.authenticated is False or not (asked.authenticated or self._trust_from):
            return Stranger()
        home = directory.account_of_host(asked.caller_domain.lower())
        user = directory.user(home.id, asked.caller) if home is not None and asked.caller else None
        if home is None or user is None:
            return Stranger()
        name = asked.caller if asked.caller in user.usernames else user.usernames[0]
        device = directory.device(home.id, name)
        if device is None or device.disabled:
            return Stranger()
        return UserIdentity(home, user, device)

    def _host(self, asked: RouteAsked, identity: Identity) -> str:
        if asked.dialled_domain:
            return asked.dialled_domain
        return identity.account.domain if isinstance(identity, UserIdentity) else asked.caller_domain

    def _account_of(self, identity: Identity) -> Account | None:
        match identity:
            case UserIdentity(account):
                return account
            case TrunkIdentity(trunk):
                return self._directory.account(trunk.account)
            case Stranger():
                return None

    def _offer(self, asked: RouteAsked, decision: Route, identity: Identity, now: float) -> Json:
        if decision.target.kind == "hangup":
            declined = Refusal("declined", 603, "the number is set to hang up", "change its target")
            return self._refused(asked, decision, identity, declined, now)
        if answer.is_ours(decision.target):
            # Taken when the call comes to our own door; no use in sending one that would be refused there.
            number = asked.caller if decision.direction == "in" else ""
            full = self._channels.judge(CallId(""), decision, number, now)
            if full is not None:
                return self._refused(asked, decision, identity, full, now)
            return answer.to_us(decision, asked.dialled, asked.here)
        if len(self._calls) >= self._limits.outside_calls:
            fix = "raise limits.sip.outside_calls"
            return answer.reject(
                Refusal("too_many_calls", 503, "too many calls of outside edges are live", fix, retry_after=5)
            )
        call = self._begin(asked, decision, identity, now)
        journey = self._admit(call, decision, asked, now)
        if isinstance(journey, Refusal):
            self._give_back(call, 0.0, now)
            self._end_refused(call, journey, now)
            return answer.reject(journey)
        call.reached = journey.last
        call.rtjson = self._rtjson(asked, journey, identity, now)
        self._calls[asked.call_id] = call
        self._journal.opened(
            OpenCall(
                call.id,
                decision.account.id,
                asked.call_id,
                decision.direction,
                call.caller,
                call.callee,
                call.started_at,
            )
        )
        call.trace.add(now, "route", "rtjson", outcome=str(call.rtjson["action"]), answer=call.rtjson)
        self._expect(call, now)
        self._write(call.trace)
        return call.rtjson

    def _admit(self, call: OutsideCall, decision: Route, asked: RouteAsked, now: float) -> Journey | Refusal:
        """Find where the call ends, and take what it counts against on the way there."""
        channels, campaign = self._channels, asked.campaign
        first = self._prefer(decision)
        number = asked.caller if first.direction == "in" else first.number_out
        full = channels.judge(call.id, first, number, now, campaign=campaign)
        while full is not None and full.status == 503 and first.more_trunks:
            first = first.next_trunk()
            full = channels.judge(call.id, first, number, now, campaign=campaign)
        callee = first.callee
        busy = (
            full is not None and full.code == "user_busy" and callee is not None and callee.forward.busy != ""
        )
        if full is not None and not busy:
            return channels.refused(full, call.trace, now)
        journey = follow(self._directory, first, lambda user: bool(self.contacts(user, now)), busy=busy)
        if isinstance(journey, Refusal):
            return journey
        # Perhaps it is the caller who is busy; if so, taking without the callee fails again.
        taken = replace(first, callee=None) if busy else first
        refusal = channels.take(call.id, taken, number, call.trace, now, campaign=campaign)
        call.held.append(call.id)
        hops = []
        for count, hop in enumerate(map(self._prefer, journey.hops), 1):
            if refusal is None:
                call.held.append(CallId(f"{call.id}/hop{count}"))
                refusal = channels.take_party(call.held[-1], hop, call.trace, now)
                hops.append(hop)
        journey = Journey(first, tuple(hops), journey.diversions, journey.number)
        return refusal or self._down(journey.last) or journey

    def _down(self, route: Route) -> Refusal | None:
        """A refusal when no trunk of the route answers (S004-25)."""
        if route.callee is not None or route.trunk_out is None:
            return None
        if not all(self._is_down(trunk.id) for trunk in (route.trunk_out, *route.more_trunks)):
            return None
        text = f"no trunk for {route.number_out} answers"
        return Refusal(
            "trunk_down",
            503,
            text,
            "check the trunks; the metric tandem_trunk_up shows which are down",
            retry_after=30,
        )

    def _rtjson(self, asked: RouteAsked, journey: Journey, identity: Identity, now: float) -> Json:
        caller = _caller(asked, identity)
        name = identity.user.name if isinstance(identity, UserIdentity) else ""
        last = journey.last
        if last.target.kind == "flow":
            made = answer.flow(last, asked.call_id, caller, asked.dialled)
        elif last.callee is not None:
            seconds = last.callee.ring_time or self._limits.ring_timeout
            made = answer.proxy(last, self.contacts(last.callee, now), caller, name, seconds)
        elif last.trunk_out is not None:
            made = answer.outbound(last, last.trunk_out, caller, name)
        else:
            made = answer.to_us(last, journey.number or asked.dialled, asked.here)
        return made | answer.diverted(journey.diversions)

    def contacts(self, user: User, now: float) -> list[str]:
        """Where the user is registered, with us or with an outside edge."""
        names = dict.fromkeys((user.number, *user.usernames))
        ours = [binding.contact for name in names for binding in self._bindings(user.account, name, now)]
        theirs = self._registrations.contacts(user.account, user.id, now)
        return list(dict.fromkeys(ours + theirs))

    def _begin(self, asked: RouteAsked, decision: Route, identity: Identity, now: float) -> OutsideCall:
        wall = self._wall(now)
        id = call_id(wall, self._random)
        trace = Trace(id, self._wall, self._limits.trace_events)
        trace.add(now, "auth", type(identity).__name__, source=asked.source)
        trace.add(
            now,
            "route",
            decision.target.kind,
            outcome=decision.target.value,
            direction=decision.direction,
            account=decision.account.id,
        )
        return OutsideCall(
            id, asked.call_id, decision, decision, _caller(asked, identity), asked.dialled, trace, wall
        )

    def _refused(
        self, asked: RouteAsked, decision: Route, identity: Identity, refusal: Refusal, now: float
    ) -> Json:
        self._end_refused(self._begin(asked, decision, identity, now), refusal, now)
        return answer.reject(refusal)

    def _end_refused(self, call: OutsideCall, refusal: Refusal, now: float) -> None:
        """A refused call leaves a trace and a CDR, as at our own door."""
        call.trace.add(
            now,
            "route",
            "refused",
            outcome=refusal.code,
            status=refusal.status,
            text=refusal.text,
            fix=refusal.fix,
        )
        disposition = "busy" if refusal.status == 486 else "refused"
        self._journal.closed(
            Cdr(
                call.id,
                call.route.account.id,
                call.sip_call_id,
                call.route.direction,
                call.caller,
                call.callee,
                f"{call.route.target.kind}:{call.route.target.value}",
                call.started_at,
                None,
                call.started_at,
                disposition,
                refusal.code,
                refusal.status,
                17 if disposition == "busy" else 21,
            )
        )
        self._write(call.trace)

    def _expect(self, call: OutsideCall, now: float) -> None:
        """Give the call time until its edge must be heard again."""
        if call.alarm is not None:
            call.alarm.cancel()
        up = call.answered_at is not None
        seconds = self._limits.call_seconds if up else self._limits.outside_ring
        call.alarm = self._agenda.at(now + seconds, partial(self._lost, call))

    def _lost(self, call: OutsideCall, now: float) -> None:
        call.trace.add(now, "presence", "lost", outcome="no_end_reported")
        self._close(call, call.ended("no_end_reported", self._wall(now)), now)

    def _close(self, call: OutsideCall, cdr: Cdr, now: float) -> None:
        del self._calls[call.sip_call_id]
        if call.alarm is not None:
            call.alarm.cancel()
        up = 0 if cdr.answered_at is None else cdr.ended_at - cdr.answered_at
        self._give_back(call, up / 1000, now)
        self._journal.closed(cdr)
        self._write(call.trace)

    def _give_back(self, call: OutsideCall, seconds: float, now: float) -> None:
        for id in call.held:
            self._channels.give_back(id, seconds, now)
        call.held.clear()

    def _write(self, trace: Trace) -> None:
        self._journal.traced(trace.call, trace.take())


def _caller(asked: RouteAsked, identity: Identity) -> str:
    return identity.user.number if isinstance(identity, UserIdentity) else asked.caller or "anonymous"
