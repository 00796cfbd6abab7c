"""Supervisors, recordings and warm transfers of live calls over HTTP."""

from collections.abc import Sequence
from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.body import read
from controlplane.api.envelope import answer, done
from controlplane.api.gate import Gate
from controlplane.api.query import account_of
from controlplane.service.supervision import SupervisionService

Mode = Literal["listen", "whisper", "barge"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    account_id: str = Field(
        min_length=1, max_length=64, validation_alias=AliasChoices("accountId", "account_id")
    )


class SuperviseBody(_Body):
    user: str = Field(min_length=1, max_length=64)
    "Number of the supervisor, whose phones ring."
    mode: Mode = "listen"


class ModeBody(_Body):
    mode: Mode


class RecordingBody(_Body):
    state: Literal["on", "off", "pause"]


class TransferBody(_Body):
    to: str = Field(min_length=1, max_length=128)
    "`user:1002`, `queue:support` or a number."
    briefing: str = Field(default="", max_length=1_000)
    "Said to who answers, before the two are joined; empty: who calls."
    confirm: bool = True
    "Who answers takes the call by pressing 1."


class SupervisionRoutes:
    def __init__(self, service: SupervisionService, body_bytes: int) -> None:
        self._service = service
        self._body_bytes = body_bytes

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        all_, one = "/calls/{call_id}/supervisors", "/calls/{call_id}/supervisors/{user}"
        return [
            Route(all_, gate.wrap(self.show)),
            Route(all_, gate.wrap(self.begin), methods=["POST"]),
            Route(one, gate.wrap(self.change), methods=["POST"]),
            Route(one, gate.wrap(self.end), methods=["DELETE"]),
            Route("/calls/{call_id}/transfer", gate.wrap(self.transfer), methods=["POST"]),
            Route("/calls/{call_id}/recording", gate.wrap(self.record), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        return answer(done(self._service.show(account_of(request), request.path_params["call_id"])))

    async def begin(self, request: Request) -> Response:
        """Ring a supervisor, and let him join: listen, whisper to our side, or barge in."""
        body = await read(request, SuperviseBody, self._body_bytes)
        call = request.path_params["call_id"]
        return answer(done(self._service.begin(body.account_id, call, body.user, body.mode)), 201)

    async def change(self, request: Request) -> Response:
        body = await read(request, ModeBody, self._body_bytes)
        path = request.path_params
        return answer(done(self._service.change(body.account_id, path["call_id"], path["user"], body.mode)))

    async def end(self, request: Request) -> Response:
        path = request.path_params
        return answer(done(self._service.end(account_of(request), path["call_id"], path["user"])))

    async def record(self, request: Request) -> Response:
        body = await read(request, RecordingBody, self._body_bytes)
        return answer(done(self._service.record(body.account_id, request.path_params["call_id"], body.state)))

    async def transfer(self, request: Request) -> Response:
        """Hold the caller, ring and brief somebody, and join the two when he takes the call."""
        body = await read(request, TransferBody, self._body_bytes)
        call = request.path_params["call_id"]
        begun = self._service.transfer(body.account_id, call, body.to, body.briefing, confirm=body.confirm)
        return answer(done(begun), 202)
