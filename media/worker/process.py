"""One audio worker: the engine in a process of its own, told what to do over the socket that it inherits.

`python -m media.worker.process FD` is started by `supervisor.py`. The worker ends when the daemon says so,
and when the socket closes: a daemon that was killed leaves no orphan. Signals of a terminal or of a service
manager are the daemon's to act on; here they are ignored.
"""

import asyncio
import contextlib
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Coroutine
from typing import Any, Final

from config.schema import MediaLimits
from media.agent.plane import Means
from media.engine import Engine
from media.entropy import Entropy
from media.port import AgentMessage, AgentTranscript, Event, Stats
from media.prompt import PromptStore
from media.worker.channel import Channel
from media.worker.collector import Collector
from media.worker.message import Beat, Hello, Logged, Setup, Stop, WorkerGauges
from media.worker.relay import Heard, Opened, Over, Relayed
from media.worker.speech import FarProviders, Spoken, Unspoken, Written

NICENESS: Final = -10
BEAT: Final = 1.0
"[s]"
LINES: Final = 50
"Log lines told in one beat; the rest is counted."
CHARACTERS: Final = 4_000
"Of a log line."

log = logging.getLogger(__name__)


class Worker:
    """Everything of the process, once its socket is connected."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.channel: Channel | None = None
        self._collector = Collector(time.monotonic)
        self._engine: Engine | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._dropped = 0
        self._lines = _Lines(self.tell)
        self._bots = Relayed(self.tell)
        self._speech = FarProviders(self.tell)

    def tell(self, value: object) -> None:
        if self.channel is not None:
            self.channel.send(value)

    def received(self, value: object) -> None:
        """What the daemon says; a fault of ours costs that one command."""
        try:
            if isinstance(value, Setup):
                self._begin(value)
            elif isinstance(value, Stop):
                self.ended.set()
            elif isinstance(value, Opened | Heard | Over):
                self._bots.received(value)
            elif isinstance(value, Spoken | Written | Unspoken):
                self._speech.received(value)
            elif self._engine is not None:
                self._engine.execute(value)  # type: ignore[arg-type]  # the rest of `ToWorker`
        except Exception:
            log.exception("a command could not be carried out: %s", type(value).__name__)

    async def run(self) -> None:
        """Until the daemon ends it or is gone."""
        logging.getLogger().addHandler(self._lines)
        loop = asyncio.get_running_loop()
        beat = loop.create_task(self._beat())
        await self.ended.wait()
        beat.cancel()
        if self._engine is not None:
            await self._engine.release_all()
            self._engine.close()
            await asyncio.sleep(0)  # recordings that are complete now are told
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.channel is not None:
            self.channel.close()
            await asyncio.sleep(0.05)  # what the socket did not take at once

    def _begin(self, setup: Setup) -> None:
        loop = asyncio.get_running_loop()
        limits = MediaLimits.model_validate(setup.limits)
        self._engine = Engine(
            loop,
            time.monotonic,
            limits,
            setup.ports,
            self._emit,
            PromptStore(limits),
            self._spawn,
            Entropy().getrandbits,
            spare=self._collector.spare,
            means=Means(self._bots, self._speech if setup.speech else None, setup.voice_model),
        )
        self._collector.begin()
        self.tell(Hello(_hurry()))

    def _emit(self, event: Event) -> None:
        if (
            self.channel is not None
            and isinstance(event, Stats | AgentMessage | AgentTranscript)
            and self.channel.is_full
        ):
            self._dropped += 1
            return
        self.tell(event)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> object:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task failed", exc_info=error)

    async def _beat(self) -> None:
        cpu = time.process_time()
        while True:
            await asyncio.sleep(BEAT)
            if self._engine is None:
                continue
            gauges = self._engine.gauges()
            if not gauges.connected:
                self._collector.rest()
            used = resource.getrusage(resource.RUSAGE_SELF)
            pause = self._collector.longest() * 1000
            before, cpu = cpu, used.ru_utime + used.ru_stime
            share = self._engine.share((cpu - before) / BEAT)
            memory = used.ru_maxrss * 1024
            self.tell(Beat(WorkerGauges(gauges, cpu, memory, pause, self._dropped, share)))
            self._lines.more()


class _Lines(logging.Handler):
    """Log lines on their way to the daemon, so many a second."""

    def __init__(self, tell: Any) -> None:
        super().__init__(logging.INFO)
        self._tell = tell
        self._left = LINES
        self._missed = 0

    def emit(self, record: logging.LogRecord) -> None:
        if not self._left:
            self._missed += 1
            return
        self._left -= 1
        try:
            self._tell(Logged(record.levelno, record.name, self.format(record)[:CHARACTERS]))
        except Exception:  # a log line must not end what it tells of
            self.handleError(record)

    def more(self) -> None:
        missed, self._missed, self._left = self._missed, 0, LINES
        if missed:
            self._tell(Logged(logging.WARNING, __name__, f"{missed} more lines were not told"))


def _hurry() -> bool:
    """Run before everybody else, where that is allowed."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    return os.getpriority(os.PRIO_PROCESS, 0) <= NICENESS


async def serve(fd: int) -> None:
    worker = Worker()
    limit = MediaLimits().worker_queue_bytes
    # Known before it is connected: the first command may come at once.
    worker.channel = channel = Channel(limit, worker.received, worker.ended.set)
    await asyncio.get_running_loop().create_unix_connection(lambda: channel, sock=socket.socket(fileno=fd))
    await worker.run()


def main(fd: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("media.agent.socket").setLevel(logging.WARNING)  # handed to picows, which is chatty
    _run(serve(fd))


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        import uvloop  # noqa: PLC0415  (there is none on some systems)
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


if __name__ == "__main__":
    main(int(sys.argv[1]))
