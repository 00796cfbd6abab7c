"""Agents of queues over HTTP (S004-44…54): what they say, who they are, answer hooks of media engines.

A user with a token of his own (S004-03) speaks, answers and reads as himself alone; he sees the roster of his
account, without what others could be answered for by. His account and id may be left out.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.body import decode, read_fields
from controlplane.api.envelope import Endpoint, Failure, answer, done
from controlplane.api.gate import Gate, UserEndpoint
from controlplane.api.query import whole
from controlplane.auth.principal import CLI, Principal
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
        routes = [
            Route("/agent", gate.wrap_user(self.tell), methods=["POST"]),
            Route("/agent", gate.wrap_user(self.show)),
            Route("/agent/moves", gate.wrap_user(self.moves)),
            Route(confirm, gate.wrap_user(self.confirm)),
            Route(claim, gate.wrap_user(self.claim)),
            Route("/presence/users", gate.wrap_user(self.roster)),
        ]
        return [*gate.origins.preflights(routes), *routes]

    def operator(self) -> Sequence[BaseRoute]:
        return [
            Route("/agent", _by_operator(self.tell), methods=["POST"]),
            Route("/agent/moves", _by_operator(self.moves)),
            Route("/presence/users", _by_operator(self.roster)),
        ]

    async def tell(self, request: Request, who: Principal) -> Response:
        """Sign in and out, pause, and join queues."""
        fields = await read_fields(request, self._body_bytes)
        if who.user:
            _fill(fields, who.account, "accountId", "account_id")
            _fill(fields, who.user, "userId", "user_id")
        body = decode(fields, AgentControl)
        self._himself(who, body.account_id, body.user)
        queues = None if body.queues is None else {one.queue: one.level for one in body.queues}
        found = await self._agents.tell(body.account_id, body.user, body.event, body.reason, queues)
        return answer(done(found))

    async def show(self, request: Request, who: Principal) -> Response:
        account = _asked(request, who.account, "accountId", "account_id")
        user = _asked(request, who.user, "userId", "user_id")
        self._himself(who, account, user)
        return answer(done(self._agents.show(account, user)))

    async def roster(self, request: Request, who: Principal) -> Response:
        account = _asked(request, who.account, "accountId", "account_id")
        _of_his_account(who, account)
        return answer(done(self._agents.roster(account, who.user)))

    async def moves(self, request: Request, who: Principal) -> Response:
        account = _asked(request, who.account, "accountId", "account_id")
        user = request.query_params.get("userId", who.user)
        self._himself(who, account, user)
        return answer(done(await self._agents.moves(account, user, whole(request, "since", 0), MOVES)))

    async def confirm(self, request: Request, who: Principal) -> Response:
        """200 in either case; `ok` says whether the leg may stay (S004-52)."""
        path = request.path_params
        epoch = path["epoch"]
        if not (epoch.isascii() and epoch.isdigit() and len(epoch) <= 15):
            raise Failure(400, "bad_parameter", "epoch must be a whole number")
        account, lease = path["account_id"], path["lease_id"]
        _of_his_account(who, account)
        if who.user and not self._agents.holds(account, who.user, lease):
            raise Failure(403, "not_yourself", "a user's token confirms the user's own offers alone")
        return answer(done(await self._agents.confirm(account, lease, int(epoch))))

    async def claim(self, request: Request, who: Principal) -> Response:
        path = request.path_params
        account, user = path["account_id"], path["agent_id"]
        self._himself(who, account, user)
        return answer(done(await self._agents.claim(account, user, path["call_id"])))

    def _himself(self, who: Principal, account: str, user: str) -> None:
        """Raises `Failure` (403) where a user's token is shown for somebody else."""
        _of_his_account(who, account)
        if who.user and not self._agents.is_user(account, user, who.user):
            raise Failure(403, "not_yourself", "a user's token is for what the user does himself")


def _of_his_account(who: Principal, account: str) -> None:
    if who.account and account != who.account:
        raise Failure(403, "foreign_account", "the token is of a user of another account")


def _by_operator(endpoint: UserEndpoint) -> Endpoint:
    async def by(request: Request) -> Response:
        return await endpoint(request, CLI)

    return by


def _fill(fields: dict[str, object], own: str, *names: str) -> None:
    """Who shows a token need not say who he is."""
    if all(fields.get(name) in (None, "") for name in names):
        fields[names[0]] = own


def _asked(request: Request, own: str, *names: str) -> str:
    found = next((value for name in names if (value := request.query_params.get(name))), own)
    if not found:
        raise Failure(400, "bad_parameter", f"{names[0]} is missing; add ?{names[0]}= to the request")
    return found
