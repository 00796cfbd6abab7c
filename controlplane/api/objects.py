"""What the API makes, over HTTP: `/accounts/{account}/{kind}[/{name}]`, all at once at `/configuration`.

Opened by the admin token, or by a key with `config.read` or `config.write`, which may be of one account.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.body import read, read_fields
from controlplane.api.envelope import Endpoint, Failure, answer, done
from controlplane.api.gate import Gate, Identify
from controlplane.api.query import flag
from controlplane.auth.principal import CLI
from controlplane.service.objects import ObjectService

_FRESH = {"Content-Type": "application/json", "Cache-Control": "no-store"}


class ObjectBody(BaseModel):
    """As in the configuration file; the name in the path may be left out."""

    model_config = ConfigDict(extra="allow")


class ImportBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    accounts: list[dict[str, Any]] = Field(max_length=10_000)
    "As they were exported."
    dry_run: bool = Field(default=False, validation_alias=AliasChoices("dry_run", "dryRun"))
    prune: bool = False
    "Remove what these accounts have beside it."


class ObjectRoutes:
    def __init__(self, objects: ObjectService, body_bytes: int) -> None:
        self._objects = objects
        self._body_bytes = body_bytes

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return self._routes(gate.identify_token)

    def operator(self) -> Sequence[BaseRoute]:
        return self._routes(lambda request: CLI)

    def _routes(self, who: Identify) -> Sequence[BaseRoute]:
        async def listed(request: Request) -> Response:
            path = request.path_params
            return answer(
                {path["kind"]: done(self._objects.show(who(request), path["account"], path["kind"]))}
            )

        async def show(request: Request) -> Response:
            path = request.path_params
            found = self._objects.show(who(request), path["account"], path["kind"], path["name"])
            return answer(done(found)[0])

        async def put(request: Request) -> Response:
            """201 when it is new, with passwords that were generated, this once."""
            asking, path = who(request), request.path_params
            value = await read_fields(request, self._body_bytes)
            new = flag(request, "new")
            made = await self._objects.put(
                asking, path["account"], path["kind"], path["name"], value, new=new
            )
            row, created = done(made)
            return answer(row, 201 if created else 200, _FRESH)

        async def remove(request: Request) -> Response:
            path = request.path_params
            gone = await self._objects.remove(who(request), path["account"], path["kind"], path["name"])
            return answer(done(gone))

        async def export(request: Request) -> Response:
            asking = who(request)
            secrets = flag(request, "secrets")
            if secrets and "config.write" not in asking.scopes:
                raise Failure(
                    403,
                    "missing_scope",
                    "secrets are shown only to who may change them: use a key with config.write",
                )
            return answer(self._objects.export(asking, secrets=secrets), 200, _FRESH)

        async def take_in(request: Request) -> Response:
            asking = who(request)
            body = await read(request, ImportBody, self._body_bytes)
            found = await self._objects.take_in(asking, body.accounts, dry_run=body.dry_run, prune=body.prune)
            return answer(done(found))

        one = "/accounts/{account}/{kind}/{name}"
        routes: list[tuple[str, Endpoint, str]] = [
            ("/accounts/{account}/{kind}", listed, "GET"),
            (one, show, "GET"),
            (one, put, "PUT"),
            (one, remove, "DELETE"),
            ("/configuration", export, "GET"),
            ("/configuration", take_in, "POST"),
        ]
        return [Route(path, endpoint, methods=[method]) for path, endpoint, method in routes]
