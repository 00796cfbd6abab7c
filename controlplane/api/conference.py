"""Conferences over HTTP: list, lock, mute, make deaf, send away."""

from collections.abc import Sequence

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.body import read
from controlplane.api.envelope import answer, done
from controlplane.api.gate import Gate
from controlplane.api.query import account_of
from controlplane.service.conference import ConferenceService


class LockBody(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    account_id: str = Field(
        min_length=1, max_length=64, validation_alias=AliasChoices("accountId", "account_id")
    )
    locked: bool


class MemberBody(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    account_id: str = Field(
        min_length=1, max_length=64, validation_alias=AliasChoices("accountId", "account_id")
    )
    muted: bool | None = None
    deaf: bool | None = None


class ConferenceRoutes:
    def __init__(self, conferences: ConferenceService, body_bytes: int) -> None:
        self._conferences = conferences
        self._body_bytes = body_bytes

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        one, member = "/conferences/{name}", "/conferences/{name}/members/{member}"
        return [
            Route("/conferences", gate.wrap(self.list)),
            Route(one, gate.wrap(self.show)),
            Route(one, gate.wrap(self.lock), methods=["POST"]),
            Route(member, gate.wrap(self.adjust), methods=["POST"]),
            Route(member, gate.wrap(self.kick), methods=["DELETE"]),
        ]

    async def list(self, request: Request) -> Response:
        """`GET /conferences?accountId=` → rooms somebody is in, with their members."""
        return answer(done(self._conferences.list(account_of(request))))

    async def show(self, request: Request) -> Response:
        return answer(done(self._conferences.show(account_of(request), request.path_params["name"])))

    async def lock(self, request: Request) -> Response:
        """Moderators alone come into a locked room; whoever is there stays."""
        body = await read(request, LockBody, self._body_bytes)
        name = request.path_params["name"]
        return answer(done(self._conferences.lock(body.account_id, name, locked=body.locked)))

    async def adjust(self, request: Request) -> Response:
        body = await read(request, MemberBody, self._body_bytes)
        path = request.path_params
        changed = self._conferences.adjust(
            body.account_id, path["name"], path["member"], muted=body.muted, deaf=body.deaf
        )
        return answer(done(changed))

    async def kick(self, request: Request) -> Response:
        path = request.path_params
        return answer(done(self._conferences.kick(account_of(request), path["name"], path["member"])))
