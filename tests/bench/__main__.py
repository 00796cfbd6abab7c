"""`scripts/bench`: what one core of the shipped daemon carries, and what each unit costs.

The daemon has core 0 to itself, the load and its agent share core 1. CPU is that of the daemon's
whole process tree; loss is by stamped packets; every time of arrival is the kernel's.
"""

import contextlib
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge.overload.capacity import CALM
from tests.bench import audio, banned, dialects, flows, marathon, measure, overload, routing
from tests.bench.floor import floor
from tests.bench.measure import Row
from tests.bench.rtpengine import rtpengine
from tests.bench.subject import Subject, subject
from tests.bench.usage import prefer
from tests.bench.yardstick import yardstick_ns
from tests.support.address import free_tcp_port, loopback
from tests.support.process import Child
from tests.support.zygote import close_zygote

AUDIO: Final[dict[str, tuple[Callable[[audio.Ground, int], Row], int]]] = {
    "echo": (audio.echo, 1_500),
    "srtp": (audio.secured_echo, 400),
    "bridge": (audio.bridge, 1_000),
    "conference": (audio.conference, 1_500),
    "prompts": (audio.prompts, 1_500),
    "g722": (audio.g722, 350),
    "g722rooms": (audio.g722_rooms, 350),
    "opus": (audio.opus, 180),
    "g722pair": (audio.g722_pair, 350),
    "opuspair": (audio.opus_pair, 180),
    "agents": (audio.agents, 400),
    "full": (audio.full, 3_000),
}
"Audio loads, and how many calls of each one core has to carry."
LOADS = (
    *("registrations", "calls", "connected", "bridged", "overload", "banned", "routes", "native", "flows"),
    *AUDIO,
)
LONG = ("dialects", "marathon")
"Measured when they are asked for."
PEERS: Final[dict[str, tuple[str, int]]] = {"rtpengine": ("", 1_000), "rtpengine_g722": ("g722", 350)}
"""Likewise: the load of `bridge` or of `g722` put upon rtpengine, on the same core; what one side speaks, and
how many calls."""
PER_DIALECT = 100
"Calls."
FLOOR_SECONDS = 0.5
BESIDE = (200.0, 50.0)
"HTTP requests and SIP transactions a second."
DAEMON_CPU, LOAD_CPU = 0, 1


@click.command()
@click.argument("loads", nargs=-1, type=click.Choice((*LOADS, *LONG, *PEERS)))
@click.option("--count", default=20_000, show_default=True, help="Registrations, calls and routes.")
@click.option("--window", default=32, show_default=True, help="Of them under way at once.")
@click.option("--share", default=1.0, show_default=True, help="Of the calls that a core has to carry.")
@click.option("--seconds", default=20.0, show_default=True, help="Length of the audio loads.")
@click.option("--settle", default=audio.SETTLE, show_default=True, help="How long they run before.")
@click.option("--workers", default=0, show_default=True, help="media.workers of the daemon.")
@click.option(
    "--beside", is_flag=True, help="200 HTTP requests/s and 50 SIP transactions/s beside the audio."
)
@click.option("--users", default=500, show_default=True, help="Users that register.")
@click.option("--quick", is_flag=True, help="A small run of each load, to see that it works.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the rows here too; - prints them."
)
def main(
    loads: tuple[str, ...],
    count: int,
    window: int,
    share: float,
    seconds: float,
    settle: float,
    workers: int,
    beside: bool,
    users: int,
    quick: bool,
    json_path: Path | None,
) -> None:
    """Measure the shipped daemon.

    LOADS: one or several rows; without one all but dialects, marathon and those of rtpengine, which needs it.
    """
    if quick:
        count, window, share, seconds, settle, users = 200, 8, 0.01, 1.0, 0.5, 20
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # else daemon and agent would outlive us
    console = Console(stderr=True, width=150)
    pinned = len(os.sched_getaffinity(0)) > 1
    if pinned:
        os.sched_setaffinity(0, {LOAD_CPU})
    else:
        console.print("[yellow]one core only: load and daemon share it, the figures mean little")
    prefer(os.getpid())
    pace = yardstick_ns()
    rows: list[Row] = []
    failed: list[str] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tandem-bench-")))
        address = loopback()
        agent = Child([sys.executable, "-m", "tests.bench.agent", address, "9000"], name="echo agent")
        stack.enter_context(agent)
        agent.wait_for("ready")
        prefer(agent.pid)
        run = _Run(
            folder,
            (address, 9000),
            count,
            window,
            share,
            seconds,
            settle,
            workers,
            beside,
            users,
            pinned,
            quick,
        )
        stack.callback(close_zygote)
        for load in loads or LOADS:
            console.print(f"{load} …")
            try:
                for row in run.rows(load):
                    rows.append(row)
                    console.print(f"  {_line(row)}")
            except (
                Exception
            ) as fault:  # a load that this machine does not carry must not cost the others their rows
                failed.append(load)
                console.print(f"[red]{load} failed:[/] {escape(str(fault) or repr(fault))}")
    pace = (pace + yardstick_ns()) / 2
    console.print(_table(rows, pace))
    result = {"machine": _machine() | {"yardstick_ns": pace}, "rows": [row.plain() for row in rows]}
    if json_path is not None:
        text = json.dumps(result, indent=1)
        if str(json_path) == "-":
            click.echo(text)
        else:
            json_path.write_text(text + "\n")
    if failed:
        raise click.ClickException(f"not measured: {', '.join(failed)}; --share 0.3 makes a load smaller")


@dataclass(frozen=True, slots=True)
class _Run:
    """What every load of one run is made with."""

    folder: Path
    agent: tuple[str, int]
    count: int
    window: int
    share: float
    seconds: float
    settle: float
    workers: int
    beside: bool
    users: int
    pinned: bool
    quick: bool
    "Daemons are forked: how they start changes no figure by as much as such a run errs."

    def rows(self, load: str) -> Iterator[Row]:
        """Measure one load by a daemon of its own: memory and database of one are no burden on the next.

        Each row as it is measured: what fails later costs none before.

        Raises whatever the load raises: AssertionError when the daemon did not take all of its calls.
        """
        cpu = DAEMON_CPU if self.pinned else None
        if load == "dialects":
            calls = max(1, round(PER_DIALECT * self.share))
            yield from _dialects(self.folder / load, self.agent, cpu, calls, self.seconds, self.settle)
            return
        if load in PEERS:
            spoken, calls = PEERS[load]
            yield rtpengine(cpu, max(1, round(calls * self.share)), self.seconds, self.settle, spoken)
            return
        url = "ws://{}:{}/".format(*self.agent)
        with subject(
            self.folder / load,
            users=self.users,
            agent_url=url,
            cpu=cpu,
            workers=self.workers,
            program=not self.quick,
        ) as daemon:
            time.sleep(0.2 if self.quick else 1.0)
            if load not in AUDIO:
                yield from _measure(load, daemon, self.count, self.window, self.seconds)
                return
            measured, calls = AUDIO[load]
            of_floor = FLOOR_SECONDS * (0.2 if self.quick else 1.0)
            before = floor(of_floor, cpu)
            rates = BESIDE if self.beside else (0.0, 0.0)
            with audio.ground(daemon, self.seconds, settle=self.settle, beside=rates) as on:
                row = measured(on, max(1, round(calls * self.share)))
            row.floor_us = (before + floor(of_floor, cpu)) / 2
            yield row


def _dialects(
    folder: Path, agent: tuple[str, int], cpu: int | None, calls: int, seconds: float, settle: float
) -> Iterator[Row]:
    address = loopback()
    port = free_tcp_port(address)
    made, dids = dialects.settings(*agent, address, port)
    with (
        subject(
            folder, users=1, agent_url=f"ws://{agent[0]}:{agent[1]}/", cpu=cpu, agents=made, dids=dids
        ) as daemon,
        dialects.Probe().serving(address, port) as probe,
    ):
        time.sleep(1.0)
        for name in dialects.DIALECTS:
            with audio.ground(daemon, seconds, settle=settle) as on:
                before = floor(FLOOR_SECONDS, cpu)
                row = dialects.load(on, name, calls)
                row.floor_us = (before + floor(FLOOR_SECONDS, cpu)) / 2
                row.added_ms = dialects.probe(on, name, probe, max(3.0, seconds))
            yield row


def _measure(load: str, daemon: Subject, count: int, window: int, seconds: float) -> Iterator[Row]:
    match load:
        case "registrations":
            yield measure.registrations(daemon, count, window)
        case "calls":
            yield measure.calls(daemon, count, window)
        case "connected":
            yield measure.connected(daemon, count, window)
        case "bridged":
            yield from measure.bridged(daemon, count, window)
        case "banned":
            yield banned.banned()
        case "overload":
            yield overload.overload(daemon, min(seconds, 10.0))
            time.sleep(2 * CALM)
            yield overload.rush(daemon, min(overload.RUSH, count))
        case "native":
            yield routing.native(count)
        case "flows":
            yield flows.flows()
        case "marathon":
            yield marathon.marathon(daemon, 50 * count, window)
        case _:
            yield routing.routes(daemon, count)


def _line(row: Row) -> str:
    more = [f"{name} {value:,.0f}" for name, value in row.faults.items()]
    more += [f"{name} {value:,.1f} ms" for name, value in row.added_ms.items()]
    return ", ".join(
        [f"{row.load}: {row.cpu_us:,.1f} µs", f"{row.lost:,} lost", f"p99 {row.p99_ms:.1f} ms", *more]
    )


def _table(rows: list[Row], pace: float) -> Table:
    caption = f"yardstick {pace:.0f} ns: a fixed piece of Python, before and after; twice that, twice the CPU"
    table = Table(title="tandem serve, one core", caption=caption)
    right = (
        "count",
        "reached",
        "CPU µs",
        "kernel µs",
        "per core",
        "lost",
        "p50 ms",
        "p99 ms",
        "late ms",
        "kB/call",
        "load's core",
    )
    table.add_column("load")
    for name in right:
        table.add_column(name, justify="right")
    for row in rows:
        stream = row.unit == "audio"
        table.add_row(
            row.load,
            f"{row.count:,}",
            f"{row.rate:,.0f} packets/s" if stream else f"{row.rate:,.0f}/s",
            f"{row.cpu_us:,.1f} / 20 ms" if stream else f"{row.cpu_us:,.0f}",
            f"{row.floor_us:.1f}" if stream else "",
            f"{row.per_core:,.0f} {'calls' if stream else '/s'}",
            f"{row.lost:,}",
            f"{row.p50_ms:.1f}",
            f"{row.p99_ms:.1f}",
            "" if row.late_ms is None else " / ".join(f"{late:.1f}" for late in row.late_ms),
            f"{row.memory_kb:,.0f}" if stream else "",
            f"{row.generator_share:.0%}",
        )
    return table


def _machine() -> dict[str, Any]:
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


if __name__ == "__main__":
    main()
