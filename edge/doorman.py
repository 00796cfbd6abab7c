"""Which user sends a MESSAGE or SUBSCRIBE: proven by digest, else challenged or refused (RFC 3261 §22)."""

from dataclasses import dataclass

from edge.authenticator import Authenticator, Challenged
from edge.directory import Device, Directory
from edge.error import Refusal
from edge.ident import Random, tag
from edge.routing.identity import UserIdentity, challenged_account
from edge.security.witness import Witness
from edge.sip.build import response_to
from edge.sip.effect import ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request
from edge.sip.transaction.layer import TransactionLayer


@dataclass(slots=True)
class Doorman:
    authenticator: Authenticator
    directory: Directory
    layer: TransactionLayer
    random: Random
    witness: Witness

    def user(self, request: Request, key: ServerKey, flow: Flow, now: float) -> UserIdentity | None:
        """None: a challenge or a refusal has been sent."""
        account = challenged_account(self.directory, request)
        if account is None:
            self.witness.lost(request, flow, now)
            fix = "name an account's domain as the host of request URI, To or From"
            text = f"{request.uri.host} is not served"
            self._refuse(request, key, flow, Refusal("unknown_domain", 403, text, fix), now)
            return None
        proven = self.authenticator.check(request, account, flow, now)
        match proven:
            case Challenged():
                response = response_to(request, 401, to_tag=tag(self.random), headers=proven.headers)
                self.witness.challenged(request, account, proven, response, flow, now)
                self.layer.respond(key, response, now)
            case Refusal():
                self._refuse(request, key, flow, proven, now)
            case Device():
                self.witness.attempts.proven(request.call_id)
                user = self.directory.user_by_id(proven.user)
                assert user is not None, "a device belongs to a user"
                host = request.uri.host  # none in a tel URI: a number of the account
                home = self.directory.account_of_host(host.lower()) if host else account
                if home is not None and home.id == account.id:
                    return UserIdentity(account, user, proven)
                fix = f"address somebody at {account.domain}"
                text = f"{request.uri.host} is not the domain of the caller's account"
                self._refuse(request, key, flow, Refusal("foreign_domain", 403, text, fix), now)
            case trunk:
                fix = "authenticate as a user"
                text = f"trunk {trunk.name}"
                self._refuse(request, key, flow, Refusal("not_a_user", 403, text, fix), now)
        return None

    def refuse(self, request: Request, key: ServerKey, refusal: Refusal, now: float) -> None:
        self.respond(request, key, refusal.status, now, refusal.headers())

    def respond(
        self,
        request: Request,
        key: ServerKey,
        status: int,
        now: float,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        response = response_to(request, status, to_tag=tag(self.random), headers=headers)
        self.layer.respond(key, response, now)

    def _refuse(self, request: Request, key: ServerKey, flow: Flow, refusal: Refusal, now: float) -> None:
        """Before it is known who asks."""
        response = response_to(request, refusal.status, to_tag=tag(self.random), headers=refusal.headers())
        self.witness.attempts.refused(request, response, flow, refusal, now)
        self.layer.respond(key, response, now)
