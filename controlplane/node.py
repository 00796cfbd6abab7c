"""The edge on its loop: the switch between sockets, audio engine, journal and resolver."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import structlog

from config.schema import Settings
from controlplane.observe.monitor import Monitor
from controlplane.observe.security import SecurityKeeper, report_fraud
from controlplane.observe.tap import Tapped
from controlplane.observe.tracing import Tracing
from controlplane.observe.trunk import report_trunk
from controlplane.service.directory import MemoryDirectory
from controlplane.service.load import LoadWatch, estimate
from controlplane.service.question import Answers
from controlplane.service.recording import RecordingKeeper
from controlplane.store.store import Store
from edge.awaited import Promise, Resolve
from edge.directory import AccountId
from edge.ident import call_of
from edge.journal import CallId
from edge.overload.capacity import Capacity
from edge.overload.glance import call_id_of
from edge.question import Ask, Question, Reply
from edge.recordings import Keep
from edge.security.fraud import FraudGuard
from edge.security.shield import Shield
from edge.sip.effect import Send
from edge.sip.flow import Flow, Received
from edge.sip.uri import Uri
from edge.switch import Effect, Switch
from edge.trace.secret import blanked
from edge.transport.driver import Driver
from edge.transport.hep import HepMirror
from edge.transport.listeners import Listeners
from edge.transport.resolver import Resolver
from media.agent.inbound import Inbound
from media.agent.plane import Means
from media.engine import Engine
from media.entropy import Entropy
from media.port import AttachAgent, Event, LegId
from media.prompt import PromptStore
from media.silero import Model
from media.speech import Providers
from media.worker.supervisor import Workers

MEDIA: Final = "media"
"Folder of recordings in the data folder."

GOODBYE_SECONDS: Final = 2.0
"After the last hang-up, so long is waited for the answers to our BYEs [s]."

_SLOW_BATCH: Final = 0.01
"A batch of messages takes twice its share of the loop before that is logged [s]."

_log = structlog.get_logger(__name__)


class Node:
    def __init__(
        self,
        settings: Settings,
        store: Store,
        directory: MemoryDirectory,
        answers: Answers,
        keeper: RecordingKeeper,
        loop: asyncio.AbstractEventLoop,
        tasks: asyncio.TaskGroup,
        speech: Providers | None = None,
        stun: tuple[tuple[str, int], ...] = (),
    ) -> None:
        """Args: stun: servers that tell browsers' legs where they are seen, numeric."""
        limits = settings.limits
        public = settings.node.public_address
        self._store = store
        self._answers = answers
        self._keeper = keeper
        self._loop = loop
        self._tasks = tasks
        self._tracing: Tracing | None = None
        self._outcomes: list[tuple[int, bool]] = []
        self._media_events: list[Event] = []
        self.shield = Shield(
            settings.security,
            limits.sip,
            SecurityKeeper(store.journal, settings.node.name, self._banned, loop.time),
            trunk=lambda address: directory.trunk_of_source(address) is not None,
            wall=wall_ms,
        )
        self.shield.load(store.take_bans(settings.node.name), store.take_allowed(), loop.time())
        self.fraud = FraudGuard(report_fraud)
        self.capacity = Capacity(estimate(), limits.sip.calls_per_second, limits.media.full)
        self.monitor = Monitor(limits.http.monitors, limits.http.monitor_rows)
        self.journal = Tapped(store.journal, self.monitor)
        self.listeners = Listeners(
            limits.sip,
            loop,
            tasks,
            public=None if public == "auto" else public,
            guard=self.shield,
            tls=settings.listen.tls,
            origins=settings.listen.origins,
        )
        hep = settings.observe.hep
        self.hep = None if hep is None else HepMirror((hep.address, hep.port), hep.id, hep.password, wall_ms)
        asked = [(server.address, server.port) for server in settings.node.nameservers]
        entropy = Entropy()
        self._resolver = Resolver(limits.sip, loop, entropy.token_bytes, servers=asked)
        self.switch = Switch(
            directory=directory,
            journal=self.journal,
            reach=self.listeners,
            limits=limits.sip,
            random=entropy.token_bytes,
            wall=wall_ms,
            shield=self.shield,
            fraud=self.fraud,
            capacity=self.capacity,
            waited=self.listeners.waited,
            trunk_changed=report_trunk,
            rtp_address=settings.listen.rtp.address,
            stun=stun,
            media_folder=str(settings.node.data.absolute() / MEDIA),
        )
        self.bots = Inbound(limits.media.agent_sockets)
        self.workers = self._workers(settings, speech) if settings.media.workers else None
        self.engine = self.workers or Engine(
            loop,
            time.monotonic,
            limits.media,
            settings.listen.rtp.ports,
            self._media_event,
            PromptStore(limits.media),
            self._spawn,
            entropy.getrandbits,
            means=Means(self.bots, speech, _voice_model(settings)),
        )
        self.switch.load(store.take_bindings(), loop.time(), store.take_keepsakes())
        for told in store.take_agents():
            self.switch.acd.roster.load(told)
        self._driver: Driver[Effect] = Driver(self.switch, loop, self._perform)
        LoadWatch(
            self.capacity,
            self.switch.turnstile,
            loop,
            lambda: self._driver.worked,
            self.listeners.waited,
            audio=self.engine.share,
        )

    # What the sockets say (`edge.transport.upper.Upper`).

    def receive(self, batch: Sequence[Received], now: float) -> None:
        passed, turned = self.switch.turnstile.sort(batch, now)
        for answer, flow in turned:
            if answer:
                self._perform(Send(answer, flow, None))
        if passed or self.switch.turnstile.waiting:  # which has a timer, of which the driver must know
            self._driver.do(lambda now: self.switch.receive(passed, now), _SLOW_BATCH)
        if self.hep is not None:
            for data, flow in batch:
                self._mirror(self.hep, data, flow, now, sent=False)

    def unreachable(self, flow: Flow, now: float) -> None:
        self._driver.do(lambda now: self.switch.unreachable(flow, now))

    def closed(self, flow: Flow) -> None:
        self._driver.do(lambda now: self.switch.closed(flow, now))

    def needs(self, flow: Flow) -> bool:
        return self.switch.needs(flow)

    # What the daemon asks.

    def do(self, act: Callable[[float], None]) -> None:
        """Change the switch and carry out what it wants."""
        self._driver.do(act)

    def trace(self, tracing: Tracing) -> None:
        """From now on calls have a trace, and those whom they ask are told of it."""
        self._tracing = self._answers.tracing = tracing
        self.journal.watchers.append(tracing)

    def brought(self, call: CallId) -> dict[str, str]:
        """Custom header fields that were accepted of who calls."""
        found = self.switch.calls.get(call)
        return {} if found is None else dict(found.identity.headers)

    def forget(self, devices: Iterable[tuple[AccountId, str]]) -> None:
        """Registrations end of devices (account, username) that are no more, and who watches their users."""

        def act(now: float) -> None:
            for account, username in devices:
                if changes := self.switch.registrar.forget(account, username):
                    self.journal.promise(changes, lambda kept: None)
                    self.switch.subscriptions.unbound(changes, now)
            self.switch.subscriptions.prune(now)

        self.do(act)

    async def drain(self, seconds: float, hurry: asyncio.Event) -> None:
        """Take no new calls; end what lives after `seconds`, or at once when told to hurry."""
        self.switch.drain()
        self.do(self.switch.stop)
        deadline = self._loop.time() + seconds
        _log.info("draining", calls=len(self.switch.calls), seconds=seconds)
        while self.switch.calls and not hurry.is_set() and self._loop.time() < deadline:
            await _wait(hurry, 0.05)
        if self.switch.calls:
            _log.warning("ending live calls", calls=len(self.switch.calls))
            self.do(lambda now: self.switch.hang_up_all("shutdown", now))
        deadline = self._loop.time() + GOODBYE_SECONDS
        while self.switch.sessions and self._loop.time() < deadline:
            await _wait(asyncio.Event(), 0.02)

    # Inside.

    def _workers(self, settings: Settings, speech: Providers | None) -> Workers:
        media, ports = settings.limits.media, settings.listen.rtp.ports

        def call_of_leg(leg: LegId) -> str:
            return call_of(leg)

        return Workers(
            settings.media.workers,
            media,
            ports,
            self._media_event,
            self._spawn,
            call_of_leg,
            means=Means(self.bots, speech, _voice_model(settings)),
        )

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send(data, flow, _):
                self.listeners.send(data, flow)
                if self.hep is not None:
                    self._mirror(self.hep, data, flow, self._loop.time(), sent=True)
            case Promise(changes, token):
                self._store.journal.promise(changes, lambda ok: self._committed(token, ok))
            case Resolve(uri, token):
                located = self._resolver.at_once(uri, self.listeners.transports)
                if located is None:
                    self._spawn(self._resolve(uri, token))
                else:
                    self._driver.do(lambda now: self.switch.resolved(token, located, now))
            case Ask(question, token):
                self._spawn(self._reply(question, token))
            case Keep():
                self._keeper.keep(effect)
            case AttachAgent() if self._tracing is not None:
                self.engine.execute(self._tracing.attaching(effect))
            case command:
                self.engine.execute(command)

    def _mirror(self, hep: HepMirror, data: bytes, flow: Flow, now: float, *, sent: bool) -> None:
        host, _, port = self.listeners.sent_by(flow).rpartition(":")
        here = (host.strip("[]"), int(port))
        ends = (here, flow.remote) if sent else (flow.remote, here)
        name = call_id_of(data)
        call = self.switch.call_named(name)
        if call is not None:
            data = blanked(data, keys=call.trace.secret)
        id = hep.correlation(name, None if call is None else call.id)
        hep.mirror(data, *ends, now, reliable=flow.reliable, correlation=id)

    def _banned(self, network: str) -> None:
        self.listeners.cut(network)

    def _committed(self, token: int, ok: bool) -> None:
        """Those of one commit are told together."""
        self._outcomes.append((token, ok))
        if len(self._outcomes) == 1:
            self._loop.call_soon(self._driver.do, self._tell_outcomes)

    def _tell_outcomes(self, now: float) -> None:
        outcomes, self._outcomes = self._outcomes, []
        self.switch.committed(outcomes, now)

    def _media_event(self, event: Event) -> None:
        """Those that a batch of commands brings are told together, after it."""
        self._media_events.append(event)
        if len(self._media_events) == 1:
            self._driver.do(self._tell_media)

    def _tell_media(self, now: float) -> None:
        events, self._media_events = self._media_events, []
        self.switch.media_events(events, now)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> object:
        return self._tasks.create_task(work)

    async def _reply(self, question: Question, token: int) -> None:
        reply: Reply = {}
        try:
            reply = await self._answers.reply(question)
        finally:
            self._driver.do(lambda now: self.switch.told(token, reply, now))

    async def _resolve(self, uri: Uri, token: int) -> None:
        located = await self._resolver.locate(uri, self.listeners.transports)
        self._driver.do(lambda now: self.switch.resolved(token, located, now))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


@lru_cache(maxsize=1)  # what is done together is done at one moment
def wall_ms(now: float) -> int:
    """The wall clock at monotonic `now` [ms UTC]."""
    return int((time.time() - time.monotonic() + now) * 1000)


def _voice_model(settings: Settings) -> str:
    """Path of the neural voice detector, tried once; raises `ModelError`."""
    path = settings.media.models.silero
    if path is None:
        return ""
    Model(str(path))
    return str(path)
