"""What operators make while we run, joined: API keys."""

import secrets
from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute

from config.schema import Settings
from controlplane.api.gate import Gate
from controlplane.api.key import KeyRoutes
from controlplane.auth.key import KeyRing
from controlplane.service.key import KeyService
from controlplane.store.store import Store


class Administration:
    def __init__(
        self,
        settings: Settings,
        store: Store,
        has_account: Callable[[str], bool],
        wall_ms: Callable[[], int],
    ) -> None:
        most = settings.limits.http
        self.ring = KeyRing(store.take_api_keys(), wall_ms)
        keys = KeyService(store, self.ring, has_account, wall_ms, secrets.token_bytes, most.api_keys)
        self._keys = KeyRoutes(keys, most.body_bytes, most.page_rows)

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return self._keys.public(gate)

    def operator(self) -> Sequence[BaseRoute]:
        return self._keys.operator()
