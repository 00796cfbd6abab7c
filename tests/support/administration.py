"""What operators make, over a real database of either kind: routes as the daemon's, a hand clock."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from config.schema import Gates, StoreLimits
from controlplane.api.app import public_app
from controlplane.api.envelope import answer
from controlplane.api.gate import Gate
from controlplane.api.health import Readiness
from controlplane.api.key import KeyRoutes
from controlplane.auth.key import KeyRing
from controlplane.observe.metrics import Metrics
from controlplane.service.call import CallService
from controlplane.service.key import KeyService
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from tests.support.database import Database

TOKEN = {"X-Admin-Token": "open-sesame"}


class Office:
    """Keys, and a gated route of each surface to try them at."""

    def __init__(self, store: Store, limit: int = 100) -> None:
        self.now = 1_000_000
        self.store = store
        self.ring = KeyRing(store.take_api_keys(), lambda: self.now)
        random = iter(range(1, 1_000))
        self.keys = KeyService(
            store,
            self.ring,
            lambda account: account == "acc_demo",
            lambda: self.now,
            lambda size: next(random).to_bytes(size, "big"),
            limit,
        )
        self.routes = KeyRoutes(self.keys, 100_000, 100)
        self.gate = Gate(Gates(admin_token="open-sesame"), frozenset(), self.ring)
        surfaces = [Route(path, self.gate.wrap(_fine)) for path in ("/queues", "/cac", "/calls")]
        self.http = self.client([*surfaces, *self.routes.public(self.gate)])

    def client(self, routes: Sequence[BaseRoute], source: str = "203.0.113.5") -> httpx2.AsyncClient:
        app = public_app(
            self.gate, Readiness(), Metrics(), CallService(self.store, lambda call: (), 100), routes
        )
        transport = httpx2.ASGITransport(app, client=(source, 5))
        return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080")

    async def make(self, *scopes: str, **more: object) -> dict[str, Any]:
        """A key, made over HTTP with the admin token."""
        body = {"name": "one", "scopes": scopes or ("agents.read",)} | more
        response = await self.http.post("/keys", json=body, headers=TOKEN)
        assert response.status_code == 201, response.text
        return response.json()

    async def status(self, path: str, key: str, method: str = "GET", **more: Any) -> tuple[int, str]:
        response = await self.http.request(method, path, headers={"X-API-Key": key}, **more)
        return response.status_code, response.json().get("error", "")


async def _fine(request: object) -> Response:
    return answer({})


@contextlib.asynccontextmanager
async def office(database: Database, limit: int = 100) -> AsyncIterator[Office]:
    folder: Path = database.folder
    store = await Store.open(DataFolder.open(folder), StoreLimits(), lambda: 1_000_000, database.url)
    try:
        yield Office(store, limit)
    finally:
        await store.close()
