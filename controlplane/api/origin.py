"""Web pages of other sites that may ask with a user's own token: CORS, as the Fetch standard has it (§3.2).

Only routes that a token opens, only origins of `gates.origins`, and never with cookies: what a page may do is
what its token may. An address of `gates.nodes` is no right of a page: the gate refuses foreign ones as ever.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.envelope import Endpoint, Failure, failed

_HEADERS: Final = "Authorization, Content-Type"
_REMEMBERED: Final = "600"
"A browser need not ask again for so long [s]."


class Origins:
    def __init__(self, allowed: Iterable[str]) -> None:
        """Args: allowed: `scheme://host[:port]`, in lower case."""
        self._allowed = frozenset(allowed)

    def wrap(self, endpoint: Endpoint) -> Endpoint:
        """Lets the page read the answer, a refusal too."""
        if not self._allowed:
            return endpoint

        async def readable(request: Request) -> Response:
            try:
                response = await endpoint(request)
            except Failure as failure:
                response = await failed(request, failure)
            response.headers["Vary"] = "Origin"
            if origin := self._of(request):
                response.headers["Access-Control-Allow-Origin"] = origin
            return response

        return readable

    def preflights(self, routes: Sequence[Route]) -> Sequence[BaseRoute]:
        """What browsers ask before they ask; nothing where no page may."""
        if not self._allowed:
            return []
        methods: dict[str, set[str]] = {}
        for route in routes:
            methods.setdefault(route.path, set()).update(route.methods or ())
        return [
            Route(path, self._preflight(", ".join(sorted(named))), methods=["OPTIONS"])
            for path, named in methods.items()
        ]

    def _preflight(self, methods: str) -> Endpoint:
        async def asked(request: Request) -> Response:
            origin = self._of(request)
            if not origin:
                raise Failure(
                    403,
                    "foreign_origin",
                    "pages of this origin may not use the API; add the origin to gates.origins",
                )
            headers = {
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Allow-Methods": methods,
                "Access-Control-Allow-Headers": _HEADERS,
                "Access-Control-Max-Age": _REMEMBERED,
                "Vary": "Origin",
            }
            return Response(None, 204, headers)

        return asked

    def _of(self, request: Request) -> str:
        """The page's origin where it may ask, else empty."""
        origin = request.headers.get("origin", "")
        return origin if origin.lower() in self._allowed else ""
