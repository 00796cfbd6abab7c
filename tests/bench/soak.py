"""`scripts/soak`: mixed calls at half the load of the bench for thirty minutes, and nothing may grow.

Half of the calls stay from the first minute to the last, the others are hung up and dialled anew every round.
After each round memory, sockets, slots, timers, tasks and delay are read; at the end all calls are hung up
and what they took must be back. Exit status 1 when something grew.
"""

import contextlib
import math
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.bench import sources
from tests.bench.audio import offer
from tests.bench.datagrams import Datagrams
from tests.bench.measure import signalling
from tests.bench.signalling import Signalling, Work
from tests.bench.sources import Source
from tests.bench.streams import Heard, Payload, Streams
from tests.bench.subject import AGENT, BRIDGE, ECHO, Subject, subject
from tests.bench.usage import prefer, tree
from tests.support.address import loopback
from tests.support.process import Child, wait_until

MIX = {"echo": 500, "bridge": 200, "agent": 130, "g722": 80, "opus": 40}
"Calls of each kind that one core carries together, about; `--share` takes a part."
RATE = 60.0
"Calls set up in a second."
GAUGES = ("legs", "calls", "admitted", "dialogs", "timers", "tasks", "rtp_ports")
MEMORY_MB = 12.0
"Growth of memory that is within what allocators and caches do [MB]."
DELAY_MS = 10.0
"Growth of the median round trip that is noise."


@dataclass(slots=True)
class Reading:
    minute: float
    memory_mb: float
    sockets: int
    gauges: dict[str, float]
    p50_ms: float
    p99_ms: float
    punctual_ms: float
    "p99 of the streams that the generator had not sent late."
    lost: int
    "What the daemon has to answer for."
    excused: int
    sent: int
    late: tuple[float, float, float]


class Half:
    """Calls of all kinds with their streams."""

    def __init__(self, under: Subject, caller: Signalling, share: float) -> None:
        self.socket = Datagrams(under.trunk)
        self._caller = caller
        plain = sources.pcmu()
        caller.answer_with = lambda _: offer(self.socket.address, plain)
        targets: list[tuple[str, int]] = []
        returns: list[int] = []
        sent: list[Source] = []
        judged: list[bool] = []
        self.works: list[Work] = []
        # What an agent was late by is won back in pauses alone.
        near = {"g722": sources.g722(), "opus": sources.opus(), "agent": sources.talk()}
        for kind, most in MIX.items():
            count = max(1, round(most * share))
            number = {"echo": ECHO, "agent": AGENT}.get(kind, BRIDGE)
            source = near.get(kind, plain)
            body = offer(self.socket.address, source)
            load, works = caller.set_up([number], count, RATE, lambda _, body=body: body)  # type: ignore[misc]
            assert load.done == count, f"{kind}: {load.failed} calls were not answered: {load.statuses}"
            self.works += works
            for work in works:
                place = len(targets)
                if number == BRIDGE:
                    targets += [work.media, caller.taken[work.index]]
                    returns += [place + 1, place]
                    sent += [source, plain]
                    judged += [True, source is plain]
                else:
                    targets.append(work.media)
                    returns.append(place)
                    sent.append(source)
                    judged.append(True)
        self.streams = Streams(
            [self.socket], targets, Payload.SOURCES, returns=returns, sources=sent, judged=judged
        )

    def hang_up(self) -> None:
        self._caller.hang_up(200.0, self.works)
        self.socket.close()


def run(halves: list[Half], seconds: float, *, measure: bool) -> None:
    """All streams at once."""
    for half in halves:
        half.streams.begin(measure=measure)
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        for half in halves:
            half.streams.turn(now)
        time.sleep(0.0002)
    for half in halves:
        half.streams.end(measure=measure)


def read(under: Subject, heard: list[Heard], minute: float) -> Reading:
    metrics = under.daemon.metrics()
    every = _milliseconds([trip for each in heard for trip in each.round_trips])
    punctual = _milliseconds([trip for each in heard for trip in each.punctual])
    return Reading(
        minute,
        under.memory() / 1e6,
        sum(_sockets(pid) for pid in tree(under.daemon.child.pid)),
        {name: metrics[f"tandem_{name}"] for name in GAUGES},
        float(np.percentile(every, 50)),
        float(np.percentile(every, 99)),
        float(np.percentile(punctual, 99)),
        sum(each.lost for each in heard),
        sum(each.excused for each in heard),
        sum(each.sent for each in heard),
        under.ticks(),
    )


def _milliseconds(trips: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    every = np.concatenate(trips) * 1000 if trips else np.zeros(0)
    return every if len(every) else np.array([math.nan])


def grown(readings: list[Reading], before: Reading, after: Reading) -> list[str]:
    """What is more than it was; `readings` are those of rounds, all with the same calls."""
    found = []
    third = max(1, len(readings) // 3)
    early, late = readings[:third], readings[-third:]

    def mean(part: list[Reading], name: str) -> float:
        return float(np.mean([getattr(each, name) for each in part]))

    if (more := mean(late, "memory_mb") - mean(early, "memory_mb")) > MEMORY_MB:
        found.append(f"memory: {more:.1f} MB more in the last rounds than in the first")
    if (more := mean(late, "p50_ms") - mean(early, "p50_ms")) > DELAY_MS:
        found.append(f"delay: {more:.1f} ms more in the last rounds than in the first")
    if late[-1].sockets > early[0].sockets:
        found.append(f"sockets: {early[0].sockets} → {late[-1].sockets} with the same calls")
    for name in GAUGES:
        first, last = early[0].gauges[name], late[-1].gauges[name]
        if last > first * 1.01 + 2:
            found.append(f"{name}: {first:.0f} → {last:.0f} with the same calls")
        if after.gauges[name] > before.gauges[name] + 1:
            found.append(f"{name}: {after.gauges[name]:.0f} left when all had hung up")
    if after.sockets > before.sockets + 4:
        found.append(f"sockets: {after.sockets - before.sockets} left when all had hung up")
    return found


def _sockets(pid: int) -> int:
    found = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            found += os.readlink(link).startswith("socket:")
    return found


def table(readings: list[Reading]) -> Table:
    made = Table(title="soak")
    for name in (
        "minute",
        "MB",
        "sockets",
        *GAUGES,
        "p50 ms",
        "p99 ms",
        "punctual p99",
        "late ms",
        "lost",
        "excused",
    ):
        made.add_column(name, justify="right")
    for each in readings:
        made.add_row(
            f"{each.minute:.1f}",
            f"{each.memory_mb:.1f}",
            str(each.sockets),
            *(f"{each.gauges[name]:.0f}" for name in GAUGES),
            f"{each.p50_ms:.1f}",
            f"{each.p99_ms:.1f}",
            f"{each.punctual_ms:.1f}",
            " / ".join(f"{late:.1f}" for late in each.late),
            f"{each.lost} of {each.sent}",
            str(each.excused),
        )
    return made


@click.command()
@click.option("--minutes", default=30.0, show_default=True)
@click.option("--share", default=0.5, show_default=True, help="Of the mixed load that one core carries.")
@click.option("--round", "round_seconds", default=60.0, show_default=True, help="Length of a round [s].")
@click.option("--workers", default=0, show_default=True, help="media.workers of the daemon.")
def main(minutes: float, share: float, round_seconds: float, workers: int) -> None:
    """Mixed calls for a long time: memory, sockets, slots, timers and delay must not grow."""
    console = Console(stderr=True, width=170)
    pinned = len(os.sched_getaffinity(0)) > 1
    if pinned:
        os.sched_setaffinity(0, {1})
    prefer(os.getpid())
    readings: list[Reading] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tandem-soak-")))
        address = loopback()
        command = [sys.executable, "-m", "tests.bench.agent", address, "9000"]
        agent = stack.enter_context(Child(command, name="echo agent"))
        agent.wait_for("ready")
        prefer(agent.pid)
        url, cpu = f"ws://{address}:9000/", 0 if pinned else None
        under = stack.enter_context(
            subject(folder, users=1, agent_url=url, cpu=cpu, workers=workers, full=None)
        )
        caller = signalling(under)
        stack.callback(caller.close)
        time.sleep(2.0)
        before = read(under, [], 0.0)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("setting up", total=minutes * 60)
            began = time.monotonic()
            stay = Half(under, caller, share / 2)
            run([stay], 5.0, measure=False)
            while (passed := time.monotonic() - began) < minutes * 60:
                come = Half(under, caller, share / 2)
                run([stay, come], min(10.0, round_seconds / 3), measure=False)
                run([stay, come], round_seconds, measure=True)
                run([stay, come], 0.5, measure=False)
                for half in (stay, come):
                    half.streams.judge()
                heard = [stay.streams.heard, come.streams.heard]
                readings.append(read(under, heard, (time.monotonic() - began) / 60))
                last = readings[-1]
                come.hang_up()
                shown = f"{last.memory_mb:.0f} MB, p50 {last.p50_ms:.1f} ms, {last.lost} of {last.sent} lost"
                progress.update(task, completed=passed, description=shown)
            stay.hang_up()
        with contextlib.suppress(AssertionError):  # what is left is told below
            wait_until(lambda: not under.daemon.metrics()["tandem_dialogs"], 40.0, every=1.0)
        time.sleep(2.0)
        after = read(under, [], minutes)
        console.print(table([before, *readings, after]))
        found = grown(readings, before, after)
    for line in found:
        console.print(f"[red]{line}")
    if found:
        sys.exit(1)
    console.print("[green]nothing grew")


if __name__ == "__main__":
    main()
