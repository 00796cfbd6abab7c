"""Calls over HTTP: the trace (S004-62) and, on the control socket, the list."""

from starlette.requests import Request
from starlette.responses import Response

from controlplane.api.envelope import Failure, answer
from controlplane.service.call import CallService


class CallRoutes:
    def __init__(self, calls: CallService) -> None:
        self._calls = calls

    async def trace(self, request: Request) -> Response:
        """`GET /calls/{callId}/trace`: by our id or SIP Call-ID, during and after the call."""
        name = request.path_params["call_id"]
        rows = await self._calls.trace(name)
        if rows is None:
            raise Failure(404, "no_such_call", f"there is no call {name}")
        return answer({"call_id": name, "events": rows})

    async def show(self, request: Request) -> Response:
        name = request.path_params["call_id"]
        call = await self._calls.find(name)
        if call is None:
            raise Failure(404, "no_such_call", f"there is no call {name}")
        return answer(call)

    async def recent(self, request: Request) -> Response:
        """`GET /calls?account=&before=&limit=` → `{live: […], ended: […]}`, newest first."""
        query = request.query_params
        return answer(
            await self._calls.recent(
                account=query.get("account"),
                before=_integer(query.get("before"), "before"),
                limit=_integer(query.get("limit"), "limit") or 50,
            )
        )


def _integer(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    # Longer than any time in ms: SQLite takes 64 bits.
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Failure(400, "bad_parameter", f"{name} must be a whole number")
    return int(text)
