"""Bans and allowed addresses over HTTP (S004-67…75); the command line has two routes more."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.body import read
from controlplane.api.envelope import answer, done
from controlplane.api.gate import Gate
from controlplane.api.query import flag, whole
from controlplane.service.security import BanRow, SecurityService
from edge.security.ban import BanRecord

ROWS: int = 100
ROWS_MAX: int = 1_000
_SECONDS_BELOW = 100_000_000_000  # as milliseconds that is 1973, as seconds far away


def _moment(value: object) -> object:
    """ms UTC, seconds, or ISO 8601 → ms UTC."""
    if isinstance(value, str):
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            return value
        return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
    if isinstance(value, (int, float)) and math.isfinite(value):
        return int(value * 1000) if abs(value) < _SECONDS_BELOW else int(value)
    return value


NEVER: int = 253_402_300_799_000
"The last second of the year 9999 [ms UTC]."
Moment = Annotated[int, BeforeValidator(_moment), Field(ge=0, lt=2**53)]
Ip = Annotated[str, Field(max_length=64, validation_alias=AliasChoices("ip", "address", "cidr", "network"))]


class ReportedBan(BaseModel):
    model_config = ConfigDict(extra="ignore")

    ip: Ip
    reason: str = Field(default="", max_length=64)
    count: int = Field(default=1, ge=0, lt=2**53)
    first_seen: Moment | None = None
    last_seen: Moment | None = None
    expires_at: Moment | None = None
    user_agent: str | None = Field(default=None, max_length=1_024)

    def record(self, wall_ms: int) -> BanRecord:
        """Args: wall_ms: of the report: when a ban was seen that does not say so.

        One without an end lasts until a report does not name it any more.
        """
        last = wall_ms if self.last_seen is None else self.last_seen
        first = last if self.first_seen is None else self.first_seen
        expires = NEVER if self.expires_at is None else self.expires_at
        return BanRecord(self.ip, self.reason, self.count, first, last, expires, self.user_agent or "")


class Report(BaseModel):
    """`POST /security/report` → `{node, bans: how many}` (S004-72)."""

    model_config = ConfigDict(extra="ignore")

    node: str = Field(min_length=1, max_length=64)
    ts: Moment | None = None
    bans: list[ReportedBan]


class Allow(BaseModel):
    ip: Ip
    note: str = Field(default="", max_length=256)


class NewBan(BaseModel):
    ip: Ip
    seconds: float = Field(default=3_600.0, gt=0, le=3_153_600_000)
    note: str = Field(default="", max_length=256)


class SecurityRoutes:
    def __init__(self, security: SecurityService, body_bytes: int) -> None:
        self._security = security
        self._body_bytes = body_bytes

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [
            Route("/security/report", gate.wrap(self.report), methods=["POST"]),
            Route("/security/bans", gate.wrap(self.bans)),
            Route("/security/allow", gate.wrap(self.allowed)),
            Route("/security/allow", gate.wrap(self.allow), methods=["POST"]),
            Route("/security/allow/{ip:path}", gate.wrap(self.disallow), methods=["DELETE"]),
        ]

    def operator(self) -> Sequence[BaseRoute]:
        return [
            Route("/security/bans", self.bans_and_locks),
            Route("/security/bans", self.ban, methods=["POST"]),
            Route("/security/bans/{ip:path}", self.lift, methods=["DELETE"]),
            Route("/security/allow", self.allowed),
            Route("/security/allow", self.allow, methods=["POST"]),
            Route("/security/allow/{ip:path}", self.disallow, methods=["DELETE"]),
        ]

    async def report(self, request: Request) -> Response:
        body = await read(request, Report, self._body_bytes)
        seen = self._security.wall_ms() if body.ts is None else body.ts
        bans = [ban.record(seen) for ban in body.bans]
        return answer(done(await self._security.report(body.node, bans)))

    async def bans(self, request: Request) -> Response:
        """`GET /security/bans?status=&q=&flagged=&limit=` → `{bans: […]}`, the latest first."""
        return answer({"bans": await self._bans(request)})

    async def bans_and_locks(self, request: Request) -> Response:
        """For the command line: also usernames that are locked out at one source each."""
        return answer({"bans": await self._bans(request), "locks": self._security.locks()})

    async def _bans(self, request: Request) -> list[BanRow]:
        query = request.query_params
        found = await self._security.bans(
            status=query.get("status", ""),
            q=query.get("q", "")[:128],
            flagged=flag(request, "flagged"),
            limit=min(whole(request, "limit", ROWS, least=1), ROWS_MAX),
        )
        return done(found)

    async def ban(self, request: Request) -> Response:
        body = await read(request, NewBan, self._body_bytes)
        return answer(done(await self._security.ban(body.ip, body.seconds, body.note)), 201)

    async def lift(self, request: Request) -> Response:
        return answer(done(await self._security.lift(request.path_params["ip"])))

    async def allowed(self, request: Request) -> Response:
        return answer({"allow": await self._security.allowed()})

    async def allow(self, request: Request) -> Response:
        body = await read(request, Allow, self._body_bytes)
        return answer(done(await self._security.allow(body.ip, body.note)), 201)

    async def disallow(self, request: Request) -> Response:
        """`DELETE /security/allow/{ip}`; the slash of a network may be percent-encoded."""
        return answer(done(await self._security.disallow(request.path_params["ip"])))
