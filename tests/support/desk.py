"""Bans and allowed addresses as a daemon serves them, on a hand clock and a real database."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from config.schema import StoreLimits
from controlplane.observe.security import SecurityKeeper
from controlplane.service.security import Clock, SecurityService
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.security.shield import Shield
from tests.support.database import new_database
from tests.support.security import shield


class Desk:
    """Node `here`; a trunk at 192.0.2.9 and in 203.0.113.0/24."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = 1_000.0
        self.shield: Shield = shield(
            SecurityKeeper(store.journal, "here", lambda network: None, lambda: self.now),
            allow=["198.51.100.0/24"],
        )
        self.service = SecurityService(
            store,
            self.shield,
            "here",
            Clock(lambda: self.now, lambda: int(self.now * 1000)),
            trunk_networks=["192.0.2.9/32", "203.0.113.0/24"],
            reported_max=50,
        )


@contextlib.asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    new_database(folder)
    store = await Store.open(DataFolder.open(folder), StoreLimits(), lambda: 1_000_000)
    try:
        yield Desk(store)
    finally:
        await store.close()
