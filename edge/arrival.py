"""From an INVITE that asks for a new dialog to a call, or to a refusal that says why.

The order of checks is that of `design.md` §6: source address of a trunk, digest, challenge; then the
route; then admission. A challenge, and a refusal before anybody is known, leave a trace alone; every other
outcome leaves a trace and a CDR.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from edge.authenticator import Authenticator, Challenged
from edge.call.agent import AgentTreatment
from edge.call.bridge import BridgeTreatment
from edge.call.call import Call
from edge.call.echo import EchoTreatment, PickUpTreatment
from edge.call.flow import FlowTreatment
from edge.call.ground import Ground, contact_address
from edge.call.outgoing import keyring_of, large_of
from edge.call.treatment import Treatment
from edge.channels import Channels
from edge.custom_header import accepted
from edge.directory import Account, Device, Target, Trunk
from edge.error import Refusal
from edge.flow.builtin import BUILTIN, CONFERENCE, LEAVE_MESSAGE, LISTEN, QUEUE
from edge.ident import call_id, tag
from edge.journal import CallId, Journal, OpenCall
from edge.routing.identity import (
    Identity,
    Stranger,
    TrunkIdentity,
    UserIdentity,
    challenged_account,
    claims_to_be_ours,
)
from edge.routing.route import Route, digits_of, route
from edge.security.witness import Witness
from edge.sip.answering import AnsweringSession
from edge.sip.build import response_to
from edge.sip.effect import ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request
from edge.sip.refer import Replaces
from edge.trace.trace import Trace
from edge.trunk.caller import Caller, asked_of_trunk, is_private, told_by_trunk
from edge.trunk.keeper import TrunkKeeper


@dataclass(slots=True)
class Arrivals:
    """Makes calls; one per edge."""

    ground: Ground
    authenticator: Authenticator
    channels: Channels
    journal: Journal
    waiting: Callable[[Trace, float], None]
    "A trace has rows for the journal."
    calls: dict[CallId, Call]
    "Live ones, by our id."
    witness: Witness
    trunks: TrunkKeeper
    draining: bool = False

    def invite(self, request: Request, key: ServerKey, flow: Flow, now: float) -> Call | None:
        """Answer, challenge or take on; the call that began, if one did."""
        ground = self.ground
        overload = self._overload()
        if overload is not None:
            self._refuse(request, key, overload, flow, now)
            return None
        identity = self._identify(request, key, flow, now)
        if identity is None:
            return None
        trunk = identity.trunk if isinstance(identity, TrunkIdentity) else None
        dialled = request.uri.dialled if trunk is None else asked_of_trunk(trunk, request)
        decision = self._decide(identity, request, dialled, now)
        account = decision.account if isinstance(decision, Route) else self._account_of(identity)
        if account is None:
            assert isinstance(decision, Refusal), "a route has its account"
            self._refuse(request, key, decision, flow, now)
            return None
        id = call_id(ground.wall(now), ground.random)
        trace = Trace(id, ground.wall, ground.limits.trace_events, self.waiting)
        self.witness.attempts.tell(request.call_id, trace, now)
        trace.sip(now, False, request.wire(), flow)
        _trace_identity(trace, identity, flow, now)
        allowed = identity.trunk.headers.accept if isinstance(identity, TrunkIdentity) else account.headers
        caller = _caller(identity, request)
        if custom := accepted(request, allowed):
            caller = replace(caller, headers=custom)
        if isinstance(decision, Route):
            decision = ground.prefer(decision)
            path, treatment = self._admit(id, decision, caller.number, trace, now)
        else:
            treatment = decision
            path = Route(account, "in", Target("", dialled))
        session = self._session(request, key, flow, dialled, trunk)
        call = Call(
            id,
            ground,
            session,
            path,
            Treatment() if isinstance(treatment, Refusal) else treatment,
            trace,
            caller=caller,
            callee=dialled,
            now=now,
        )
        self.calls[id] = call
        ground.own(session, call)
        if isinstance(treatment, Refusal):
            call.refuse(treatment, now)
        else:
            self.journal.opened(
                OpenCall(
                    id, account.id, request.call_id, path.direction, call.caller, dialled, call.started_at
                )
            )
            # RFC 3261 §17.2.1 lets it be left out where an answer comes at once; many a script waits for it.
            ground.wire.layer.respond(key, response_to(request, 100), now)
            call.start(now)
            if (patience := request.expires) is not None:
                call.alarm(now + patience, lambda at: _expire(call, at))
        return call

    # Inside.

    def _decide(self, identity: Identity, request: Request, dialled: str, now: float) -> Route | Refusal:
        """Where the call goes, or why it does not."""
        if request.headers.get("Replaces") is not None:
            return self._replacement(request, identity)
        ground = self.ground
        return route(ground.directory, identity, request.uri.host, dialled, ground.wall(now))

    def _session(
        self, request: Request, key: ServerKey, flow: Flow, dialled: str, trunk: Trunk | None
    ) -> AnsweringSession:
        ground = self.ground
        contact = contact_address(ground.reach, flow, dialled, request.uri)
        session = AnsweringSession(ground.wire, request, key, flow, tag=tag(ground.random), contact=contact)
        if trunk is not None:
            session.inquiries.keyring = keyring_of(trunk, ground.random)
            session.large = large_of(trunk, flow, ground)
        return session

    def _overload(self) -> Refusal | None:
        if self.draining:
            fix = "call again in a moment; another node or the restarted one will answer"
            return Refusal("draining", 503, "this node is being shut down", fix, retry_after=10)
        if len(self.calls) >= self.ground.limits.calls:
            return Refusal(
                "too_many_calls",
                503,
                "this node has as many calls as it may",
                "raise limits.sip.calls",
                retry_after=5,
            )
        if self.journal.saturated:
            fix = "use a faster disk or database: calls come in faster than they can be recorded"
            return Refusal("journal_behind", 503, "too many records wait to be written", fix, retry_after=5)
        return None

    def _identify(self, request: Request, key: ServerKey, flow: Flow, now: float) -> Identity | None:
        """None: a challenge or a refusal has been sent."""
        directory = self.ground.directory
        trunk = directory.trunk_of_source(flow.remote[0])
        if trunk is not None:
            return TrunkIdentity(trunk, "address")
        account = challenged_account(directory, request)
        offered = request.headers.get("Authorization") is not None
        digits = digits_of(request.uri.dialled)
        claims = claims_to_be_ours(directory, request, flow.remote[0])
        dialled = directory.did(digits) if digits else None
        if account is None and dialled is not None:
            account = directory.account(dialled.account)
        did = None if offered or claims else dialled
        for trunk in self.trunks.registered_at(flow.remote[0]):
            if request.uri.user == trunk.username or (did is not None and did.account == trunk.account):
                return TrunkIdentity(trunk, "registration")
        if did is not None and did.strangers:
            return Stranger()
        if account is None:
            fix = "name an account's domain as the host of request URI, To or From"
            refusal = Refusal("unknown_domain", 403, f"{request.uri.host} is not served here", fix)
            self.witness.lost(request, flow, now)
            self._refuse(request, key, refusal, flow, now)
            return None
        proven = self.authenticator.check(request, account, flow, now)
        match proven:
            case Challenged():
                response = response_to(request, 401, to_tag=tag(self.ground.random), headers=proven.headers)
                self.witness.challenged(request, account, proven, response, flow, now)
                self.ground.wire.layer.respond(key, response, now)
                return None
            case Refusal():
                self._refuse(request, key, proven, flow, now)
                return None
            case Trunk():
                self.witness.proven(flow, now)
                return TrunkIdentity(proven, "digest")
            case Device():
                user = directory.user_by_id(proven.user)
                assert user is not None, "a device belongs to a user"
                self.witness.proven(flow, now)
                return UserIdentity(account, user, proven)

    def _replacement(self, request: Request, identity: Identity) -> Route | Refusal:
        """An INVITE that takes the place of a dialog of ours (RFC 3891 §3)."""
        account = self._account_of(identity)
        if account is None:
            fix = "authenticate as a user of the account"
            return Refusal("not_authenticated", 403, "only authenticated users may replace a call", fix)
        texts = request.headers.all("Replaces")
        text = texts[0]
        replaces = Replaces.parse(text)
        if replaces is None or len(texts) > 1 or "Join" in request.headers:  # RFC 3891 §3, RFC 3911 §4
            fix = "write call-id;to-tag=…;from-tag=…"
            return Refusal("bad_replaces", 400, "Replaces cannot be read", fix)
        found = self.ground.find(replaces)
        if found is None or found[1].route.account.id != account.id:
            return Refusal(
                "no_such_dialog", 481, "there is no such call to replace, or it is over", "place a new call"
            )
        up = found[1].answered_at is not None and not found[1].treatment.rings(found[1])
        if replaces.early_only and up:
            return Refusal("answered_already", 486, "the call to be replaced is up", "leave out early-only")
        caller = identity.user if isinstance(identity, UserIdentity) else None
        return Route(account, "internal", Target("call", text), caller=caller)

    def _admit(
        self, id: CallId, decision: Route, caller: str, trace: Trace, now: float
    ) -> tuple[Route, Treatment | Refusal]:
        """Take the channels that the route counts against, and find what the caller gets there.

        The route comes back with the first trunk of its list that has a channel.
        """
        trace.add(
            now,
            "route",
            decision.target.kind,
            outcome=decision.target.value,
            direction=decision.direction,
            account=decision.account.id,
            did=decision.did.number if decision.did else "",
            trunk=decision.trunk_out.name if decision.trunk_out else "",
        )
        treatment = self.treatment(decision)
        if isinstance(treatment, Refusal):
            return decision, treatment
        number = caller if decision.direction == "in" else decision.number_out
        refusal = self.channels.take(id, decision, number, trace, now)
        while refusal is not None and refusal.status == 503 and decision.more_trunks:
            decision = decision.next_trunk()
            refusal = self.channels.take(id, decision, number, trace, now)
        callee = decision.callee
        if refusal is not None and refusal.code == "user_busy" and callee is not None and callee.forward.busy:
            # Perhaps it is the caller who is busy; if so, taking without the callee fails again.
            refusal = self.channels.take(id, replace(decision, callee=None), number, trace, now)
            treatment = BridgeTreatment(busy=True)
        return decision, refusal or treatment

    def treatment(self, decision: Route) -> Treatment | Refusal:
        """What a caller gets at the end of this route."""
        target = decision.target
        match target.kind:
            case "echo":
                return EchoTreatment()
            case "answer":
                return PickUpTreatment()
            case "agent":
                agent = self.ground.directory.agent(decision.account.id, target.value)
                if agent is not None:
                    return AgentTreatment(agent)
                fix = "add it under accounts[].agents"
                return Refusal("no_such_agent", 404, f"there is no agent {target.value}", fix)
            case "flow":
                program = self.ground.directory.program(decision.account.id)
                if target.value in program.flows:
                    return FlowTreatment(program, target.value)
                fix = "add it under accounts[].flows, or correct it; tandem flow check says what is wrong"
                return Refusal("no_such_flow", 404, f"there is no flow {target.value}", fix)
            case "voicemail" | "mailbox":
                name = LEAVE_MESSAGE if target.kind == "voicemail" else LISTEN
                return FlowTreatment(BUILTIN, name, {"mailbox": target.value})
            case "conference":
                return FlowTreatment(BUILTIN, CONFERENCE, {"room": target.value})
            case "queue":
                if self.ground.directory.queue(decision.account.id, target.value) is not None:
                    return FlowTreatment(BUILTIN, QUEUE, {"queue": target.value})
                fix = "add it under accounts[].queues"
                return Refusal("no_such_queue", 404, f"there is no queue {target.value}", fix)
            case "user" | "forward" | "trunk":
                return BridgeTreatment()
            case "call":
                replaces = Replaces.parse(target.value)
                assert replaces is not None, "it was read for the route"
                found = self.ground.find(replaces)
                assert found is not None, "it was found for the route"
                return BridgeTreatment(replaces=found)
            case "hangup":
                return Refusal("declined", 603, "the number is set to hang up", "change its target")
            case kind:
                fix = "choose any kind of target that tandem check-config does not note"
                return Refusal(
                    "not_served", 501, f"targets of kind {kind} are not served by this version", fix
                )

    def _account_of(self, identity: Identity) -> Account | None:
        match identity:
            case UserIdentity(account):
                return account
            case TrunkIdentity(trunk):
                return self.ground.directory.account(trunk.account)
            case Stranger():
                return None

    def _refuse(self, request: Request, key: ServerKey, refusal: Refusal, flow: Flow, now: float) -> None:
        response = response_to(
            request, refusal.status, to_tag=tag(self.ground.random), headers=refusal.headers()
        )
        self.witness.attempts.refused(request, response, flow, refusal, now)
        self.ground.wire.layer.respond(key, response, now)


def _expire(call: Call, now: float) -> None:
    """Nobody has answered for as long as the INVITE's Expires allows (RFC 3261 §13.3.1)."""
    if call.answered_at is None:
        call.finish("no_answer", "invite_expired", now, 487)


def _caller(identity: Identity, request: Request) -> Caller:
    """Who it is, as the callee is shown."""
    match identity:
        case UserIdentity():
            return Caller(identity.user.number, identity.user.name, is_private(request))
        case TrunkIdentity():
            return told_by_trunk(request)
        case Stranger():
            from_ = request.from_
            return Caller(from_.uri.dialled or "anonymous", from_.display, is_private(request))


def _trace_identity(trace: Trace, identity: Identity, flow: Flow, now: float) -> None:
    source = f"{flow.remote[0]}:{flow.remote[1]}"
    match identity:
        case UserIdentity(_, user, device):
            trace.add(now, "auth", "user", outcome=user.number, device=device.username, source=source)
        case TrunkIdentity(trunk, by):
            trace.add(now, "auth", "trunk", outcome=trunk.name, by=by, source=source)
        case Stranger():
            trace.add(now, "auth", "stranger", outcome="DIDs only", source=source)
