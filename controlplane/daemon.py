"""The composition root: one process, one loop, everything joined (`design.md` §1).

Starts in the order in which a fault is cheapest (folder, database, sockets) and stops in the reverse
one: no new calls, the live ones end or are ended, then what they left behind is on disk.
"""

import asyncio
import contextlib
import gc
import resource
import secrets
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from config.account import Account
from config.agent import BUILTIN_DEMO
from config.schema import Settings
from controlplane.accounts import Accounts
from controlplane.administration import Administration
from controlplane.api.app import operator_app, public_app
from controlplane.api.drain import drain_route
from controlplane.api.gate import Gate
from controlplane.api.health import Phase, Readiness
from controlplane.api.refused import RefusedRoutes
from controlplane.api.security import SecurityRoutes
from controlplane.api.server import BindError, HttpServer, bind_tcp, bind_unix
from controlplane.archive import Archive
from controlplane.control import ControlPlane
from controlplane.node import Node, wall_ms
from controlplane.observe.agent import AgentWatch
from controlplane.observe.edge import watch_admission, watch_node, watch_queues
from controlplane.observe.gauges import watch_loop, watch_store, watch_tasks
from controlplane.observe.metrics import Metrics
from controlplane.observe.security import watch_security
from controlplane.observe.tally import Tally
from controlplane.observe.trunk import watch_trunks
from controlplane.peers import Peers
from controlplane.provider.otlp import MissingExtra
from controlplane.reloading import Reloading
from controlplane.service.call import CallService
from controlplane.service.call_flow import CallFlows
from controlplane.service.configuration import Configuration, devices_of
from controlplane.service.demo import DemoAgent
from controlplane.service.directory import MemoryDirectory
from controlplane.service.flow import FlowLibrary
from controlplane.service.own_address import OwnAddresses
from controlplane.service.passwords import Passwords
from controlplane.service.security import Clock, SecurityService
from controlplane.service.speech_provider import SpeechProviders
from controlplane.service.system_prompt import SystemPrompts
from controlplane.service.usage import charge_past_calls
from controlplane.store.error import StoreError
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from controlplane.stun import family_of, stun_servers
from controlplane.tasks import Tasks
from controlplane.tracing import open_tracing
from edge.transport.listeners import ListenError
from media.silero import ModelError
from media.tts import Speaker
from media.worker.supervisor import WorkerError

START_SECONDS: Final = 20.0
"Readiness waits so long for the demo agent, and for prompts [s]."
YOUNG: Final = 5_000
"""New objects that are worth a collection. Nearly all that a call makes is gone, without one, with its last
reference; at the interpreter's own 700, those of live calls are looked over again at every dozenth call."""


class StartError(Exception):
    """The daemon cannot start; one line says why and what to change."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What an operator wants to know once calls are taken."""

    settings: Settings
    passwords: dict[tuple[str, str], str]
    "Generated ones, by (account, username)."
    interrupted: int
    "Calls that the former run left open; each has its CDR now."


async def serve(
    settings: Settings,
    ready: Callable[[Ready], None],
    flows: FlowLibrary | None = None,
    read: Callable[[], Settings] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; a second one ends live calls at once.

    Args:
        flows: those of `settings`, loaded; None: they are loaded here, without an environment.
        read: the configuration as it is now, for a reload; raises `ConfigError`. None: it does not change.

    Raises:
        StartError: with one line for the operator.
    """
    raise_file_limit()
    try:
        await _open(settings, flows or FlowLibrary.load(settings, {}), read or (lambda: settings), ready)
    except (StoreError, ListenError, BindError, WorkerError, MissingExtra, ModelError) as error:
        raise StartError(str(error)) from None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a node starts from: its settings and what its data folder holds."""

    settings: Settings
    "The file's, with what the API has made."
    file: Settings
    read: Callable[[], Settings]
    library: FlowLibrary
    store: Store
    passwords: Passwords
    administration: Administration


async def _open(
    settings: Settings,
    library: FlowLibrary,
    read: Callable[[], Settings],
    ready: Callable[[Ready], None],
) -> None:
    folder = DataFolder.open(settings.node.data)
    try:
        passwords = Passwords(folder.path, secrets.choice)
        passwords.fill(settings.accounts)
        wall = lambda: wall_ms(time.monotonic())  # noqa: E731
        store = await Store.open(folder, settings.limits.store, wall, settings.store)
    except BaseException:
        folder.close()
        raise
    try:
        administration = Administration(settings, store, wall)
        whole = await asyncio.to_thread(administration.shelf.merge, settings)
        if whole is not settings:
            library.take(whole.accounts)
            library.reload()
        kept = _Kept(whole, settings, read, library, store, passwords, administration)
        async with Tasks() as tasks:
            await _serve(kept, tasks, ready)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None  # what ended the start, out of the task group's wrapping
    finally:
        await store.close()


async def _serve(kept: _Kept, tasks: asyncio.TaskGroup, ready: Callable[[Ready], None]) -> None:
    loop = asyncio.get_running_loop()
    settings, library, store = kept.settings, kept.library, kept.store
    administration = kept.administration
    prompts = SystemPrompts(settings.node.data / "prompts")
    folder = settings.node.data.absolute() / "prompts"
    flows = CallFlows(library, prompts, folder, settings.limits.flow, tasks.create_task)
    demo = DemoAgent()
    archive = Archive(settings, store, tasks, loop)
    archive.took(settings.accounts)
    public = settings.node.public_address
    own = OwnAddresses(
        {listener.address for listener in settings.listen.sip}, None if public == "auto" else public
    )

    def directory_of(
        accounts: Sequence[Account], passwords: Mapping[tuple[str, str], str]
    ) -> MemoryDirectory:
        looked_up = (library.program, flows.speech.path, archive.keeper.greeting)
        return MemoryDirectory(accounts, passwords, own, prompts, demo.urls, *looked_up)

    accounts = Accounts(settings.accounts)
    generated = kept.passwords.fill(settings.accounts)
    directory = directory_of(settings.accounts, generated)
    speaker = Speaker()
    providers = SpeechProviders(speaker, lambda: accounts.now)
    stun = await stun_servers(settings.media.ice.addresses(), family_of(settings.listen.rtp.address))
    node = Node(settings, store, directory, flows.answers, archive.keeper, loop, tasks, providers, stun)
    flows.answers.mailboxes = await archive.open(node, directory)
    past = (settings.accounts, directory, wall_ms(loop.time()), loop.time())
    await charge_past_calls(store, node.fraud, *past)
    metrics = Metrics(loop.time)
    calls = CallService(store, node.switch.live_trace, settings.limits.http.page_rows)
    bans = _security(settings, store, node, loop)
    async with contextlib.AsyncExitStack() as opened:
        tracing = open_tracing(settings, node, loop, opened)
        given = None if tracing is None else tracing.give
        await opened.enter_async_context(speaker)
        opened.push_async_callback(providers.close)
        # The catalogue is the platform's: it has an account's voice where there is but one account.
        voice = providers.voice(accounts.now[0].id) if len(accounts.now) == 1 else speaker
        control = ControlPlane(
            settings, node, store, directory, calls, voice, archive.left, loop, archive.mirror, given
        )
        opened.callback(control.close)
        flows.answers.callbacks = control.callbacks
        peers = Peers(settings, node, control, directory, flows, loop, tasks, given)
        accounts.takers = [
            library.take,
            peers.take,
            lambda taken: bans.take_trunks(_networks(taken)),
            archive.took,
            lambda taken: node.shield.renew(),
            lambda taken: node.forget(devices_of(accounts.now) - devices_of(taken)),
            lambda taken: node.do(node.switch.start),  # trunks may have come, gone or changed
        ]
        configuration = Configuration(
            kept.file,
            kept.read,
            kept.passwords,
            directory_of,
            directory,
            accounts.take,
            administration.shelf.merge,
        )
        administration.open(configuration, flows.reload, directory, flows.fetch)
        tls = settings.listen.tls
        reloading = Reloading(configuration, flows.reload, node.listeners.reload_certificate, tls)
        stop, hurry = asyncio.Event(), asyncio.Event()
        readiness = Readiness(store.trouble)
        security = SecurityRoutes(bans, settings.limits.http.body_bytes)
        names = frozenset(account.domain for account in settings.accounts)
        gate = Gate(settings.gates, names, administration.ring, administration.tokens.judge)
        asked = [part.public(gate) for part in (control, security, administration, peers)]
        app = public_app(gate, readiness, metrics, calls, list(chain.from_iterable(asked)))
        refused = RefusedRoutes(node.switch.logbook.attempts, settings.limits.http.page_rows)
        commands = [part.operator() for part in (security, control, refused, administration)]
        drain = drain_route(stop.set, lambda: len(node.switch.calls), settings.limits.sip.drain)
        own_app = operator_app(
            readiness, metrics, calls, [*chain.from_iterable(commands), reloading.route(), drain]
        )
        http, most = settings.listen.http, settings.limits.http
        servers = [
            HttpServer(app, opened.enter_context(bind_tcp(http.address, http.port)), most, gate.is_node),
            HttpServer(own_app, opened.enter_context(bind_unix(store.folder.control_socket)), most),
        ]
        opened.callback(archive.close)
        await archive.start(directory)
        opened.callback(node.engine.close)
        opened.push_async_callback(node.engine.release_all)
        if node.workers is not None:
            await node.workers.start()
        await node.listeners.open(settings.listen.sip, node)
        node.do(node.switch.start)
        opened.push_async_callback(node.listeners.close)
        opened.push_async_callback(flows.close)
        _watch(metrics, node, control, directory, store, loop)
        archive.watch(metrics)
        for watch in watch_loop(metrics, loop):
            opened.callback(watch.close)
        serving = [tasks.create_task(server.serve()) for server in servers]
        flows.open(speaker, providers)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: hurry.set() if stop.is_set() else stop.set())
        loop.add_signal_handler(signal.SIGHUP, lambda: tasks.create_task(reloading.all()))
        await _begin_demo(demo, settings.accounts, tasks, opened)
        await _soon(flows.prompted)  # nobody who calls at once finds a flow without a voice
        _collect_seldom(opened)
        readiness.phase = Phase.SERVING
        ready(Ready(settings, generated, store.interrupted))
        await stop.wait()
        readiness.phase = Phase.DRAINING
        await node.drain(settings.limits.sip.drain, hurry)
        for server in servers:
            server.stop()
        await asyncio.gather(*serving)


async def _begin_demo(
    demo: DemoAgent, accounts: Sequence[Account], tasks: asyncio.TaskGroup, opened: contextlib.AsyncExitStack
) -> None:
    """Where an account has it: whoever reads that we are ready may dial the demo agent at once."""
    if any(agent.url == BUILTIN_DEMO for account in accounts for agent in account.agents.values()):
        running = tasks.create_task(demo.run())
        opened.callback(running.cancel)
        await _soon(demo.tried)


async def _soon(event: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            await event.wait()


def _collect_seldom(opened: contextlib.AsyncExitStack) -> None:
    """What is there at the start stays, and is no garbage collector's business."""
    gc.collect()
    gc.freeze()
    opened.callback(gc.set_threshold, *gc.get_threshold())
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


def _watch(
    metrics: Metrics,
    node: Node,
    control: ControlPlane,
    directory: MemoryDirectory,
    store: Store,
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Everything that `/metrics` shows of a node, but for what runs by itself."""
    watch_node(metrics, node)
    node.journal.watchers += [AgentWatch(metrics), Tally(metrics)]
    watch_trunks(metrics, directory.all_trunks, node.switch.trunks)
    watch_admission(metrics, control.outside, node.switch.admissions)
    watch_queues(metrics, node.switch.acd, directory.accounts)
    watch_security(metrics, node.shield, node.fraud, loop.time)
    watch_store(metrics, store.journal)
    watch_tasks(metrics, loop)


def _security(
    settings: Settings, store: Store, node: Node, loop: asyncio.AbstractEventLoop
) -> SecurityService:
    return SecurityService(
        store,
        node.shield,
        settings.node.name,
        Clock(loop.time, lambda: wall_ms(loop.time())),
        trunk_networks=_networks(settings.accounts),
        reported_max=settings.limits.store.bans_reported,
    )


def _networks(accounts: Sequence[Account]) -> list[str]:
    """From which trunks call."""
    return [network for account in accounts for trunk in account.trunks for network in trunk.auth.ip]


def raise_file_limit() -> None:
    """Every leg takes two sockets: allow as many files as the system lets us (`design.md` §6)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
