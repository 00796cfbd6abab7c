"""`POST /drain` on the control socket: the same as SIGTERM, for an operator without the process id."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from controlplane.api.envelope import answer


def drain_route(begin: Callable[[], object], calls: Callable[[], int], seconds: float) -> Route:
    """
    Args:
        begin: takes no more calls and ends the daemon when the live ones are over; again does no harm.
        calls: live ones.
        seconds: that they have.
    """

    async def endpoint(request: Request) -> Response:
        begin()
        return answer({"draining": True, "calls": calls(), "seconds": seconds})

    return Route("/drain", endpoint, methods=["POST"])
