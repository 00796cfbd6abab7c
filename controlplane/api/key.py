"""API keys over HTTP: `GET|POST /keys`, `DELETE /keys/{id}`, `POST /keys/{id}/rotate`, and `GET /audit`.

Opened by the admin token, or by a key with `keys.write`, which gives no more than it has.
"""

from collections.abc import Sequence

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from config.section import Duration
from controlplane.api.body import decode, read, read_fields
from controlplane.api.envelope import Endpoint, Failure, answer, done
from controlplane.api.gate import Gate, Identify
from controlplane.auth.principal import CLI, Principal
from controlplane.service.key import GRACE, GRACE_MAX, KeyService


class KeyBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=128)
    scopes: list[str] = Field(min_length=1, max_length=64)
    account: str = Field(default="", max_length=64, validation_alias=AliasChoices("account", "accountId"))
    expires: Duration | None = Field(default=None, gt=0, le=3_153_600_000)
    "From now [s]."


class RotateBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    grace: Duration = Field(
        default=GRACE, ge=0, le=GRACE_MAX, validation_alias=AliasChoices("grace", "graceSeconds")
    )
    "For which the old key works too [s]."


class KeyRoutes:
    def __init__(self, keys: KeyService, body_bytes: int, rows: int) -> None:
        """Args: rows: of one answer."""
        self._keys = keys
        self._body_bytes = body_bytes
        self._rows = rows

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return self._routes(gate.identify_token)

    def operator(self) -> Sequence[BaseRoute]:
        return self._routes(lambda request: CLI)

    def _routes(self, who: Identify) -> Sequence[BaseRoute]:
        async def show(request: Request) -> Response:
            """What keys there are, without their secrets."""
            return answer({"keys": self._keys.show(who(request))})

        async def create(request: Request) -> Response:
            """201 with the key, which is shown this once."""
            asking = who(request)
            body = await read(request, KeyBody, self._body_bytes)
            made = await self._keys.create(asking, body.name, body.scopes, body.account, body.expires)
            return answer(done(made), 201, {"Content-Type": "application/json", "Cache-Control": "no-store"})

        async def rotate(request: Request) -> Response:
            asking = who(request)
            body = decode(await read_fields(request, self._body_bytes), RotateBody)
            made = await self._keys.rotate(asking, request.path_params["id"], body.grace)
            return answer(done(made), 201, {"Content-Type": "application/json", "Cache-Control": "no-store"})

        async def revoke(request: Request) -> Response:
            return answer(done(await self._keys.revoke(who(request), request.path_params["id"])))

        async def audit(request: Request) -> Response:
            _platform(who(request))
            return answer({"audit": await self._keys.audit(self._rows)})

        routes: list[tuple[str, Endpoint, str]] = [
            ("/keys", show, "GET"),
            ("/keys", create, "POST"),
            ("/keys/{id}", revoke, "DELETE"),
            ("/keys/{id}/rotate", rotate, "POST"),
            ("/audit", audit, "GET"),
        ]
        return [Route(path, endpoint, methods=[method]) for path, endpoint, method in routes]


def _platform(who: Principal) -> None:
    if who.account:
        raise Failure(
            403,
            "foreign_account",
            "an API key of one account cannot read the audit trail; use one without an account",
        )
