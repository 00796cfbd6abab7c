"""`tandem call`: a softphone on our own stack, told as a timeline."""

import asyncio
import random
import secrets
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import uvloop
from rich.console import Console

from config.schema import MediaLimits, SipLimits, SipListener, SipTransport
from edge.sip.effect import Send
from edge.sip.flow import Flow, Received, Transport
from edge.sip.grammar import Malformed
from edge.sip.uri import Uri
from edge.softphone.phone import Effect, Outcome, Phone
from edge.softphone.script import Moment, Plan
from edge.transport.driver import Driver
from edge.transport.listeners import ListenError, Listeners
from edge.transport.resolver import Resolver
from media.engine import Engine
from media.port import Event, LegStats
from media.prompt import PromptStore

RTP_PORTS = (30_000, 31_999)
"Apart from a daemon's on the same machine."

_COLOURS = {
    "answered": "green",
    "first audio": "green",
    "agent speech": "cyan",
    "barge-in": "yellow",
    "failed": "red",
}


UNREACHABLE = Outcome(False, 503, "Destination Unreachable")


class NoWay(Exception):
    """The call cannot even begin; one line for the user."""


@dataclass(frozen=True, slots=True)
class Report:
    outcome: Outcome
    stats: LegStats | None


@dataclass(frozen=True, slots=True)
class Way:
    """How the far end is reached."""

    transport: str = ""
    "Empty: as the address and DNS say."
    ca: Path | None = None
    verify: bool = True


def run(
    target: str,
    plan: Plan,
    *,
    user: str,
    password: str,
    json: bool,
    way: Way = Way(),
) -> int:
    """Make the call; 0 when it was answered and ended in good order."""
    console = Console(highlight=False, soft_wrap=True)

    def show(moment: Moment) -> None:
        if json:
            console.file.write(orjson.dumps(asdict(moment)).decode() + "\n")
            console.file.flush()
            return
        colour = _COLOURS.get(moment.what, "default")
        console.print(f"{moment.at:8.3f}  [{colour}]{moment.what:<13}[/] {moment.detail}", markup=True)

    try:
        _look_at_files(plan)
        uri = _uri(target)
        if way.transport:
            uri = uri.with_param("transport", way.transport)
        report = uvloop.run(_call(uri, plan, user, password, way, show))
    except NoWay as error:
        if json:
            console.file.write(orjson.dumps({"error": str(error)}).decode() + "\n")
        else:
            console.print(f"tandem call: {error}", style="red")
        return 1
    if json:
        console.file.write(orjson.dumps(asdict(report)).decode() + "\n")
    elif report.stats is not None:
        stats = report.stats
        console.print(
            f"received {stats.packets_received} packets, lost {stats.lost}, jitter {stats.jitter_ms:.1f} ms; "
            f"sent {stats.packets_sent}"
        )
    return 0 if report.outcome.good else 1


def _uri(text: str) -> Uri:
    try:
        uri = Uri.parse(text if ":" in text else f"sip:{text}")
    except Malformed as error:
        raise NoWay(f"{text}: {error}; write sip:NUMBER@HOST") from None
    if not uri.is_sip:
        raise NoWay(f"{text}: only sip: addresses can be called; write sip:NUMBER@HOST")
    if not uri.user and uri.host.isdigit():
        raise NoWay(f"{text} is a number without a host; write sip:{uri.host}@127.0.0.1, say")
    return uri


def _look_at_files(plan: Plan) -> None:
    """Before anybody is rung."""
    if plan.play and not Path(plan.play).is_file():
        raise NoWay(f"--play: there is no file {plan.play}")
    if plan.record and not Path(plan.record).parent.is_dir():
        raise NoWay(f"--record: there is no folder {Path(plan.record).parent}; make it first")


async def _call(
    uri: Uri, plan: Plan, user: str, password: str, way: Way, show: Callable[[Moment], None]
) -> Report:
    """Call the first of the servers of `uri` that can be reached (RFC 3263 §4.3)."""
    loop = asyncio.get_running_loop()
    located = await Resolver(SipLimits(), loop, secrets.token_bytes).locate(uri, tuple(Transport))
    report: Report | None = None
    for target in located.targets:
        address = _address_towards(target.address)
        if address is None:
            continue
        flow = Flow(target.transport, (target.address, target.port), 0, 0, target.name)
        async with asyncio.TaskGroup() as tasks:
            report = await _Line(loop, tasks, flow, way, show).call(uri, plan, user, password, address)
        if report.outcome != UNREACHABLE:
            return report
    if report is None:
        raise NoWay(located.why or f"{uri.host} cannot be reached: no route")
    return report


def _address_towards(remote: str) -> str | None:
    """Ours, as `remote` will see it."""
    with socket.socket(socket.AF_INET6 if ":" in remote else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((remote, 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


class _Line:
    """The phone's driver."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        tasks: asyncio.TaskGroup,
        flow: Flow,
        way: Way,
        show: Callable[[Moment], None],
    ) -> None:
        self._loop = loop
        self._tasks = tasks
        self._flow = flow
        self._show = show
        self._phone: Phone
        self._driver: Driver[Effect]
        self._listeners = Listeners(SipLimits(), loop, tasks, verify=way.verify, ca=way.ca)
        self._engine = Engine(
            loop,
            time.monotonic,
            MediaLimits(legs=2),
            RTP_PORTS,
            lambda event: self._media_event(event),
            PromptStore(MediaLimits()),
            self._spawn,
            random.SystemRandom().getrandbits,
        )

    async def call(self, uri: Uri, plan: Plan, user: str, password: str, address: str) -> Report:
        kind = SipTransport(self._flow.transport.value.lower())
        try:
            if kind in (SipTransport.UDP, SipTransport.TCP):
                listener = SipListener.model_construct(transport=kind, address=address, port=0)
                await self._listeners.open([listener], self)
            else:
                self._listeners.open_outward(self._flow.transport, address, self)
        except ListenError as error:
            raise NoWay(str(error)) from None
        self._phone = Phone(
            uri,
            self._flow,
            plan,
            user=user,
            password=password,
            sent_by=self._sent_by(),
            address=address,
            random=secrets.token_bytes,
        )
        self._driver = Driver(self._phone, self._loop, self._perform)
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, lambda: self._driver.do(self._phone.hang_up))
        started = self._loop.time()
        self._driver.do(self._phone.start)
        until: float | None = None
        while not self._phone.done and (until is None or self._loop.time() < until):
            await asyncio.sleep(0.02)
            if until is None and self._phone.outcome is not None:
                until = self._loop.time() + 2.0  # a far end that is gone does not answer our BYE
        await self._engine.release_all()
        self._engine.close()
        await self._listeners.close()
        assert self._phone.outcome is not None, "the loop ends with an outcome"
        if self._phone.outcome == UNREACHABLE and self._listeners.last_fault:
            self._show(Moment(self._loop.time() - started, "failed", self._listeners.last_fault))
        return Report(self._phone.outcome, self._phone.stats)

    # What the sockets say (`edge.transport.upper.Upper`).

    def receive(self, batch: Sequence[Received], now: float) -> None:
        self._driver.do(lambda now: self._phone.receive(batch, now))

    def unreachable(self, flow: Flow, now: float) -> None:
        self._driver.do(lambda now: self._phone.unreachable(flow, now))

    def closed(self, flow: Flow) -> None:
        self._driver.do(lambda now: self._phone.unreachable(flow, now))

    def needs(self, flow: Flow) -> bool:
        return True

    # Inside.

    def _sent_by(self) -> str:
        if self._flow.transport in (Transport.WS, Transport.WSS):
            return f"{secrets.token_hex(6)}.invalid:{self._listeners.bound[0].port}"  # RFC 7118 §5
        return self._listeners.sent_by(self._flow)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send(data, flow, _):
                self._listeners.send(data, flow)
            case Moment():
                self._show(effect)
            case command:
                self._engine.execute(command)

    def _media_event(self, event: Event) -> None:
        self._driver.do(lambda now: self._phone.media_event(event, now))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> object:
        return self._tasks.create_task(work)
