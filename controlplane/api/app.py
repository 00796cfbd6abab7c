"""The two applications: the public one on `listen.http`, and the operator's on the control socket."""

import contextlib
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from controlplane.api import envelope
from controlplane.api.call import CallRoutes
from controlplane.api.gate import Gate
from controlplane.api.health import Readiness, healthz, readyz
from controlplane.observe.metrics import CONTENT_TYPE, Metrics
from controlplane.service.call import CallService

ANY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def public_app(
    gate: Gate, readiness: Readiness, metrics: Metrics, calls: CallService, more: Sequence[BaseRoute] = ()
) -> Starlette:
    """`/healthz` and `/readyz` are open; whatever tells of calls or of the node is gated.

    Args: more: routes of other nouns, behind the gate that they need.
    """
    return _App(
        [
            # Patterns are tried one after the other, and /route is asked for every call.
            *more,
            Route("/healthz", healthz),
            Route("/readyz", readyz(readiness)),
            Route("/metrics", gate.wrap(_metrics(metrics))),
            *CallRoutes(calls).public(gate),
            Route("/hooks/carrier", _not_built, methods=ANY_METHOD),
            Route("/v1", _not_built, methods=ANY_METHOD),
            Route("/v1/{rest:path}", _not_built, methods=ANY_METHOD),
        ]
    )


def operator_app(
    readiness: Readiness, metrics: Metrics, calls: CallService, more: Sequence[BaseRoute] = ()
) -> Starlette:
    """For the command line, over a socket that its owner alone can open: no gate but the file's mode.

    Args: more: routes of other operator commands (drain, reload, bans).
    """
    return _App(
        [
            Route("/readyz", readyz(readiness)),
            Route("/metrics", _metrics(metrics)),
            *CallRoutes(calls).operator(),
            *more,
        ]
    )


class _App(Starlette):
    """A path without parameters is looked up and answered; all else goes through the stack of Starlette.

    For every call that an outside edge routes, that stack (two error handlers, patterns one by one, five
    coroutines) costs as much as the decision itself. The answers are the same.
    """

    def __init__(self, routes: list[BaseRoute]) -> None:
        super().__init__(
            routes=routes,
            exception_handlers={
                envelope.Failure: envelope.failed,
                HTTPException: envelope.unrouted,
                **dict.fromkeys(envelope.UNREADABLE, envelope.unread),
                Exception: envelope.broken,
            },
        )
        # A redirect would be made from the Host that the client sent.
        self.router.redirect_slashes = False
        self._endpoints: dict[tuple[str, str], envelope.Endpoint] = {}
        for route in routes:
            if isinstance(route, Route) and not route.param_convertors:
                for method in route.methods or ():
                    self._endpoints.setdefault((method, route.path), route.endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = None
        if scope["type"] == "http":
            endpoint = self._endpoints.get((scope["method"], scope["path"]))
        if endpoint is None:
            with contextlib.suppress(ClientDisconnect):  # he has gone; nobody is to blame
                await super().__call__(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except envelope.Failure as failure:
            response = await envelope.failed(request, failure)
        except HTTPException as refused:
            response = await envelope.unrouted(request, refused)
        except envelope.UNREADABLE as error:
            response = await envelope.unread(request, error)
        except ClientDisconnect:
            return
        except Exception as error:
            await (await envelope.broken(request, error))(scope, receive, send)
            raise  # the server logs it
        await response(scope, receive, send)


def _metrics(metrics: Metrics) -> envelope.Endpoint:
    async def endpoint(request: Request) -> Response:
        return Response(metrics.render(), media_type=CONTENT_TYPE)

    return endpoint


async def _not_built(request: Request) -> Response:
    return envelope.refuse(
        501, "not_built", f"{request.url.path[:64]} is not built; /docs lists what there is"
    )
