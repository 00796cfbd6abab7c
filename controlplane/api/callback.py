"""Callbacks over HTTP: `GET /callbacks?accountId=` and `DELETE /callbacks/{id}?accountId=`."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.envelope import answer, done
from controlplane.api.gate import Gate
from controlplane.api.query import account_of
from controlplane.service.callback import CallbackService


class CallbackRoutes:
    def __init__(self, callbacks: CallbackService) -> None:
        self._callbacks = callbacks

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [
            Route("/callbacks", gate.wrap(self.list)),
            Route("/callbacks/{id}", gate.wrap(self.withdraw), methods=["DELETE"]),
        ]

    def operator(self) -> Sequence[BaseRoute]:
        return [Route("/callbacks", self.list), Route("/callbacks/{id}", self.withdraw, methods=["DELETE"])]

    async def list(self, request: Request) -> Response:
        """Who was promised a call, where he is in line, and what became of it; `queue=` for one alone."""
        queue = request.query_params.get("queue") or ""
        return answer(done(self._callbacks.list(account_of(request), queue)))

    async def withdraw(self, request: Request) -> Response:
        """Nobody is called back; a call for it ends, unless the customer has answered."""
        return answer(done(self._callbacks.withdraw(account_of(request), request.path_params["id"])))
