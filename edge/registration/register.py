"""REGISTER from the wire to its answer: digest, whose address it is, and the promise (RFC 3261 §10.3).

::

    REGISTER ─▶ challenge, or proven ─▶ Registrar.register ─▶ Promise ─▶ committed ─▶ 200 (or 503)

A 200 leaves only after its bindings are on disk, so that a phone which has it stays reachable
through a crash. An address of record is the device's username; To may also name its user's number.
"""

from collections.abc import Callable
from dataclasses import dataclass

from edge.authenticator import Authenticator, Challenged
from edge.directory import Account, Device, Directory, User
from edge.error import Refusal
from edge.ident import Random, tag
from edge.journal import BindingChange
from edge.registration.registrar import Registrar, Registration
from edge.routing.identity import challenged_account
from edge.security.witness import Witness
from edge.sip.build import response_to
from edge.sip.effect import ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.transaction.layer import TransactionLayer


@dataclass(slots=True)
class Registrations:
    registrar: Registrar
    authenticator: Authenticator
    directory: Directory
    layer: TransactionLayer
    random: Random
    wall: Callable[[float], int]
    promise: Callable[[tuple[BindingChange, ...], Callable[[bool, float], None]], None]
    "(changes, then): `then(committed, now)` comes once the changes are on disk, or cannot be."
    witness: Witness
    watchers: tuple[Callable[[User, float], None], ...] = ()
    "Told of a user whose phones have changed, when the change is on disk."

    def register(self, request: Request, key: ServerKey, flow: Flow, now: float) -> None:
        account = challenged_account(self.directory, request)
        if account is None:
            fix = "register at the domain of an account"
            refusal = Refusal("unknown_domain", 404, f"{request.uri.host} is not served here", fix)
            self.witness.lost(request, flow, now)
            self._refuse(request, key, flow, refusal, now)
            return
        proven = self.authenticator.check(request, account, flow, now)
        match proven:
            case Device():
                self._change(request, key, flow, account, proven, now)
            case Challenged():
                response = response_to(request, 401, to_tag=tag(self.random), headers=proven.headers)
                self.witness.challenged(request, account, proven, response, flow, now)
                self._respond(key, response, now)
            case Refusal():
                self._refuse(request, key, flow, proven, now)
            case trunk:
                fix = "place calls without registering, or add a user for this equipment"
                text = f"trunk {trunk.name} has no address of record"
                self._refuse(request, key, flow, Refusal("not_a_user", 403, text, fix), now)

    def _change(
        self, request: Request, key: ServerKey, flow: Flow, account: Account, device: Device, now: float
    ) -> None:
        name = request.to.uri.user
        if name != device.username:
            user = self.directory.user(account.id, name or "")
            if user is None or user.id != device.user:
                text = f"{device.username} may not register {name or 'the domain itself'}"
                refusal = Refusal("foreign_aor", 403, text, "put the device's username into To")
                self._refuse(request, key, flow, refusal, now)
                return
        self.witness.attempts.proven(request.call_id)
        outcome = self.registrar.register(request, flow, account.id, device.username, now, self.wall(now))
        if isinstance(outcome, Response):
            self._respond(key, outcome, now)
        elif outcome.changes:
            user = self.directory.user_by_id(device.user)
            name = device.username
            self.promise(
                outcome.changes, lambda ok, at: self._committed(key, outcome, flow, name, user, ok, at)
            )
        else:
            self._respond(key, outcome.response, now)

    def _committed(
        self,
        key: ServerKey,
        registration: Registration,
        flow: Flow,
        name: str,
        user: User | None,
        ok: bool,
        now: float,
    ) -> None:
        if ok:
            ends = [step.after.expires for step in registration.steps if step.after is not None]
            if ends:
                account = registration.record.account
                self.witness.registered(flow.remote[0], account, name, max(ends), now)
        self._respond(key, registration.response if ok else self.registrar.undo(registration), now)
        if ok and user is not None:
            for changed in self.watchers:
                changed(user, now)

    def _refuse(self, request: Request, key: ServerKey, flow: Flow, refusal: Refusal, now: float) -> None:
        response = response_to(request, refusal.status, to_tag=tag(self.random), headers=refusal.headers())
        self.witness.attempts.refused(request, response, flow, refusal, now)
        self._respond(key, response, now)

    def _respond(self, key: ServerKey, response: Response, now: float) -> None:
        self.layer.respond(key, response, now)
