"""What is read again while we serve, by `tandem reload` and SIGHUP: accounts, flows and the certificate."""

import asyncio

import structlog
from starlette.routing import BaseRoute

from config.schema import Tls
from controlplane.api.reload import reload_route
from controlplane.doctor.tls import overdue
from controlplane.service.configuration import Configuration, Reload, reload_all

_log = structlog.get_logger(__name__)


class Reloading:
    def __init__(
        self, configuration: Configuration, flows: Reload, certificate: Reload, tls: Tls | None
    ) -> None:
        """Args: tls: None: there is no certificate to read again."""
        self._configuration = configuration
        self._tls = tls
        self._parts: dict[str, Reload] = {"accounts": configuration.reload, "flows": flows}
        if tls is not None:
            self._parts["certificate"] = certificate

    def route(self) -> BaseRoute:
        return reload_route(self._parts, lambda: [*self._configuration.notes(), *overdue(self._tls)])

    async def all(self) -> None:
        """Each part in turn; one that fails says why in the log, and what was in use stays."""
        await reload_all(self._parts.values())
        for line in await asyncio.to_thread(overdue, self._tls):
            _log.warning("certificate", what=line)
