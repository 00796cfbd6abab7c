"""The door of outside edges: `POST /auth`, `/route` and `/presence/event` (S004-06…28, S004-40…43)."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.body import decode, read, read_fields
from controlplane.api.envelope import answer, done
from controlplane.api.gate import Gate
from controlplane.service.outside import OutsideService
from controlplane.service.queue_agent import AgentService
from edge.acd.state import AgentEvent
from edge.outside.call import DialogEvent, RouteAsked
from edge.outside.proof import AuthAsked
from edge.sip.digest import Credentials

Short = Annotated[str, Field(max_length=256)]
Long = Annotated[str, Field(max_length=1_024)]


def named(*names: str) -> AliasChoices:
    """Camel case as the seed writes it, snake case as its siblings do."""
    return AliasChoices(*names)


class Body(BaseModel):
    # An edge may send whatever else it knows; numbers come as text from a form and as numbers in JSON.
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


def _status(value: object) -> object:
    """Parsers of SIP give counts as numbers: `1` is `00000001`."""
    return f"{value:08x}" if isinstance(value, int) and 0 <= value < 2**32 else value


class AuthBody(Body):
    """Digest parameters as the outside edge parsed them (S004-09)."""

    method: Short = Field(min_length=1)
    username: Short = Field(min_length=1)
    realm: Short = Field(min_length=1)
    nonce: Long = Field(min_length=1)
    uri: Long = Field(min_length=1)
    response: Short = Field(min_length=1)
    algorithm: Short = "MD5"
    qop: Short = ""
    cnonce: Long = ""
    nc: Annotated[Short, BeforeValidator(_status)] = ""
    call_id: Short = Field(default="", validation_alias=named("callId", "call_id"))
    source: Short = Field(default="", validation_alias=named("srcIp", "src_ip"))
    user_agent: Long = Field(default="", validation_alias=named("userAgent", "user_agent"))

    def asked(self) -> AuthAsked:
        given = Credentials(
            self.username,
            self.realm,
            self.nonce,
            self.uri,
            self.response,
            self.algorithm.upper() or "MD5",
            self.qop.lower(),
            self.cnonce,
            self.nc,
        )
        return AuthAsked(given, self.method.upper(), self.call_id, self.source, self.user_agent)


class RouteBody(Body):
    """One call to be routed (S004-14)."""

    call_id: Short = Field(min_length=1, validation_alias=named("callId", "call_id"))
    caller: Short = Field(default="", validation_alias=named("from", "caller"))
    caller_domain: Short = Field(default="", validation_alias=named("fromDomain", "from_domain"))
    dialled: Short = Field(min_length=1, validation_alias=named("to", "dialled"))
    dialled_domain: Short = Field(default="", validation_alias=named("toDomain", "to_domain"))
    source: Short = Field(default="", validation_alias=named("srcIp", "src_ip"))
    authenticated: bool | None = None
    campaign: bool = False

    def asked(self, here: str) -> RouteAsked:
        caller, caller_domain = _parts(self.caller)
        dialled, dialled_domain = _parts(self.dialled)
        return RouteAsked(
            self.call_id,
            caller,
            self.caller_domain or caller_domain,
            dialled,
            self.dialled_domain or dialled_domain,
            self.source,
            self.authenticated,
            self.campaign,
            here,
        )


class PresenceBody(Body):
    """`type` says which of the other fields count (S004-42)."""

    type: Literal["register", "dialog", "agent"]
    account_id: Short = Field(min_length=1, validation_alias=named("accountId", "account_id"))


class RegisterBody(PresenceBody):
    user: Short = Field(min_length=1, validation_alias=named("userId", "user_id", "aor"))
    contact: Long = ""
    registered: bool = True
    expires: float = Field(default=3_600.0, ge=0, le=86_400 * 30)


class DialogBody(PresenceBody):
    call_id: Short = Field(min_length=1, validation_alias=named("callId", "call_id"))
    event: Literal["start", "ringing", "answered", "end"]
    cause: Short = ""


class AgentBody(PresenceBody):
    user: Short = Field(min_length=1, validation_alias=named("userId", "user_id"))
    event: AgentEvent
    reason: Short = ""


class OutsideRoutes:
    def __init__(
        self,
        outside: OutsideService,
        agents: AgentService,
        body_bytes: int,
        given: Callable[[str, str], None] | None = None,
    ) -> None:
        """Args: given: told (callId, its W3C traceparent) of a `/route` that has one."""
        self._given = given
        self._outside = outside
        self._agents = agents
        self._body_bytes = body_bytes

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [
            Route("/auth", gate.wrap(self.auth), methods=["POST"]),
            Route("/route", gate.wrap(self.route), methods=["POST"]),
            Route("/presence/event", gate.wrap(self.event), methods=["POST"]),
        ]

    async def auth(self, request: Request) -> Response:
        """200 also for a denial, so that an edge can tell "denied" from "broken" (S004-10)."""
        body = await read(request, AuthBody, self._body_bytes)
        return answer(self._outside.auth(body.asked()))

    async def route(self, request: Request) -> Response:
        body = await read(request, RouteBody, self._body_bytes)
        if self._given is not None and (parent := request.headers.get("traceparent")) is not None:
            self._given(body.call_id, parent)
        asker = "127.0.0.1" if request.client is None else request.client.host
        return answer({"rtjson": self._outside.route(body.asked(self._outside.here(asker)))})

    async def event(self, request: Request) -> Response:
        outside = self._outside
        fields = await read_fields(request, self._body_bytes)
        match decode(fields, PresenceBody).type:
            case "register":
                phone = decode(fields, RegisterBody)
                found = outside.register(
                    phone.account_id, phone.user, phone.contact, phone.expires, phone.registered
                )
            case "dialog":
                told = decode(fields, DialogBody)
                event = DialogEvent(told.account_id, told.call_id, told.event, told.cause)
                found = outside.dialog(told.account_id, event)
            case "agent":
                agent = decode(fields, AgentBody)
                found = await self._agents.tell(agent.account_id, agent.user, agent.event, agent.reason)
        return answer(done(found))


def _parts(text: str) -> tuple[str, str]:
    """`sip:1002@demo.local;user=phone` → user and domain; a bare number is its own user."""
    for scheme in ("sip:", "sips:", "tel:"):
        if text.lower().startswith(scheme):
            text = text[len(scheme) :].partition(";")[0]
            break
    user, _, domain = text.partition("@")
    return user, domain.partition(":")[0]
