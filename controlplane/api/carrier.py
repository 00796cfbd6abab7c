"""`POST /hooks/carrier`: calls and texts of Twilio and Telnyx, where an account takes them (S004-82).

Open to everybody, since carriers come from anywhere: the signature is the gate. 501 while nobody has hooks.
"""

import urllib.parse
from collections.abc import Sequence
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.body import read_bytes
from controlplane.api.envelope import Failure, answer, done
from controlplane.service.carrier import CarrierService

_FIELDS: Final = 200
"Of one form; Twilio sends some forty."


class CarrierRoutes:
    def __init__(self, carrier: CarrierService, body_bytes: int) -> None:
        self._carrier = carrier
        self._body_bytes = body_bytes

    def public(self) -> Sequence[BaseRoute]:
        return [Route("/hooks/carrier", self.hook, methods=["POST"])]

    async def hook(self, request: Request) -> Response:
        """Whose it is, the header of the signature says."""
        if not self._carrier.configured:
            raise Failure(501, "not_built", "no account has carrier_hooks; add them to the configuration")
        headers = request.headers
        if (signature := headers.get("x-twilio-signature")) is not None:
            fields = _form(await read_bytes(request, self._body_bytes))
            made = done(await self._carrier.twilio(request.url.query, fields, signature))
            return Response(made, media_type="text/xml")
        if (signature := headers.get("telnyx-signature-ed25519")) is not None:
            body = await read_bytes(request, self._body_bytes)
            stamp = headers.get("telnyx-timestamp", "")
            return answer(done(await self._carrier.telnyx(body, _object(body), stamp, signature)))
        raise Failure(403, "bad_signature", "the signature is not of a carrier in carrier_hooks")


def _form(data: bytes) -> list[tuple[str, str]]:
    try:
        return urllib.parse.parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=_FIELDS)
    except (UnicodeDecodeError, ValueError) as error:
        raise Failure(400, "bad_form", str(error)) from None


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Failure(400, "bad_json", str(error)) from None
    if not isinstance(value, dict):
        raise Failure(400, "bad_body", "the body must be an object")
    return value
