"""What was turned away before it became a call or a registration, on the control socket (S004-62)."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.envelope import answer
from controlplane.api.query import whole
from edge.trace.attempts import Attempts

ROWS: int = 50


class RefusedRoutes:
    def __init__(self, attempts: Attempts, page_rows: int) -> None:
        self._attempts = attempts
        self._page_rows = page_rows

    def operator(self) -> Sequence[BaseRoute]:
        return [Route("/refused", self.refused)]

    async def refused(self, request: Request) -> Response:
        """`GET /refused?limit=` → `{refused: […], displaced: n}`, newest first, of this run.

        Each has a trace under its `sip_call_id`, but for the `displaced`: too many came at once.
        """
        limit = min(whole(request, "limit", ROWS, least=1), self._page_rows)
        rows = islice(self._attempts.recent(), limit)
        return answer({"refused": [asdict(row) for row in rows], "displaced": self._attempts.displaced})
