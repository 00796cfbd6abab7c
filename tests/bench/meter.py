"""What an audio load costs whoever carries it: the daemon, or a peer that is compared with it."""

import contextlib
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from tests.bench.datagrams import Datagrams
from tests.bench.measure import Row
from tests.bench.streams import Streams
from tests.bench.usage import dropped_datagrams, punctual


class Loaded(Protocol):
    @property
    def host(self) -> str:
        """Where it is sent RTP."""

    def cpu(self) -> float:
        """[s]"""

    def others(self) -> float:
        """What others have used of its core [s], were it only by comparing two readings."""

    def memory(self) -> int:
        """[bytes]"""

    def ticks(self) -> tuple[float, float, float] | None:
        """How late they were: p50, p99, most [ms]; None: it has none."""

    def gauges(self) -> dict[str, float]: ...


@dataclass(slots=True)
class Meter:
    """One socket with a large buffer takes all that comes back."""

    subject: Loaded
    seconds: float
    settle: float
    socket: Datagrams
    hang_up: Callable[[], object]
    memory: int = 0
    "Before the first call [bytes]."
    faults: dict[str, float] = field(default_factory=dict)

    def row(self, name: str, count: int, streams: Streams) -> Row:
        """Let the streams settle, measure them, and hang up. Figures are those of one of `count`."""
        with punctual():
            return self._row(name, count, streams)

    def beside(self) -> AbstractContextManager[object]:
        """What goes on beside it while it is measured."""
        return contextlib.nullcontext()

    def _row(self, name: str, count: int, streams: Streams) -> Row:
        subject = self.subject
        # Before the first packet: to read it takes so long that every stream would be a frame late.
        dropped_theirs = -dropped_datagrams(subject.host)
        streams.run(self.settle, measure=False)
        dropped_ours = -self.socket.dropped
        with self.beside():
            before, started, own = subject.cpu(), time.monotonic(), time.process_time()
            others = subject.others()
            streams.run(self.seconds, measure=True)
            elapsed = time.monotonic() - started
            used = subject.cpu() - before
            own = time.process_time() - own
            others = subject.others() - others
            late = subject.ticks()
        streams.drain()
        dropped_ours += self.socket.dropped
        dropped_theirs += dropped_datagrams(subject.host)
        # Not before: to read it takes milliseconds, in which nothing is sent.
        memory = subject.memory() - self.memory
        gauges = subject.gauges()
        self.hang_up()
        heard = streams.heard
        faults = {
            **self.faults,
            "gaps": float(heard.gaps),
            "duplicates": float(heard.duplicates),
            "generator late slots": float(heard.late_slots),
            "lost after the generator was late": float(heard.excused),
            "dropped before the generator": float(dropped_ours),
            "dropped before the daemon": float(dropped_theirs),
            "% of its core to others": float(max(0, round(100 * others / elapsed))),
        }
        in_time = heard.percentile_ms(99, punctual=True)
        if heard.late_slots and not math.isnan(in_time):
            faults["ms p99 of streams sent in time"] = in_time
        # By what came back, not by what was asked for: a daemon that is too busy must not look cheap.
        each = used / max(heard.packets, 1) * len(streams) / count
        return Row(
            name,
            "audio",
            count,
            elapsed,
            used,
            each * 1e6,
            0.02 / max(each, 1e-9),
            heard.lost,
            heard.percentile_ms(50),
            heard.percentile_ms(99),
            rate=heard.packets / elapsed,
            memory_kb=memory / count / 1024,
            generator_share=own / elapsed,
            faults={name: value for name, value in faults.items() if value},
            gauges=gauges,
            late_ms=late,
        )
