"""Who may use operator routes: a known address or the token (S004-03, S004-65).

An address alone is not enough: a page in an operator's browser, or a name rebound to a loopback address,
also comes from there. So a request without the token must name us as an address in Host, bring no foreign
Origin, and must not have been forwarded: no proxy is trusted to say for whom.
"""

import hmac
import ipaddress
from functools import lru_cache
from typing import Final

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from config.schema import Gates
from controlplane.api.envelope import Endpoint, Failure
from controlplane.service.own_address import Networks

HOSTS_REMEMBERED: Final = 1_024
"Verdicts on Host that are kept; clients choose what they send."
_FORWARDED: Final = frozenset((b"x-forwarded-for", b"forwarded", b"x-real-ip"))


class Gate:
    def __init__(self, gates: Gates, names: frozenset[str]) -> None:
        """Args: names: host names, lower case, that mean this node besides its addresses."""
        self._nodes = Networks(gates.nodes)
        self._token = gates.admin_token.encode()
        self._names = names | {"localhost"}
        self._names_us = lru_cache(maxsize=HOSTS_REMEMBERED)(self._is_us)

    def check(self, request: HTTPConnection) -> None:
        """Raises `Failure` (403) when the request may not pass."""
        # One pass over the raw headers; the first of a name counts. Every call that is routed pays it.
        headers = dict(reversed(request.scope["headers"]))
        if (token := headers.get(b"x-admin-token")) is not None:
            if self._token and hmac.compare_digest(token, self._token):
                return
            raise Failure(403, "bad_token", "X-Admin-Token is not the token of gates.admin_token")
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

    def wrap(self, endpoint: Endpoint) -> Endpoint:
        async def gated(request: Request) -> Response:
            self.check(request)
            return await endpoint(request)

        return gated

    def wrap_token(self, endpoint: Endpoint) -> Endpoint:
        """For what the token alone opens, wherever it comes from (S004-79)."""

        async def gated(request: Request) -> Response:
            if "x-admin-token" not in request.headers:
                raise Failure(403, "no_token", "send X-Admin-Token with the token of gates.admin_token")
            self.check(request)
            return await endpoint(request)

        return gated

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
