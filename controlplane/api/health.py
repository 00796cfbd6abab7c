"""`/healthz` (alive) and `/readyz` (serving, not draining), with the reasons when not."""

import enum
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from controlplane.api.envelope import Endpoint, answer


class Phase(enum.StrEnum):
    STARTING = "starting"
    SERVING = "serving"
    DRAINING = "draining"


class Readiness:
    """Set by the daemon; `trouble` is asked on every `/readyz` for what else stands in the way."""

    def __init__(self, trouble: Callable[[], list[str]] = list) -> None:
        self.phase = Phase.STARTING
        self._trouble = trouble

    def reasons(self) -> list[str]:
        """Empty when calls are welcome."""
        phase = [] if self.phase is Phase.SERVING else [self.phase.value]
        return phase + self._trouble()


async def healthz(request: Request) -> Response:
    return answer({"status": "alive"})


def readyz(readiness: Readiness) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if reasons := readiness.reasons():
            body = {"error": "not_ready", "detail": ", ".join(reasons), "reasons": reasons}
            return answer(body, 503, {"Retry-After": "5"})
        return answer({"status": "ready"})

    return endpoint
