"""`POST /reload` on the control socket: read again what may change while we run."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from controlplane.api.envelope import Failure, answer
from controlplane.service.configuration import Reload, reload_all


def reload_route(parts: Mapping[str, Reload]) -> Route:
    """Args: parts: what is read again, by name. One that fails keeps none of the others from it."""

    async def endpoint(request: Request) -> Response:
        faults = [fault for fault in await reload_all(parts.values()) if fault]
        if faults:
            raise Failure(409, "not_reloaded", f"{'; '.join(faults)}; what was in use stays")
        return answer({"reloaded": list(parts)})

    return Route("/reload", endpoint, methods=["POST"])
