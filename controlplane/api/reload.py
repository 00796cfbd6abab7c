"""`POST /reload` on the control socket: read again what may change while we run."""

from asyncio import to_thread
from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from controlplane.api.envelope import Failure, answer
from controlplane.service.configuration import Reload, reload_all


def reload_route(parts: Mapping[str, Reload], notes: Callable[[], Sequence[str]] = tuple) -> Route:
    """
    Args:
        parts: what is read again, by name. One that fails keeps none of the others from it.
        notes: what is to be said of what is in use then, though nothing failed; it may read files.
    """

    async def endpoint(request: Request) -> Response:
        faults = [fault for fault in await reload_all(parts.values()) if fault]
        if faults:
            raise Failure(409, "not_reloaded", f"{'; '.join(faults)}; what was in use stays")
        noted = list(await to_thread(notes))
        return answer({"reloaded": list(parts)} | ({"notes": noted} if noted else {}))

    return Route("/reload", endpoint, methods=["POST"])
