"""Who may use operator routes: a known address, the token, or an API key of the scope (S004-03, S004-65).

A user's own token opens what is for users too, and nothing else. Who shows something is judged by it, also
where his address alone would pass.

An address alone is not enough: a page in an operator's browser, or a name rebound to a loopback address,
also comes from there. So a request without the token must name us as an address in Host, bring no foreign
Origin, and must not have been forwarded: no proxy is trusted to say for whom.
"""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Final

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from config.schema import Gates
from controlplane.api.envelope import Endpoint, Failure, done
from controlplane.api.origin import Origins
from controlplane.auth.key import PREFIX, KeyRing
from controlplane.auth.principal import Principal
from controlplane.auth.scope import scope_of
from controlplane.service.own_address import Networks
from edge.error import Refusal

TOKEN: Final = Principal("token")
NODE: Final = Principal("node")
"Whoever comes from an address of `gates.nodes`."
HOSTS_REMEMBERED: Final = 1_024
"Verdicts on Host that are kept; clients choose what they send."
Identify = Callable[[Request], Principal]
"Who asks; raises `Failure` for whoever may not."
Judge = Callable[[str], Awaitable[Principal | Refusal]]
"Whose token it is."
UserEndpoint = Callable[[Request, Principal], Awaitable[Response]]
_PLATFORM: Final = "an API key of one account does not open this route; use one without an account"
_FORWARDED: Final = frozenset((b"x-forwarded-for", b"forwarded", b"x-real-ip"))


class Gate:
    def __init__(
        self,
        gates: Gates,
        names: frozenset[str],
        keys: KeyRing | None = None,
        tokens: Judge | None = None,
    ) -> None:
        """
        Args:
            names: host names, lower case, that mean this node besides its addresses.
            keys: API keys; None: there are none.
            tokens: judges users' own tokens; None: none is taken.
        """
        self._keys = keys
        self._tokens = tokens
        self.origins = Origins(gates.origins)
        self._nodes = Networks(gates.nodes)
        self._token = gates.admin_token.encode()
        self._names = names | {"localhost"}
        self._names_us = lru_cache(maxsize=HOSTS_REMEMBERED)(self._is_us)

    def check(self, request: HTTPConnection) -> Principal:
        """Who asks. Raises `Failure` (401 for a key that is none, else 403) when the request may not pass."""
        who = self.admit(request)
        if who.account:
            raise Failure(403, "foreign_account", _PLATFORM)
        return who

    def admit(self, request: HTTPConnection) -> Principal:
        """The same, for routes that look after a key's account themselves."""
        # One pass over the raw headers; the first of a name counts. Every call that is routed pays it.
        headers = dict(reversed(request.scope["headers"]))
        if (token := headers.get(b"x-admin-token")) is not None:
            if self._token and hmac.compare_digest(token, self._token):
                return TOKEN
            raise Failure(403, "bad_token", "X-Admin-Token is not the token of gates.admin_token")
        if (shown := _key_of(headers)) is not None:
            return self._bearer(request, shown)
        client = request.scope.get("client")
        if client is None or client[0] not in self._nodes:
            raise Failure(403, "not_allowed", "the source address is not in gates.nodes")
        if not _FORWARDED.isdisjoint(headers):
            raise Failure(403, "not_local", "a forwarded request is not local; send X-Admin-Token")
        host = headers.get(b"host", b"")
        if not self._names_us(host):
            raise Failure(403, "foreign_host", "Host does not name this node; use its address")
        origin = headers.get(b"origin")
        if origin is not None and origin.partition(b"://")[2].lower() != host.lower():
            raise Failure(403, "foreign_origin", "the request comes from a page of another site")
        return NODE

    def is_node(self, source: str) -> bool:
        """Whether it is an address of `gates.nodes`."""
        return source in self._nodes

    def wrap(self, endpoint: Endpoint) -> Endpoint:
        async def gated(request: Request) -> Response:
            self.check(request)
            return await endpoint(request)

        return gated

    def wrap_user(self, endpoint: UserEndpoint) -> Endpoint:
        """For what a user's own token opens too; the endpoint sees to it that he acts as himself alone."""

        async def gated(request: Request) -> Response:
            shown = _user_token_of(request)
            if shown is None or self._tokens is None:
                who = self.check(request)
            else:
                who = done(await self._tokens(shown))
            return await endpoint(request, who)

        return self.origins.wrap(gated)

    def wrap_account(self, endpoint: UserEndpoint) -> Endpoint:
        """For what a key of one account opens too; the endpoint shows what is that account's alone."""

        async def gated(request: Request) -> Response:
            return await endpoint(request, self.admit(request))

        return gated

    def wrap_token(self, endpoint: Endpoint) -> Endpoint:
        """For what the token opens, or a key of that scope, wherever it comes from (S004-79)."""

        async def gated(request: Request) -> Response:
            if self.identify_token(request).account:
                raise Failure(403, "foreign_account", _PLATFORM)
            return await endpoint(request)

        return gated

    def identify_token(self, request: Request) -> Principal:
        """Who asks for what the token opens, or a key of that scope: an address alone does not."""
        who = self.admit(request)
        if who is NODE:
            text = "send X-API-Key (see tandem keys create), or X-Admin-Token with gates.admin_token"
            raise Failure(403, "no_token", text)
        return who

    def _bearer(self, request: HTTPConnection, shown: str) -> Principal:
        key = None if self._keys is None else self._keys.of(shown)
        if key is None:
            if shown.startswith(PREFIX):
                raise Failure(401, "bad_key", "the API key is unknown, expired or revoked")
            raise Failure(
                401, "bad_key", "not an API key; a user's token opens agent and presence routes alone"
            )
        wanted = scope_of(request.scope.get("method", "GET"), request.scope["path"])
        if wanted not in key.scopes:
            raise Failure(403, "missing_scope", f"the API key has no scope {wanted}")
        return Principal(f"key:{key.id}", key.scopes, key.account)

    def _is_us(self, host: bytes) -> bool:
        name = host.decode("latin-1").lower()
        if name.startswith("["):
            name = name[1:].partition("]")[0]
        elif name.count(":") == 1:
            name = name.partition(":")[0]
        if name in self._names:
            return True
        try:
            # An address cannot be rebound: whoever wrote it meant this machine.
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _key_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The API key that is shown, good or not."""
    if (key := headers.get(b"x-api-key")) is not None:
        return key.decode("latin-1")
    if (bearer := headers.get(b"authorization")) is not None:
        kind, _, token = bearer.decode("latin-1").partition(" ")
        if kind.lower() == "bearer":
            return token.strip()
    return None


def _user_token_of(request: Request) -> str | None:
    """The bearer that is shown, where it is no API key."""
    headers = dict(reversed(request.scope["headers"]))
    if b"x-admin-token" in headers or b"x-api-key" in headers:
        return None
    shown = _key_of(headers)
    return None if shown is None or shown.startswith(PREFIX) else shown
