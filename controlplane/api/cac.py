"""Channels over HTTP: `GET /cac` and `POST /cac/reset` (S004-57…61)."""

from collections.abc import Sequence

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.body import read
from controlplane.api.envelope import Failure, answer
from controlplane.api.gate import Gate
from controlplane.api.query import account_of
from controlplane.service.admission import AdmissionService


class ResetBody(BaseModel):
    model_config = ConfigDict(extra="ignore")

    account_id: str = Field(
        min_length=1, max_length=64, validation_alias=AliasChoices("accountId", "account_id")
    )


class CacRoutes:
    def __init__(self, admission: AdmissionService, body_bytes: int) -> None:
        self._admission = admission
        self._body_bytes = body_bytes

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [
            Route("/cac", gate.wrap(self.show)),
            Route("/cac/reset", gate.wrap(self.reset), methods=["POST"]),
        ]

    def operator(self) -> Sequence[BaseRoute]:
        return [
            Route("/cac", self.show),
            Route("/cac/reset", self.reset, methods=["POST"]),
            Route("/accounts", self.accounts),
        ]

    async def accounts(self, request: Request) -> Response:
        """Ids: for who sits at the machine and has named none of them."""
        return answer({"accounts": self._admission.accounts()})

    async def show(self, request: Request) -> Response:
        """`GET /cac?accountId=` → counters, limits, windows and live calls (S004-59)."""
        account = account_of(request)
        return answer(_known(self._admission.show(account), account))

    async def reset(self, request: Request) -> Response:
        """What no live call holds is given back, rate windows are cleared; before and after (S004-61)."""
        account = (await read(request, ResetBody, self._body_bytes)).account_id
        return answer(_known(self._admission.reset(account), account))


def _known(found: dict[str, object] | None, account: str) -> dict[str, object]:
    if found is None:
        raise Failure(404, "no_such_account", f"there is no account {account[:64]}; name one by its id")
    return found
