"""What operators make, over a real database of either kind: routes as the daemon's, a hand clock."""

import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from config.account import Account
from config.load import parse
from config.schema import FlowLimits, Gates, Settings, StoreLimits
from config.security import Tokens
from controlplane.api.app import public_app
from controlplane.api.envelope import answer
from controlplane.api.gate import Gate
from controlplane.api.health import Readiness
from controlplane.api.key import KeyRoutes
from controlplane.api.objects import ObjectRoutes
from controlplane.api.token import TokenRoutes
from controlplane.auth.key import KeyRing
from controlplane.auth.seal import Seal
from controlplane.observe.metrics import Metrics
from controlplane.service.call import CallService
from controlplane.service.configuration import Configuration
from controlplane.service.directory import MemoryDirectory
from controlplane.service.key import KeyService
from controlplane.service.object_shelf import ObjectShelf
from controlplane.service.objects import ObjectService
from controlplane.service.passwords import Passwords
from controlplane.service.token import TokenService
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.flow.command import Fetch
from edge.question import Reply
from tests.support.database import Database

YAML = """
accounts:
  - id: acc_demo
    domain: demo.local
    users: [{number: "1001", name: Alice, devices: [{username: alice, password: wonderland}]}]
    extensions: [{number: "77", target: {user: "1001"}}]
    dids: [{number: "12025550123", target: {user: "1001"}}]
    queues: {support: {}}
  - {id: acc_other, domain: other.local, dids: [{number: "12025550199", target: {echo: true}}]}
"""
TOKEN = {"X-Admin-Token": "open-sesame"}


class Office:
    """Keys, and a gated route of each surface to try them at."""

    def __init__(self, store: Store, limit: int = 100, issuer: Tokens = Tokens()) -> None:  # noqa: B008
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
        self.text = YAML
        seal = Seal(store.folder.path, os.urandom)
        self.shelf = ObjectShelf(store.folder.path, seal, FlowLimits(), secrets.choice)
        self.shelf.load(store.take_objects())
        self.passwords = Passwords(store.folder.path, secrets.choice)
        file = self.read()
        whole = self.shelf.merge(file)
        self.directory = self.directory_of(whole.accounts, self.passwords.fill(whole.accounts))
        self.taken: list[Sequence[Account]] = []
        self.configuration = Configuration(
            file,
            self.read,
            self.passwords,
            self.directory_of,
            self.directory,
            self.taken.append,
            self.shelf.merge,
        )
        self.flow_reloads = 0
        self.objects = ObjectService(
            store, self.shelf, self.configuration, lambda: self.now, self._flows_reloaded, limit
        )
        self.object_routes = ObjectRoutes(self.objects, 100_000)
        self.tokens = TokenService(store, seal, issuer, lambda: self.now, os.urandom)
        self.fetched: list[Fetch] = []
        self.jwks: list[dict[str, object]] | str = []
        self.tokens.open(self.directory, self._fetch)
        self.token_routes = TokenRoutes(self.tokens, 100_000)
        self.gate = Gate(Gates(admin_token="open-sesame"), frozenset(), self.ring, self.tokens.judge)
        surfaces = [Route(path, self.gate.wrap(_fine)) for path in ("/queues", "/cac")]
        self.http = self.client(
            [
                *surfaces,
                *self.routes.public(self.gate),
                *self.object_routes.public(self.gate),
                *self.token_routes.public(self.gate),
            ]
        )

    async def _fetch(self, wanted: Fetch) -> Reply:
        """The issuer's keys, or why there are none."""
        self.fetched.append(wanted)
        if isinstance(self.jwks, str):
            return {"status": 0, "body": None, "error": self.jwks}
        return {"status": 200, "body": {"keys": list(self.jwks)}, "error": ""}

    def _flows_reloaded(self) -> None:
        self.flow_reloads += 1

    def operator(self) -> list[BaseRoute]:
        parts = (self.routes, self.object_routes, self.token_routes)
        return [route for part in parts for route in part.operator()]

    def read(self) -> Settings:
        return parse(self.text, "test.yaml", self.store.folder.path, {})

    def directory_of(
        self, accounts: Sequence[Account], passwords: Mapping[tuple[str, str], str]
    ) -> MemoryDirectory:
        return MemoryDirectory(accounts, passwords, set(), {})

    async def put(self, path: str, **value: object) -> tuple[int, dict[str, Any]]:
        response = await self.http.put(f"/accounts/{path}", json=value, headers=TOKEN)
        return response.status_code, response.json()

    async def get(self, path: str) -> tuple[int, dict[str, Any]]:
        response = await self.http.get(path, headers=TOKEN)
        return response.status_code, response.json()

    async def delete(self, path: str) -> tuple[int, str]:
        response = await self.http.delete(f"/accounts/{path}", headers=TOKEN)
        return response.status_code, response.json().get("error", "")

    async def take_in(self, accounts: object, **more: object) -> tuple[int, dict[str, Any]]:
        body = {"accounts": accounts} | more
        response = await self.http.post("/configuration", json=body, headers=TOKEN)
        return response.status_code, response.json()

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
async def office(
    database: Database,
    limit: int = 100,
    issuer: Tokens = Tokens(),  # noqa: B008
) -> AsyncIterator[Office]:
    folder: Path = database.folder
    store = await Store.open(DataFolder.open(folder), StoreLimits(), lambda: 1_000_000, database.url)
    try:
        yield Office(store, limit, issuer)
    finally:
        await store.close()
