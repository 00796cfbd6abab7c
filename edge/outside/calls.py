"""Calls of outside edges: routed and admitted as our own, and held until their edge says that they ended.

::

    /route ─▶ identity ─▶ route ─▶ channels ─▶ OutsideCall ─▶ rtjson
    /presence/event dialog … end ─────────────────┴─▶ channels back, CDR        (or a deadline passes)

A repeated callId gets the same answer and counts once; what was refused is forgotten, so that the same
call may ask again once it is authenticated.
"""

from collections.abc import Callable, Sequence
from typing import Final

from config.schema import SipLimits
from edge.agenda import Agenda
from edge.channels import Channels
from edge.directory import Account, AccountId, Directory, Target, User
from edge.error import Refusal
from edge.ident import Random, call_id
from edge.journal import Binding, CallId, Cdr, Journal, OpenCall
from edge.outside import answer
from edge.outside.answer import Json
from edge.outside.call import DialogEvent, OutsideCall, RouteAsked
from edge.outside.proof import Denied, Proofs, Proven
from edge.outside.registration import OutsideRegistrations
from edge.routing.identity import Identity, Stranger, TrunkIdentity, UserIdentity
from edge.routing.route import Route, route
from edge.trace import Trace

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
    ) -> None:
        """
        Args:
            bindings: (account, AOR, now) → where it is registered with us.
            trust_from: a From that names one of our users has been proven by the outside edge.
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
                self._refused(asked, Route(account, "in", Target("", asked.dialled)), identity, decision, now)
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
        made = self._rtjson(asked, decision, identity, now)
        if isinstance(made, Refusal):
            self._refused(asked, decision, identity, made, now)
            return answer.reject(made)
        number = asked.caller if decision.direction == "in" else decision.number_out
        if answer.is_ours(decision.target):
            # Taken when the call comes to our own door; no use in sending one that would be refused there.
            full = self._channels.judge(CallId(""), decision, number, now)
            if full is None:
                return made
            self._refused(asked, decision, identity, full, now)
            return answer.reject(full)
        if len(self._calls) >= self._limits.outside_calls:
            fix = "raise limits.sip.outside_calls"
            return answer.reject(Refusal("too_many_calls", 503, "no room for one more", fix, retry_after=5))
        call = self._begin(asked, decision, identity, made, now)
        refusal = self._channels.take(call.id, decision, number, call.trace, now, campaign=asked.campaign)
        if refusal is not None:
            self._end_refused(call, refusal, now)
            return answer.reject(refusal)
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
        call.trace.add(now, "route", "rtjson", outcome=str(made["action"]), answer=made)
        self._expect(call, now)
        self._write(call.trace)
        return made

    def _rtjson(self, asked: RouteAsked, decision: Route, identity: Identity, now: float) -> Json | Refusal:
        caller = _caller(asked, identity)
        name = identity.user.name if isinstance(identity, UserIdentity) else ""
        match decision.target.kind:
            case "flow":
                return answer.flow(decision, asked.call_id, caller, asked.dialled)
            case "hangup":
                return Refusal("declined", 603, "the number is set to hang up", "change its target")
            case "user":
                assert decision.callee is not None, "a route to devices names its user"
                contacts = self._contacts(decision.callee, now)
                if not contacts:
                    text = f"user {decision.callee.number} has no registered device"
                    return Refusal("not_registered", 480, text, "register a phone of this user")
                return answer.proxy(decision, contacts, caller, name, self._limits.ring_timeout)
            case "forward" | "trunk":
                assert decision.trunk_out is not None, "a route to the outside names its trunk"
                return answer.outbound(decision, decision.trunk_out, caller, name)
            case _:
                return answer.to_us(decision, asked.dialled, asked.here)

    def _contacts(self, user: User, now: float) -> list[str]:
        names = dict.fromkeys((user.number, *user.usernames))
        ours = [binding.contact for name in names for binding in self._bindings(user.account, name, now)]
        theirs = self._registrations.contacts(user.account, user.id, now)
        return list(dict.fromkeys(ours + theirs))

    def _begin(
        self, asked: RouteAsked, decision: Route, identity: Identity, rtjson: Json, now: float
    ) -> OutsideCall:
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
            id, asked.call_id, decision, _caller(asked, identity), asked.dialled, rtjson, trace, wall
        )

    def _refused(
        self, asked: RouteAsked, decision: Route, identity: Identity, refusal: Refusal, now: float
    ) -> None:
        self._end_refused(self._begin(asked, decision, identity, {}, now), refusal, now)

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
        call.alarm = self._agenda.at(now + seconds, lambda at: self._lost(call, at))

    def _lost(self, call: OutsideCall, now: float) -> None:
        call.trace.add(now, "presence", "lost", outcome="no_end_reported")
        self._close(call, call.ended("no_end_reported", self._wall(now)), now)

    def _close(self, call: OutsideCall, cdr: Cdr, now: float) -> None:
        del self._calls[call.sip_call_id]
        if call.alarm is not None:
            call.alarm.cancel()
        up = 0 if cdr.answered_at is None else cdr.ended_at - cdr.answered_at
        self._channels.give_back(call.id, up / 1000, now)
        self._journal.closed(cdr)
        self._write(call.trace)

    def _write(self, trace: Trace) -> None:
        self._journal.traced(trace.call, trace.take())


def _caller(asked: RouteAsked, identity: Identity) -> str:
    return identity.user.number if isinstance(identity, UserIdentity) else asked.caller or "anonymous"
