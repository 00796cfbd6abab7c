"""What operators make while we run, joined: API keys, tokens of users, and objects of the configuration."""

import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from config.schema import Settings
from controlplane.api.gate import Gate
from controlplane.api.key import KeyRoutes
from controlplane.api.objects import ObjectRoutes
from controlplane.api.token import TokenRoutes
from controlplane.auth.key import KeyRing
from controlplane.auth.seal import Seal, SealError
from controlplane.service.configuration import Configuration
from controlplane.service.key import KeyService
from controlplane.service.object_shelf import ObjectShelf
from controlplane.service.objects import ObjectService
from controlplane.service.token import TokenService
from controlplane.store.error import StoreError
from controlplane.store.store import Store
from edge.directory import Directory
from edge.flow.command import Fetch
from edge.question import Reply


class Administration:
    def __init__(self, settings: Settings, store: Store, wall_ms: Callable[[], int]) -> None:
        """Raises `StoreError` when what is stored cannot be read."""
        self._most = settings.limits.http
        self._store = store
        self._wall_ms = wall_ms
        self.ring = KeyRing(store.take_api_keys(), wall_ms)
        folder = Path(settings.node.data).absolute()
        seal = Seal(folder, secrets.token_bytes)
        reach_any = settings.security.reach == "any"
        self.shelf = ObjectShelf(folder, seal, settings.limits.flow, secrets.choice, trusted=reach_any)
        try:
            self.shelf.load(store.take_objects())
        except SealError as error:
            raise StoreError(str(error)) from None
        tokens = settings.security.tokens
        self.tokens = TokenService(store, seal, tokens, wall_ms, secrets.token_bytes)
        self._routes: tuple[KeyRoutes, ObjectRoutes, TokenRoutes]

    def open(
        self,
        configuration: Configuration,
        reload_flows: Callable[[], object],
        directory: Directory,
        fetch: Callable[[Fetch], Awaitable[Reply]],
    ) -> None:
        """Before the first request. Args: fetch: from URLs of the configuration file."""
        self.tokens.open(directory, fetch)

        def accounts() -> Iterable[str]:
            return (account.id for account in configuration.file.accounts)

        most, store, wall = self._most, self._store, self._wall_ms
        keys = KeyService(
            store, self.ring, lambda id: id in accounts(), wall, secrets.token_bytes, most.api_keys
        )
        objects = ObjectService(store, self.shelf, configuration, wall, reload_flows, most.objects)
        self._routes = (
            KeyRoutes(keys, most.body_bytes, most.page_rows),
            ObjectRoutes(objects, most.body_bytes),
            TokenRoutes(self.tokens, most.body_bytes),
        )

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [route for part in self._routes for route in part.public(gate)]

    def operator(self) -> Sequence[BaseRoute]:
        return [route for part in self._routes for route in part.operator()]
