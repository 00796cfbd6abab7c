"""Tokens of users over HTTP: `POST|DELETE /accounts/{account}/users/{user}/token`, `POST /token-key/rotate`.

Opened by the admin token, or by a key with `config.write`, which may be of one account; the key that
signs is the platform's, and is changed with `keys.write`.
"""

from collections.abc import Sequence

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from config.section import Duration
from controlplane.api.body import read
from controlplane.api.envelope import Endpoint, Failure, answer, done
from controlplane.api.gate import Gate, Identify
from controlplane.auth.principal import CLI
from controlplane.service.token import TokenService

_FRESH = {"Content-Type": "application/json", "Cache-Control": "no-store"}


class TokenBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ttl: Duration | None = Field(
        default=None, ge=1, le=31_536_000, validation_alias=AliasChoices("ttl", "expiresIn", "expires_in")
    )
    "How long it counts [s]; left out: `security.tokens.life`."


class GraceBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    grace: Duration | None = Field(default=None, ge=0, le=31_536_000)
    "For which tokens of the old key count [s]; left out: as long as they live."


class TokenRoutes:
    def __init__(self, tokens: TokenService, body_bytes: int) -> None:
        self._tokens = tokens
        self._body_bytes = body_bytes

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return self._routes(gate.identify_token)

    def operator(self) -> Sequence[BaseRoute]:
        return self._routes(lambda request: CLI)

    def _routes(self, who: Identify) -> Sequence[BaseRoute]:
        async def give(request: Request) -> Response:
            """201 with the token, which is kept nowhere."""
            asking, path = who(request), request.path_params
            body = await read(request, TokenBody, self._body_bytes)
            made = await self._tokens.give(asking, path["account"], path["user"], body.ttl)
            return answer(done(made), 201, _FRESH)

        async def end(request: Request) -> Response:
            asking, path = who(request), request.path_params
            return answer(done(await self._tokens.end(asking, path["account"], path["user"])))

        async def rotate(request: Request) -> Response:
            asking = who(request)
            if asking.account:
                raise Failure(
                    403,
                    "foreign_account",
                    "an API key of one account cannot rotate the signing key; use one without an account",
                )
            body = await read(request, GraceBody, self._body_bytes)
            return answer(done(await self._tokens.rotate(asking, body.grace)), 201)

        routes: list[tuple[str, Endpoint, str]] = [
            ("/accounts/{account}/users/{user}/token", give, "POST"),
            ("/accounts/{account}/users/{user}/token", end, "DELETE"),
            ("/token-key/rotate", rotate, "POST"),
        ]
        return [Route(path, endpoint, methods=[method]) for path, endpoint, method in routes]
