"""Queues over HTTP: `GET /queues?accountId=` and, day by day, `GET /queues/days?accountId=&since=&until=`."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.envelope import answer, done
from controlplane.api.gate import Gate
from controlplane.api.query import account_of
from controlplane.service.queue import QueueService
from controlplane.service.queue_days import QueueDays


class QueueRoutes:
    def __init__(self, queues: QueueService, days: QueueDays) -> None:
        self._queues = queues
        self._days = days

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [Route("/queues", gate.wrap(self.show)), Route("/queues/days", gate.wrap(self.days))]

    def operator(self) -> Sequence[BaseRoute]:
        return [Route("/queues", self.show), Route("/queues/days", self.days)]

    async def show(self, request: Request) -> Response:
        """Who waits, who serves, service level and abandoned callers of every queue."""
        return answer(done(self._queues.show(account_of(request))))

    async def days(self, request: Request) -> Response:
        """What they did, over restarts."""
        query = request.query_params
        since, until = query.get("since", ""), query.get("until", "")
        return answer(done(await self._days.show(account_of(request), since, until)))
