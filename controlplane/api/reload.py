"""`POST /reload` on the control socket: read again what may change while we run."""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from controlplane.api.envelope import Failure, answer

Reload = Callable[[], str]
"Reads something again; why it could not be used, empty when it is."


def reload_route(parts: Mapping[str, Reload]) -> Route:
    """Args: parts: what is read again, by name. One that fails keeps none of the others from it."""

    async def endpoint(request: Request) -> Response:
        faults = {name: fault for name, part in parts.items() if (fault := part())}
        if faults:
            raise Failure(409, "not_reloaded", f"{'; '.join(faults.values())}; what was in use stays")
        return answer({"reloaded": list(parts)})

    return Route("/reload", endpoint, methods=["POST"])
