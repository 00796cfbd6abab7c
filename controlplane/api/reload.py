"""`POST /reload` on the control socket: read again what may change while we run."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from controlplane.api.envelope import Failure, answer


def reload_route(certificate: Callable[[], str]) -> Route:
    """Args: certificate: reads it again; why it could not be used, empty when it is."""

    async def endpoint(request: Request) -> Response:
        fault = certificate()
        if fault:
            raise Failure(409, "not_reloaded", f"{fault}; what was in use stays")
        return answer({"reloaded": ["certificate"]})

    return Route("/reload", endpoint, methods=["POST"])
