"""The control plane of seed 004 over a bench: routes as the daemon's, a hand clock, a real database."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2

from config.bucket import MediaBucket
from config.schema import Gates, StoreLimits
from controlplane.api.admin import AdminRoutes
from controlplane.api.app import operator_app, public_app
from controlplane.api.cac import CacRoutes
from controlplane.api.callback import CallbackRoutes
from controlplane.api.conference import ConferenceRoutes
from controlplane.api.debug import DebugRoutes
from controlplane.api.gate import Gate
from controlplane.api.health import Readiness
from controlplane.api.media import MediaRoutes
from controlplane.api.outside import OutsideRoutes
from controlplane.api.queue import QueueRoutes
from controlplane.api.queue_agent import AgentRoutes
from controlplane.api.supervision import SupervisionRoutes
from controlplane.auth.principal import Principal
from controlplane.auth.token import BAD
from controlplane.observe.metrics import Metrics
from controlplane.observe.monitor import Monitor
from controlplane.service.admission import AdmissionService
from controlplane.service.call import CallService
from controlplane.service.callback import CallbackService
from controlplane.service.conference import ConferenceService
from controlplane.service.media import MediaService
from controlplane.service.outside import OutsideService
from controlplane.service.prompt_catalogue import PromptCatalogue
from controlplane.service.queue import QueueService
from controlplane.service.queue_agent import AgentService
from controlplane.service.queue_days import QueueDays
from controlplane.service.supervision import SupervisionService
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.acd.native import also_reachable
from edge.error import Refusal
from media.tts import SpeechError
from tests.support.database import new_database
from tests.support.directory import ACC, FakeDirectory
from tests.support.outside import Outside
from tests.support.s3 import mirror_of, running, sent

TOKEN = "open-sesame"


class FakeClock:
    """The time of the bench, and deadlines that the test calls itself."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self.later: list[Callable[[], object]] = []

    def time(self) -> float:
        return self._outside.bench.now

    def call_later(self, delay: float, callback: Callable[[], object], /) -> "FakeClock":
        self.later.append(callback)
        return self

    def cancel(self) -> None:
        self.later.clear()


class FakeSpeaker:
    def __init__(self) -> None:
        self.spoken: list[tuple[str, str]] = []
        self.mute = ""

    async def save(self, path: Path, text: str, voice: str = "en-us") -> None:
        if self.mute and self.mute in str(path):
            raise SpeechError("no voice")
        self.spoken.append((text, voice))
        path.write_bytes(text.encode())


class Control:
    def __init__(
        self,
        store: Store,
        folder: Path,
        directory: FakeDirectory | None = None,
        bucket: MediaBucket | None = None,
    ) -> None:
        self.outside = Outside(directory)
        bench = self.outside.bench
        self.bench = bench
        self.store = store
        self.folder = folder / "media"
        self.clock = FakeClock(self.outside)
        wall = lambda now: int(now * 1000)  # noqa: E731
        switch = bench.switch
        self.conferences = ConferenceService(
            switch.conferences, self.do, lambda id: self.bench.directory.account(id) is not None
        )
        self.admission = AdmissionService(
            switch.admissions,
            switch.calls,
            self.outside.calls,
            bench.directory,
            bench.journal,
            self.clock,
            wall,
        )
        self.service = OutsideService(
            bench.directory,
            self.outside.proofs,
            self.outside.calls,
            self.outside.registrations,
            self.do,
            lambda asker: "127.0.0.1:5060",
            wall,
        )
        self.agents = AgentService(switch.acd, bench.directory, store, self.do, self.clock.time)
        also_reachable(switch.acd, self.outside.registrations)
        self.calls = CallService(store, lambda call: (), 100)
        self.mirror = mirror_of(self.folder, bucket)
        self.media = MediaService(
            self.folder,
            store,
            bench.directory,
            self.calls.find,
            lambda: wall(bench.now),
            limit=100_000,
            mirror=self.mirror,
        )
        self.speaker = FakeSpeaker()
        self.catalogue = PromptCatalogue(self.folder, self.speaker, self.mirror)
        self.monitor = Monitor(2, 10)
        self.gate = Gate(Gates(admin_token=TOKEN), frozenset(), tokens=_judge)
        cac = CacRoutes(self.admission, 100_000)
        queues = QueueService(switch.acd, bench.directory, self.clock.time, switch.callbacks.of)
        days = QueueDays(switch.acd.ledger, bench.directory, store, self.clock, wall)
        self.callbacks = CallbackService(
            switch.callbacks, switch.acd, bench.directory, self.do, self.clock.time
        )
        parts = (
            AgentRoutes(self.agents, 100_000),
            QueueRoutes(queues, days),
            CallbackRoutes(self.callbacks),
            cac,
        )
        routes = [
            *OutsideRoutes(self.service, self.agents, 100_000).public(self.gate),
            *(route for part in parts for route in part.public(self.gate)),
            *ConferenceRoutes(self.conferences, 100_000).public(self.gate),
            *SupervisionRoutes(SupervisionService(switch.supervisions, self.do), 100_000).public(self.gate),
            *MediaRoutes(self.media).public(self.gate),
            *AdminRoutes(self.catalogue).public(self.gate),
            *DebugRoutes(self.monitor, self.gate).public(),
        ]
        self.operator_routes = [route for part in parts for route in part.operator()]
        nothing = Metrics()
        self.app = public_app(self.gate, Readiness(), nothing, self.calls, routes)
        self.public = self.client(self.app)
        self.far = self.client(self.app, "203.0.113.5")
        self.operator = self.client(operator_app(Readiness(), nothing, self.calls, self.operator_routes))

    def do(self, act: Callable[[float], None]) -> None:
        act(self.bench.now)
        self.bench.drain()

    def client(self, app: Any, source: str = "127.0.0.1") -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app, client=(source, 5))
        return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080")

    async def post(self, path: str, **fields: object) -> Any:
        """The answer to a JSON body, which must be good."""
        response = await self.public.post(path, json=fields)
        assert response.status_code == 200, response.text
        return response.json()

    async def sent(self) -> None:
        """With a bucket: wait until it has everything, and let go of what is here."""
        if self.mirror.remote:
            await sent(self.mirror)
            for path in self.folder.rglob("*.*"):
                path.unlink()


async def _judge(token: str) -> Principal | Refusal:
    """`of us_1001` is his token; none is of somebody else's making."""
    word, _, user = token.partition("-")
    return Principal(f"user:{user}", frozenset(), ACC, user) if word == "of" else BAD


@contextlib.asynccontextmanager
async def control(
    folder: Path, directory: FakeDirectory | None = None, bucket: MediaBucket | None = None
) -> AsyncIterator[Control]:
    new_database(folder)
    store = await Store.open(DataFolder.open(folder), StoreLimits(), lambda: 1_000_000)
    try:
        site = Control(store, folder, directory, bucket)
        async with running(site.mirror):
            yield site
    finally:
        await store.close()
