"""`tandem call`: a softphone on our own stack, told as a timeline."""

import asyncio
import random
import secrets
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import uvloop
from rich.console import Console

from config.schema import MediaLimits, SipLimits, SipListener, SipTransport
from edge.phone import Effect, Moment, Outcome, Phone, Plan
from edge.sip.effect import Send
from edge.sip.flow import Flow, Transport
from edge.sip.grammar import Malformed
from edge.sip.uri import Uri
from edge.transport.driver import Driver
from edge.transport.listeners import Listeners
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


class NoWay(Exception):
    """The call cannot even begin; one line for the user."""


@dataclass(frozen=True, slots=True)
class Report:
    outcome: Outcome
    stats: LegStats | None


def run(target: str, plan: Plan, *, user: str, password: str, json: bool) -> int:
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
        report = uvloop.run(_call(_uri(target), plan, user, password, show))
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
        raise NoWay(f"{text}: only sip: addresses can be called")
    return uri


async def _call(uri: Uri, plan: Plan, user: str, password: str, show: Callable[[Moment], None]) -> Report:
    loop = asyncio.get_running_loop()
    transport = Transport.TCP if (uri.param("transport") or "").lower() == "tcp" else Transport.UDP
    try:
        found = await loop.getaddrinfo(uri.address, uri.port or 5060, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise NoWay(f"{uri.host} cannot be found: {error.strerror}") from None
    remote = (str(found[0][4][0]), uri.port or 5060)
    with socket.socket(found[0][0], socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(remote)
        except OSError as error:
            raise NoWay(f"{remote[0]} cannot be reached: {error.strerror}") from None
        address = str(probe.getsockname()[0])
    async with asyncio.TaskGroup() as tasks:
        line = _Line(loop, tasks, Flow(transport, remote), show)
        report = await line.call(uri, plan, user, password, address)
    return report


class _Line:
    """The phone's driver."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        tasks: asyncio.TaskGroup,
        flow: Flow,
        show: Callable[[Moment], None],
    ) -> None:
        self._loop = loop
        self._tasks = tasks
        self._flow = flow
        self._show = show
        self._phone: Phone
        self._driver: Driver[Effect]
        self._listeners = Listeners(SipLimits(), loop, tasks)
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
        await self._listeners.open(
            [SipListener.model_construct(transport=kind, address=address, port=0)], self
        )
        self._phone = Phone(
            uri,
            self._flow,
            plan,
            user=user,
            password=password,
            sent_by=self._listeners.sent_by(self._flow),
            address=address,
            random=secrets.token_bytes,
        )
        self._driver = Driver(self._phone, self._loop, self._perform)
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, lambda: self._driver.do(self._phone.hang_up))
        self._driver.do(self._phone.start)
        until: float | None = None
        while not self._phone.done and (until is None or self._loop.time() < until):
            await asyncio.sleep(0.02)
            if until is None and self._phone.outcome is not None:
                until = self._loop.time() + 2.0  # a far end that is gone does not answer our BYE
        self._engine.close()
        await self._listeners.close()
        assert self._phone.outcome is not None, "the loop ends with an outcome"
        return Report(self._phone.outcome, self._phone.stats)

    # What the sockets say (`edge.transport.upper.Upper`).

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        self._driver.do(lambda now: self._phone.receive(data, flow, now))

    def unreachable(self, flow: Flow, now: float) -> None:
        self._driver.do(lambda now: self._phone.unreachable(flow, now))

    def closed(self, flow: Flow) -> None:
        self._driver.do(lambda now: self._phone.unreachable(flow, now))

    def needs(self, flow: Flow) -> bool:
        return True

    # Inside.

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
