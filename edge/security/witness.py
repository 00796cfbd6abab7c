"""What messages and their refusals say of a source: garbage, wrong passwords, names that do not exist.

Whoever proves to be a user may misdial as he likes; so may a phone whose From is a user of ours, since its
first INVITE is always challenged. A first challenge and an old nonce are no failures.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from edge.authenticator import Challenged
from edge.directory import Account, AccountId, Directory
from edge.journal import Binding
from edge.routing.identity import challenged_account, claims_local_user
from edge.routing.route import digits_of
from edge.security.shield import Shield
from edge.sessions import SessionTable
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.parse import ParseError
from edge.trace.attempts import Attempts

PROVEN: Final = 600.0
"A source is known for so long after a trunk proved itself there by digest [s]."


@dataclass(slots=True)
class Witness:
    shield: Shield
    directory: Directory
    attempts: Attempts

    def load(self, bindings: Iterable[Binding], now: float, wall_ms: int) -> None:
        """Phones that were registered before the start."""
        for binding in bindings:
            with contextlib.suppress(ValueError):  # of another version's flow
                source = Flow.parse(binding.flow).remote[0]
                until = now + (binding.expires_at - wall_ms) / 1000
                self.registered(source, binding.account, binding.aor, until, now)

    def admits(
        self,
        message: Request | Response | ParseError,
        size: int,
        flow: Flow,
        sessions: SessionTable,
        now: float,
    ) -> bool:
        """Whether it may pass; calls that are up go on, whatever the number of their messages.

        Args: size: of the message [bytes].
        """
        source, shield = flow.remote[0], self.shield
        match message:
            case Request():
                agent = message.headers.get("User-Agent") or ""
                known = sessions.inside(message, None, flow) is not None
                return known or shield.admits(source, agent, now, size)
            case Response():
                # A response's User-Agent says whom we called, not who attacks.
                return sessions.traced(message.call_id) is not None or shield.admits(source, "", now, size)
            case ParseError(status=status):
                return status == 0 or shield.malformed(source, now)

    def registered(self, source: str, account: AccountId, username: str, until: float, now: float) -> None:
        """A phone registered from `source` and stays until `until` [s]."""
        known = self.directory.account(account)
        if known is not None:
            self.shield.registered(source, until, now, f"{username}@{known.domain}")

    def proven(self, flow: Flow, now: float) -> None:
        """A phone, or a trunk without an address, gave the right answer: it may call at any rate."""
        self.shield.registered(flow.remote[0], now + PROVEN, now)

    def challenged(
        self,
        request: Request,
        account: Account,
        challenge: Challenged,
        response: Response,
        flow: Flow,
        now: float,
    ) -> None:
        """It was answered 401, by `response`."""
        self.attempts.challenged(request, response, flow, challenge.reason, account.domain, now)
        agent = request.headers.get("User-Agent") or ""
        if challenge.reason == "wrong_password":
            self.shield.failed(flow.remote[0], f"{challenge.username}@{account.domain}", agent, now)
            if challenge.stranger:
                self.shield.unknown(flow.remote[0], challenge.username, agent, now)
        elif challenge.reason == "no_credentials":
            uri = request.to.uri if request.method == "REGISTER" else request.uri
            self._asked(request, account, uri.dialled, flow, now)

    def probed(self, request: Request, flow: Flow, now: float) -> None:
        """An OPTIONS or the like, answered alike whoever is asked for."""
        account = challenged_account(self.directory, request)
        if account is None:
            self.lost(request, flow, now)
        elif request.uri.user:
            self._asked(request, account, request.uri.dialled, flow, now)

    def lost(self, request: Request, flow: Flow, now: float) -> None:
        """It names no domain of ours."""
        uri = request.uri
        agent = request.headers.get("User-Agent") or ""
        self.shield.unknown(flow.remote[0], f"{uri.user or ''}@{uri.host}", agent, now)

    def _asked(self, request: Request, account: Account, name: str, flow: Flow, now: float) -> None:
        directory = self.directory
        # All of it, whatever the first says: what exists takes as long as what does not.
        known = (
            directory.user(account.id, name) is not None,
            directory.extension(account.id, name) is not None,
            directory.did(digits_of(name)) is not None,
            directory.trunk_of_username(account.id, name) is not None,
            claims_local_user(directory, request) and request.method != "REGISTER",
        )
        if not any(known):
            self.shield.unknown(flow.remote[0], name, request.headers.get("User-Agent") or "", now)
