"""`POST /flow`: the command loop of outside edges (S004-29…37).

::

    {"callId": "c1", "accountId": "acc_demo", "flowId": "reception"}    → {"command": "gather", …, "seq": 1}
    {"callId": "c1", "outcome": "digit:1", "data": {}, "seq": 1}        → {"command": "dial", …, "seq": 2}
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from controlplane.api.body import read
from controlplane.api.envelope import Failure, answer, done
from controlplane.api.gate import Gate
from controlplane.service.flow_session import FlowSessions
from edge.directory import AccountId
from edge.flow.scene import Outcome
from edge.flow.value import bounded
from edge.journal import CallId

Id = Annotated[str, Field(min_length=1, max_length=256)]


class Step(BaseModel):
    """The start has `accountId` and `flowId`, every further step an `outcome`."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    callId: Id = Field(validation_alias=AliasChoices("callId", "call_id"))
    accountId: Id | None = Field(default=None, validation_alias=AliasChoices("accountId", "account_id"))
    flowId: Id | None = Field(default=None, validation_alias=AliasChoices("flowId", "flow_id"))
    vars: dict[str, Any] = {}
    outcome: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    data: dict[str, Any] = {}
    seq: int | None = None


class FlowRoutes:
    def __init__(
        self, sessions: FlowSessions, body_bytes: int, given: Callable[[str, str], None] | None = None
    ) -> None:
        """
        Args:
            body_bytes: longest body taken.
            given: told (call, its W3C traceparent) of a request that has one.
        """
        self._given = given
        self._sessions = sessions
        self._body_bytes = body_bytes

    def public(self, gate: Gate) -> list[Route]:
        return [Route("/flow", gate.wrap(self.step), methods=["POST"])]

    async def step(self, request: Request) -> Response:
        body = await read(request, Step, self._body_bytes)
        call = CallId(body.callId)
        if self._given is not None and (parent := request.headers.get("traceparent")) is not None:
            self._given(self._sessions.known_as(call), parent)
        if body.outcome is not None:
            data = {name[:64]: bounded(value) for name, value in list(body.data.items())[:100]}
            account = None if body.accountId is None else AccountId(body.accountId)
            issued = self._sessions.step(call, Outcome(body.outcome, data), body.seq, account)
        elif body.accountId is not None and body.flowId is not None:
            issued = self._sessions.start(call, AccountId(body.accountId), body.flowId, body.vars)
        else:
            raise Failure(
                400, "bad_parameter", "send accountId and flowId to start a flow, or outcome to step it"
            )
        wire = done(issued).wire()
        return answer(wire | {"params": {**wire["params"], **self._sessions.told(call)}})
