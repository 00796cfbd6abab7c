"""Queues over HTTP: `GET /queues?accountId=`."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.envelope import Failure, answer, done
from controlplane.api.gate import Gate
from controlplane.service.queue import QueueService


class QueueRoutes:
    def __init__(self, queues: QueueService) -> None:
        self._queues = queues

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [Route("/queues", gate.wrap(self.show))]

    def operator(self) -> Sequence[BaseRoute]:
        return [Route("/queues", self.show)]

    async def show(self, request: Request) -> Response:
        """Who waits, who serves, service level and abandoned callers of every queue."""
        query = request.query_params
        account = query.get("accountId") or query.get("account_id")
        if not account:
            raise Failure(400, "bad_parameter", "accountId names the account")
        return answer(done(self._queues.show(account)))
