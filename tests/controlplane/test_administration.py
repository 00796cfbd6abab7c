"""What operators make, joined: its routes are those of the OpenAPI document, on both doors."""

import secrets

from starlette.routing import Route

from config.schema import Gates, Settings
from controlplane.administration import Administration
from controlplane.api.administration_operations import ADMINISTRATION
from controlplane.api.gate import Gate
from controlplane.service.configuration import Configuration
from controlplane.service.directory import MemoryDirectory
from controlplane.service.passwords import Passwords
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.flow.command import Fetch
from edge.question import Reply
from tests.support.database import Database


async def test_every_route_is_described_and_is_there_for_the_command_line_too(database: Database) -> None:
    account = {"id": "acc", "domain": "a.example", "users": [{"number": "1001"}]}
    settings = Settings.model_validate({"node": {"data": database.folder}, "accounts": [account]})
    store = await Store.open(DataFolder.open(database.folder), settings.limits.store, lambda: 1, database.url)
    made = Administration(settings, store, lambda: 1)
    passwords = Passwords(database.folder, secrets.choice)
    directory = MemoryDirectory((), {}, set(), {})
    configuration = Configuration(
        settings, lambda: settings, passwords, lambda *parts: directory, directory, lambda accounts: None
    )

    async def fetch(asked: Fetch) -> Reply:
        raise AssertionError("nothing is fetched for a list of routes")

    made.open(configuration, lambda: None, directory, fetch)
    described = {(one.method, one.path) for one in ADMINISTRATION}
    for routes in (made.public(Gate(Gates(), frozenset(), made.ring)), made.operator()):
        assert described == {
            (method, route.path)
            for route in routes
            if isinstance(route, Route)
            for method in (route.methods or set()) - {"HEAD"}
        }
    await store.close()
