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
from typing import Final

import structlog

from config.account import Account
from config.schema import Settings, Tls
from controlplane.administration import Administration
from controlplane.api.agent_socket import AgentSocketRoutes
from controlplane.api.app import operator_app, public_app
from controlplane.api.carrier import CarrierRoutes
from controlplane.api.drain import drain_route
from controlplane.api.flow import FlowRoutes
from controlplane.api.gate import Gate
from controlplane.api.health import Phase, Readiness
from controlplane.api.refused import RefusedRoutes
from controlplane.api.reload import reload_route
from controlplane.api.security import SecurityRoutes
from controlplane.api.server import BindError, HttpServer, bind_tcp, bind_unix
from controlplane.archive import Archive
from controlplane.control import ControlPlane
from controlplane.doctor.tls import overdue
from controlplane.node import Node, wall_ms
from controlplane.observe.agent import AgentWatch
from controlplane.observe.edge import watch_admission, watch_node, watch_queues
from controlplane.observe.gauges import watch_loop, watch_store, watch_tasks
from controlplane.observe.metrics import Metrics
from controlplane.observe.security import watch_security
from controlplane.observe.tally import Tally
from controlplane.observe.trunk import watch_trunks
from controlplane.provider.otlp import MissingExtra
from controlplane.service.call import CallService
from controlplane.service.call_flow import CallFlows
from controlplane.service.carrier import Brought, CarrierService
from controlplane.service.configuration import Configuration, Reload, devices_of, reload_all
from controlplane.service.demo import URL as DEMO_URL
from controlplane.service.demo import DemoAgent
from controlplane.service.directory import MemoryDirectory
from controlplane.service.flow import FlowLibrary
from controlplane.service.flow_queue import FlowQueue, reap
from controlplane.service.flow_session import FlowSessions
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
from edge import directory as edge_directory
from edge.directory import AccountId, User
from edge.flow.machine import Program
from edge.journal import CallId
from edge.transport.listeners import ListenError
from media.silero import ModelError
from media.tts import Speaker
from media.worker.supervisor import WorkerError

DEMO_SECONDS: Final = 5.0
"Readiness waits so long for the demo agent [s]."

_log = structlog.get_logger(__name__)


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
        administration = Administration(settings, store, lambda: wall_ms(time.monotonic()))
        whole = await asyncio.to_thread(administration.shelf.merge, settings)
        if whole is not settings:
            library.take(whole.accounts)
            library.reload()
        async with Tasks() as tasks:
            await _serve(whole, settings, library, read, store, passwords, administration, tasks, ready)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None  # what ended the start, out of the task group's wrapping
    finally:
        await store.close()


async def _serve(
    settings: Settings,
    file: Settings,
    library: FlowLibrary,
    read: Callable[[], Settings],
    store: Store,
    passwords: Passwords,
    administration: Administration,
    tasks: asyncio.TaskGroup,
    ready: Callable[[Ready], None],
) -> None:
    loop = asyncio.get_running_loop()
    prompts = SystemPrompts(settings.node.data / "prompts")
    folder = settings.node.data.absolute() / "prompts"
    flows = CallFlows(library, prompts, folder, settings.limits.flow, tasks.create_task)
    demo = DemoAgent()
    archive = Archive(settings, store, tasks, loop)
    keeper = archive.keeper
    public = settings.node.public_address
    own = OwnAddresses(
        {listener.address for listener in settings.listen.sip}, None if public == "auto" else public
    )

    def directory_of(
        accounts: Sequence[Account], passwords: Mapping[tuple[str, str], str]
    ) -> MemoryDirectory:
        looked_up = (library.program, flows.speech.path, keeper.greeting)
        return MemoryDirectory(accounts, passwords, own, prompts, demo.urls, *looked_up)

    generated = passwords.fill(settings.accounts)
    directory = directory_of(settings.accounts, generated)
    archive.took(settings.accounts)
    speaker, current = Speaker(), list(settings.accounts)
    providers = SpeechProviders(speaker, lambda: current)
    stun = await stun_servers(settings.media.ice.addresses(), family_of(settings.listen.rtp.address))
    node = Node(settings, store, directory, flows.answers, keeper, loop, tasks, providers, stun)
    voicemail = await archive.open(node, directory)
    flows.answers.mailboxes = voicemail

    def left(account: AccountId, mailbox: str) -> None:
        tasks.create_task(voicemail.count(account, mailbox))

    keeper.left = left
    past = (settings.accounts, directory, wall_ms(loop.time()), loop.time())
    await charge_past_calls(store, node.fraud, *past)
    readiness = Readiness(store.trouble)
    metrics = Metrics()
    calls = CallService(store, node.switch.live_trace, settings.limits.http.page_rows)
    names = frozenset(account.domain for account in settings.accounts)
    http, most = settings.listen.http, settings.limits.http
    gate = Gate(settings.gates, names, administration.ring, administration.tokens.judge)
    bans = _security(settings, store, node, loop)
    security = SecurityRoutes(bans, most.body_bytes)
    async with contextlib.AsyncExitStack() as opened:
        tracing = open_tracing(settings, node, loop, opened)
        given = None if tracing is None else tracing.give
        await opened.enter_async_context(speaker)
        opened.push_async_callback(providers.close)
        # The catalogue is the platform's: it has an account's voice where there is but one account.
        voice = providers.voice(current[0].id) if len(current) == 1 else speaker
        control = ControlPlane(
            settings, node, store, directory, calls, voice, left, loop, archive.mirror, given
        )
        opened.callback(control.close)
        flows.answers.callbacks = control.callbacks
        outside = FlowRoutes(
            _sessions(settings, node, control, directory, flows, loop, tasks), most.body_bytes, given
        )
        carrier = _carrier(settings, node, directory, flows, loop)
        bots = AgentSocketRoutes(node.bots, directory.bot_token, settings.limits.media.agent_write_buffer)

        def took(accounts: Sequence[Account]) -> None:
            gone = devices_of(current) - devices_of(accounts)
            library.take(accounts)
            carrier.take(accounts)
            bans.take_trunks(_networks(accounts))
            current[:] = accounts
            archive.took(accounts)
            node.shield.renew()
            node.forget(gone)
            node.do(node.switch.start)  # trunks may have come, gone or changed

        configuration = Configuration(
            file, read, passwords, directory_of, directory, took, administration.shelf.merge
        )
        administration.open(configuration, flows.reload, directory, flows.fetch)
        app = public_app(
            gate,
            readiness,
            metrics,
            calls,
            [
                *control.public(gate),
                *security.public(gate),
                *administration.public(gate),
                *outside.public(gate),
                *CarrierRoutes(carrier, most.body_bytes).public(),
                *bots.public(),
            ],
        )
        bound = opened.enter_context(bind_tcp(http.address, http.port))
        servers = [HttpServer(app, bound, most, gate.is_node)]

        again: dict[str, Reload] = {"accounts": configuration.reload, "flows": flows.reload}
        if settings.listen.tls is not None:
            again["certificate"] = node.listeners.reload_certificate
        reload = reload_route(again, lambda: [*configuration.notes(), *overdue(settings.listen.tls)])
        stop, hurry = asyncio.Event(), asyncio.Event()
        drain = drain_route(stop.set, lambda: len(node.switch.calls), settings.limits.sip.drain)
        refused = RefusedRoutes(node.switch.logbook.attempts, most.page_rows)
        commands = [
            *security.operator(),
            *control.operator(),
            *refused.operator(),
            *administration.operator(),
        ]
        commands += [reload, drain]
        app = operator_app(readiness, metrics, calls, commands)
        servers.append(HttpServer(app, opened.enter_context(bind_unix(store.folder.control_socket)), most))
        await voicemail.adopt(directory)
        await voicemail.open()
        archive.retain(voicemail)
        opened.callback(archive.close)
        opened.callback(node.engine.close)
        opened.push_async_callback(node.engine.release_all)
        if node.workers is not None:
            await node.workers.start()
        await node.listeners.open(settings.listen.sip, node)
        node.do(node.switch.start)
        opened.push_async_callback(node.listeners.close)
        opened.push_async_callback(flows.close)
        watch_node(metrics, node)
        node.journal.watchers.append(AgentWatch(metrics))
        node.journal.watchers.append(Tally(metrics))
        watch_trunks(metrics, directory.all_trunks, node.switch.trunks)
        watch_admission(metrics, control.outside, node.switch.admissions)
        watch_queues(metrics, node.switch.acd, directory.accounts)
        watch_security(metrics, node.shield, node.fraud, loop.time)
        watch_store(metrics, store.journal)
        archive.watch(metrics)
        watch_tasks(metrics, loop)
        watches = watch_loop(metrics, loop)
        serving = [tasks.create_task(server.serve()) for server in servers]
        flows.open(speaker, providers)
        helpers: list[asyncio.Task[None]] = []
        if any(agent.url == DEMO_URL for account in settings.accounts for agent in account.agents.values()):
            helpers.append(tasks.create_task(demo.run()))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: hurry.set() if stop.is_set() else stop.set())
        loop.add_signal_handler(signal.SIGHUP, lambda: tasks.create_task(_again(again, settings.listen.tls)))
        if helpers:
            # Whoever reads that we are ready may dial the demo agent at once.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DEMO_SECONDS):
                    await demo.tried.wait()
        gc.collect()
        gc.freeze()
        readiness.phase = Phase.SERVING
        ready(Ready(settings, generated, store.interrupted))
        await stop.wait()
        readiness.phase = Phase.DRAINING
        await node.drain(settings.limits.sip.drain, hurry)
        for helper in helpers:
            helper.cancel()
        for server in servers:
            server.stop()
        await asyncio.gather(*serving)
        for watch in watches:
            watch.close()


async def _again(parts: Mapping[str, Reload], tls: Tls | None) -> None:
    """What fails says why in the log."""
    await reload_all(parts.values())
    for line in await asyncio.to_thread(overdue, tls):
        _log.warning("certificate", what=line)


def _sessions(
    settings: Settings,
    node: Node,
    control: ControlPlane,
    directory: MemoryDirectory,
    flows: CallFlows,
    loop: asyncio.AbstractEventLoop,
    tasks: asyncio.TaskGroup,
) -> FlowSessions:
    def program(account: AccountId) -> Program | None:
        return None if directory.account(account) is None else flows.library.program(account)

    reply, spawn = flows.answers.reply, tasks.create_task
    limits = settings.limits.flow

    def id_of(call: CallId) -> CallId:
        known = control.outside.find(call)
        return call if known is None else known.id

    acd, contacts = node.switch.acd, control.outside.contacts

    def queue(call: CallId, account: AccountId, expelled: Callable[[str], None]) -> FlowQueue:
        return FlowQueue(acd, directory, contacts, call, account, expelled)

    sessions = FlowSessions(
        program, node.journal, limits, loop.time, wall_ms, reply, spawn, id_of, queue, node.do
    )
    control.admission.audited = lambda: node.do(
        lambda now: reap(acd, (node.switch.calls, sessions, node.switch.callbacks), now)
    )
    return sessions


def _carrier(
    settings: Settings,
    node: Node,
    directory: MemoryDirectory,
    flows: CallFlows,
    loop: asyncio.AbstractEventLoop,
) -> CarrierService:
    def bring(user: User, account: edge_directory.Account, number: str, text: bytes, then: Brought) -> None:
        node.do(lambda now: node.switch.messages.bring(user, account, number, text, then, now))

    most = settings.limits.http.carrier_events
    made = CarrierService(directory, bring, flows.fetch, lambda: wall_ms(loop.time()) / 1000, most)
    made.take(settings.accounts)
    return made


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
