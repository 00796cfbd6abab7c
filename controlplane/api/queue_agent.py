"""Agents of queues over HTTP (S004-44…54): what they say, who they are, answer hooks of media engines."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.body import read
from controlplane.api.envelope import Failure, answer, done
from controlplane.api.gate import Gate
from controlplane.service.queue_agent import AgentService
from edge.acd.state import AgentEvent

Short = Annotated[str, Field(min_length=1, max_length=256)]
MOVES = 1_000
"Rows of the log in one answer."


class Membership(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    queue: Short = Field(validation_alias=AliasChoices("queueId", "queue_id", "queue"))
    level: int = Field(default=1, ge=1, le=100)

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, data: object) -> object:
        return {"queue": data} if isinstance(data, (str, int)) else data


def _listed(value: object) -> object:
    """`sales, support`, as a form may have it."""
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


class AgentControl(BaseModel):
    """What an agent says; `queues` replaces the active memberships, without it they stay (S004-45).

    Each is a queue with a level, or its name alone.
    """

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    account_id: Short = Field(validation_alias=AliasChoices("accountId", "account_id"))
    user: Short = Field(validation_alias=AliasChoices("userId", "user_id"))
    event: AgentEvent
    reason: str = Field(default="", max_length=256)
    queues: Annotated[tuple[Membership, ...] | None, BeforeValidator(_listed)] = Field(
        default=None, max_length=1_000
    )


class AgentRoutes:
    def __init__(self, agents: AgentService, body_bytes: int) -> None:
        self._agents = agents
        self._body_bytes = body_bytes

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        confirm, claim = (
            "/agent/confirm/{account_id}/{lease_id}/{epoch}",
            "/agent/claim/{account_id}/{agent_id}/{call_id:path}",  # a Call-ID may hold a slash
        )
        return [
            Route("/agent", gate.wrap(self.tell), methods=["POST"]),
            Route("/agent", gate.wrap(self.show)),
            Route("/agent/moves", gate.wrap(self.moves)),
            Route(confirm, gate.wrap(self.confirm)),
            Route(claim, gate.wrap(self.claim)),
            Route("/presence/users", gate.wrap(self.roster)),
        ]

    def operator(self) -> Sequence[BaseRoute]:
        return [
            Route("/agent", self.tell, methods=["POST"]),
            Route("/agent/moves", self.moves),
            Route("/presence/users", self.roster),
        ]

    async def tell(self, request: Request) -> Response:
        """Sign in and out, pause, and join queues."""
        body = await read(request, AgentControl, self._body_bytes)
        queues = None if body.queues is None else {one.queue: one.level for one in body.queues}
        found = await self._agents.tell(body.account_id, body.user, body.event, body.reason, queues)
        return answer(done(found))

    async def show(self, request: Request) -> Response:
        account, user = _asked(request, "accountId", "account_id"), _asked(request, "userId", "user_id")
        return answer(done(self._agents.show(account, user)))

    async def roster(self, request: Request) -> Response:
        return answer(done(self._agents.roster(_asked(request, "accountId", "account_id"))))

    async def moves(self, request: Request) -> Response:
        query = request.query_params
        since = query.get("since", "0")
        if not (since.isascii() and since.isdigit() and len(since) <= 15):
            raise Failure(400, "bad_parameter", "since must be a time in ms")
        account, user = _asked(request, "accountId", "account_id"), query.get("userId", "")
        return answer(done(await self._agents.moves(account, user, int(since), MOVES)))

    async def confirm(self, request: Request) -> Response:
        """200 in either case; `ok` says whether the leg may stay (S004-52)."""
        path = request.path_params
        epoch = path["epoch"]
        if not (epoch.isascii() and epoch.isdigit() and len(epoch) <= 15):
            raise Failure(400, "bad_parameter", "epoch must be a whole number")
        return answer(done(await self._agents.confirm(path["account_id"], path["lease_id"], int(epoch))))

    async def claim(self, request: Request) -> Response:
        path = request.path_params
        return answer(done(await self._agents.claim(path["account_id"], path["agent_id"], path["call_id"])))


def _asked(request: Request, *names: str) -> str:
    found = next((value for name in names if (value := request.query_params.get(name))), "")
    if not found:
        raise Failure(400, "bad_parameter", f"{names[0]} is missing")
    return found
