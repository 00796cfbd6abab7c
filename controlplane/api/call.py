"""Calls over HTTP: the list, one of them, and its trace (S004-62).

A key of one account sees the calls of that account.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.envelope import Failure, answer
from controlplane.api.gate import Gate
from controlplane.api.query import whole
from controlplane.auth.principal import CLI, Principal
from controlplane.service.call import CallService, page_of

ROWS = 50


class CallRoutes:
    def __init__(self, calls: CallService) -> None:
        self._calls = calls

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [
            Route("/calls", gate.wrap_account(self.recent)),
            # A SIP Call-ID may hold a slash.
            Route("/calls/{call_id:path}/trace", gate.wrap_account(self.trace)),
            Route("/calls/{call_id:path}", gate.wrap_account(self.show)),
        ]

    def operator(self) -> Sequence[BaseRoute]:
        return [
            Route("/calls", self.recent),
            Route("/calls/{call_id:path}/trace", self.trace),
            Route("/calls/{call_id:path}", self.show),
        ]

    async def trace(self, request: Request, who: Principal = CLI) -> Response:
        """`GET /calls/{callId}/trace`: by our id or SIP Call-ID, during and after the call."""
        name = request.path_params["call_id"]
        rows = await self._calls.trace(name, _account(request, who))
        if rows is None:
            raise _no_such_call(name)
        return answer({"call_id": name, "events": rows})

    async def show(self, request: Request, who: Principal = CLI) -> Response:
        name = request.path_params["call_id"]
        call = await self._calls.find(name, _account(request, who))
        if call is None:
            raise _no_such_call(name)
        return answer(call)

    async def recent(self, request: Request, who: Principal = CLI) -> Response:
        """`GET /calls?accountId=&before=&limit=` → `{live: […], ended: […], next}`, newest first."""
        before = request.query_params.get("before")
        page = None if before is None else page_of(before)
        if before is not None and page is None:
            text = "before must be the next of an answer, or a time in ms, such as 1795876825596"
            raise Failure(400, "bad_parameter", text)
        limit = whole(request, "limit", ROWS, least=1)
        return answer(await self._calls.recent(account=_account(request, who), before=page, limit=limit))


def _account(request: Request, who: Principal) -> str:
    """Whose calls are asked for; empty: everybody's."""
    asked = request.query_params.get("accountId") or request.query_params.get("account_id") or ""
    if who.account and asked not in ("", who.account):
        raise Failure(403, "foreign_account", f"the API key is of account {who.account}; ask for that one")
    return asked or who.account


def _no_such_call(name: str) -> Failure:
    return Failure(404, "no_such_call", f"there is no call {name}; GET /calls lists them")
