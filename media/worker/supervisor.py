"""The audio workers as the daemon sees them: started, watched, replaced, ended; otherwise like one `Engine`.

A worker that ends, or whose loop does not turn for `MediaLimits.worker_silence`, takes its calls with it:
each leg gets `Lost`, an unfinished recording its `Recorded`. It is started again after a pause that grows
while it keeps dying.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final

from config.schema import MediaLimits
from config.value import dataclass
from media.agent.plane import ALONE, Means
from media.gauges import EngineGauges, TickGauges, VoiceGauges
from media.port import Command, Event, LegId, Recorded, Release
from media.worker.channel import Channel
from media.worker.fleet import Fleet
from media.worker.mend import mend
from media.worker.message import Beat, Hello, Logged, Setup, Stop, WorkerGauges
from media.worker.relay import Gate, HungUp, Said, Wanted
from media.worker.speech import Desk, Speak, Transcribe

COMMAND: Final = (sys.executable, "-m", "media.worker.process")
START_SECONDS: Final = 30.0
"A worker must be ready within this."
STOP_SECONDS: Final = 5.0
"A worker must have ended within this when told to; recordings are written out meanwhile."
BACKOFF: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"Pauses before a worker is started again [s]; the last one is repeated."
SOUND: Final = 60.0
"A worker that lived so long starts from the first pause again [s]."
CHECKS: Final = 10
"Looks at a worker within `worker_silence`; counted, not timed, since our own loop may have stood still."
REASON: Final = "media_worker_died"

log = logging.getLogger(__name__)


class WorkerError(Exception):
    """The workers do not come up; one line says why."""


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One worker, for metrics."""

    up: bool
    starts: int
    load: int
    "In plain legs."
    gauges: WorkerGauges | None
    "As of its latest beat."


class Workers:
    """
    Args:
        spawn: owns the tasks that watch the workers.
        call_of: names the call of a leg.
        means: what agents need beside sockets that we open.
    """

    def __init__(
        self,
        count: int,
        limits: MediaLimits,
        ports: tuple[int, int],
        emit: Callable[[Event], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        call_of: Callable[[LegId], str],
        *,
        means: Means = ALONE,
        command: tuple[str, ...] = COMMAND,
        backoff: tuple[float, ...] = BACKOFF,
    ) -> None:
        self._limits = limits
        self._spawn = spawn
        self._means = means
        self._fleet = Fleet(count, call_of, self._send, emit)
        share = limits.model_copy(
            update={
                "legs": -(-limits.legs // count),
                "prompt_memory": limits.prompt_memory // count,
            }
        )
        self._processes = [
            _Process(
                self,
                index,
                Setup(share.model_dump(), part, means.speech is not None, means.voice_model),
                command,
                backoff,
            )
            for index, part in enumerate(shares(ports, count))
        ]

    async def start(self) -> None:
        """Start all and wait until they are ready.

        Raises:
            WorkerError: one is not within `START_SECONDS`.
        """
        for process in self._processes:
            self._spawn(process.run())
        for process in self._processes:
            try:
                async with asyncio.timeout(START_SECONDS):
                    await process.ready.wait()
            except TimeoutError:
                raise WorkerError(
                    f"audio worker {process.index} did not start within {START_SECONDS:.0f} s"
                ) from None
        if not all(process.nice for process in self._processes):
            log.warning("audio workers run at normal priority: CAP_SYS_NICE or LimitNICE=-10 would raise it")

    def execute(self, command: Command) -> None:
        self._fleet.execute(command)

    def share(self, busy: float) -> float:
        """Of a core that audio takes where it has most left. Args: busy: our own loop's, which has none."""
        return min((each.gauges.share for each in self.states() if each.up and each.gauges), default=0.0)

    def gauges(self) -> EngineGauges:
        """All workers as one: sums, and of what is late the latest."""
        found = [state.gauges.engine for state in self.states() if state.up and state.gauges is not None]
        ticks = [each.ticks for each in found]
        return EngineGauges(
            legs=sum(each.legs for each in found),
            connected=sum(each.connected for each in found),
            free_ports=sum(process.free_ports for process in self._processes),
            send_errors=sum(each.send_errors for each in found),
            ticks=TickGauges(
                sum(each.ticks for each in ticks),
                sum(each.stalls for each in ticks),
                sum(each.overruns for each in ticks),
                *(max((getattr(each, name) for each in ticks), default=0.0) for name in _TIMES),
            ),
            voices=VoiceGauges(
                sum(each.voices.vetoed for each in found),
                sum(each.voices.late for each in found),
                sum(each.voices.dropped for each in found),
            ),
        )

    def states(self) -> list[WorkerState]:
        return [process.state(self._fleet.load(process.index)) for process in self._processes]

    async def release_all(self) -> None:
        """Release every leg, and end the workers."""
        for leg in self._fleet.legs():
            self.execute(Release(leg))
        await asyncio.gather(*(process.stop() for process in self._processes))

    def close(self) -> None:
        """Nothing is left once `release_all` has returned; else what runs is killed."""
        for process in self._processes:
            process.kill()

    # The processes call these.

    def up(self, worker: int) -> None:
        self._fleet.up(worker)

    def event(self, worker: int, event: Event) -> None:
        self._fleet.event(worker, event)

    def gate(self, worker: int) -> Gate:
        return Gate(self._means.inbound, lambda message: self._tell(worker, message))

    def desk(self, worker: int) -> Desk:
        return Desk(self._means.speech, self._spawn, lambda outcome: self._tell(worker, outcome))

    def down(self, worker: int) -> None:
        for leg, path in self._fleet.down(worker, REASON):
            self._spawn(self._mend(leg, path))

    # Inside.

    def _send(self, worker: int, command: Command) -> None:
        self._processes[worker].send(command)

    def _tell(self, worker: int, value: object) -> None:
        self._processes[worker].send(value)

    async def _mend(self, leg: LegId, path: str) -> None:
        milliseconds = await asyncio.to_thread(mend, path)
        self._fleet.recorded(Recorded(leg, path, milliseconds, "the audio worker died; the end is missing"))


_TIMES: Final = ("late_p50", "late_p99", "late_max", "work_p50", "work_p99", "work_max", "share")


class _Process:
    """One worker, through all its lives."""

    def __init__(
        self, owner: Workers, index: int, setup: Setup, command: tuple[str, ...], backoff: tuple[float, ...]
    ) -> None:
        self.index = index
        self.nice = False
        self.ready = asyncio.Event()
        self._owner = owner
        self._setup = setup
        self._command = command
        self._backoff = backoff
        self._silence = float(setup.limits["worker_silence"])
        self._starts = 0
        self._up = False
        self._misses = 0.0
        self._gauges: WorkerGauges | None = None
        self._channel: Channel | None = None
        self._gate = owner.gate(index)
        self._desk = owner.desk(index)
        self._child: asyncio.subprocess.Process | None = None
        self._gone = asyncio.Event()
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()

    @property
    def free_ports(self) -> int:
        """Of its share; all of them until it has told."""
        low, high = self._setup.ports
        return (high - low + 1) // 2 if self._gauges is None else self._gauges.engine.free_ports

    def state(self, load: int) -> WorkerState:
        return WorkerState(self._up, self._starts, load, self._gauges)

    def send(self, value: object) -> None:
        if self._channel is not None:
            self._channel.send(value)

    async def run(self) -> None:
        """Keep it running until `stop`."""
        loop = asyncio.get_running_loop()
        failures = 0
        try:
            while not self._stopping.is_set():
                began = loop.time()
                try:
                    status = await self._live()
                except OSError as error:
                    status = str(error)
                if self._stopping.is_set():
                    break
                failures = 0 if loop.time() - began > SOUND else failures
                pause = self._backoff[min(failures, len(self._backoff) - 1)]
                failures += 1
                log.error("audio worker %d ended (%s); again in %g s", self.index, status, pause)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._stopping.wait()
        finally:
            self._stopped.set()

    async def stop(self) -> None:
        """End it in good order; `run` returns."""
        self._stopping.set()
        if self._channel is not None:
            self._channel.send(Stop())
        if self._starts:
            await self._stopped.wait()

    def kill(self) -> None:
        if self._child is not None and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(signal.SIGKILL)

    async def _live(self) -> str:
        """One life, from start to end; returns how it ended."""
        self._starts += 1
        self._misses, self._gauges = 0.0, None
        self._gone.clear()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                self._child = child = await asyncio.create_subprocess_exec(
                    *self._command,
                    str(theirs.fileno()),
                    pass_fds=(theirs.fileno(),),
                    # In the daemon's session: nice values count only within one (sched(7), autogroup).
                    stdin=asyncio.subprocess.DEVNULL,
                )
            except BaseException:
                ours.close()
                raise
        try:
            ours.setblocking(False)
            channel = Channel(int(self._setup.limits["worker_queue_bytes"]), self._received, self._gone.set)
            self._channel = channel
            await asyncio.get_running_loop().create_unix_connection(lambda: channel, sock=ours)
            channel.send(self._setup)
            if self._stopping.is_set():
                channel.send(Stop())
            hung = await self._watch()
            channel.close()
            if hung:
                self.kill()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    status = await child.wait()
            except TimeoutError:
                self.kill()
                status = await child.wait()
            return "it hung" if hung else f"status {status}"
        except BaseException:
            self.kill()
            raise
        finally:
            self._channel = None
            self._gate.close()
            if self._up:
                self._up = False
                self._owner.down(self.index)

    async def _watch(self) -> bool:
        """Until the worker has gone, or has hung."""
        step = self._silence / CHECKS
        allowed = START_SECONDS / step
        stopping = 0.0
        while not self._gone.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(step):
                    await self._gone.wait()
                    return False
            self._misses += 1
            if self._stopping.is_set():
                stopping += step
            if self._misses > (CHECKS if self._up else allowed) or stopping > STOP_SECONDS:
                log.error("audio worker %d hangs, and is killed", self.index)
                return True
        return False

    def _received(self, value: object) -> None:
        match value:
            case Beat(gauges):
                self._misses = 0
                self._gauges = gauges
            case Hello(nice):
                self._misses = 0
                self._up, self.nice = True, nice
                self._owner.up(self.index)
                self.ready.set()
            case Logged(level, name, text):
                logging.getLogger(name).log(level, "audio worker %d: %s", self.index, text)
            case Wanted() | Said() | HungUp():
                self._gate.received(value)
            case Speak() | Transcribe():
                self._desk.received(value)
            case _:
                try:
                    self._owner.event(self.index, value)  # type: ignore[arg-type]  # the rest of `FromWorker`
                except Exception:
                    log.exception("an event could not be delivered: %s", type(value).__name__)


def shares(ports: tuple[int, int], count: int) -> list[tuple[int, int]]:
    """The RTP ports in equal parts of whole pairs; what does not divide is the last one's."""
    low = ports[0] + (ports[0] & 1)
    pairs = (ports[1] - low + 1) // 2
    if pairs < count:
        raise WorkerError(f"{pairs} pairs of RTP ports are too few for {count} audio workers")
    each = pairs // count
    parts = [(low + 2 * each * index, low + 2 * each * (index + 1) - 1) for index in range(count)]
    parts[-1] = (parts[-1][0], ports[1])
    return parts
