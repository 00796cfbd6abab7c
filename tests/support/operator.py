"""A control socket that answers like a daemon's, for the commands that ask one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from starlette.routing import BaseRoute

from config.schema import HttpLimits
from controlplane.api.app import operator_app
from controlplane.api.health import Phase, Readiness
from controlplane.api.server import HttpServer, bind_unix
from controlplane.cli import main
from controlplane.observe.metrics import Metrics
from controlplane.service.call import CallService
from controlplane.store.folder import CONTROL_SOCKET
from controlplane.store.store import Store


@contextlib.asynccontextmanager
async def operator(store: Store, folder: Path, more: Sequence[BaseRoute] = ()) -> AsyncIterator[None]:
    readiness = Readiness()
    readiness.phase = Phase.SERVING
    calls = CallService(store, lambda call: (), page_rows=100)
    server = HttpServer(
        operator_app(readiness, Metrics(), calls, more), bind_unix(folder / CONTROL_SOCKET), HttpLimits()
    )
    serving = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.stop()
        await serving


def tandem(*words: str, **environ: str) -> Result:
    """Run one command in this process."""
    clean: dict[str, Any] = {"TANDEM_CONFIG": None, "TANDEM_DATA": None, "COLUMNS": "200"}
    return CliRunner(env=clean | environ).invoke(main, list(words), catch_exceptions=False)


async def tandem_beside(*words: str, **environ: str) -> Result:
    """Run one command in a thread, while the loop serves it."""
    return await asyncio.to_thread(lambda: tandem(*words, **environ))
