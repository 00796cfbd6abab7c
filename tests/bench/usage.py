"""What a process and all its children have used, and datagrams that were lost: from /proc (Linux)."""

import contextlib
import gc
import os
import socket
from collections.abc import Iterator
from pathlib import Path

NICENESS = -10
TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """`pid` and its living descendants."""
    found = [pid]
    for parent in found:
        try:
            tasks = list(Path(f"/proc/{parent}/task").iterdir())
        except OSError:
            continue
        for task in tasks:
            try:
                found += map(int, (task / "children").read_text().split())
            except OSError:
                continue
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree, children that have ended and been waited for included."""
    ticks = 0
    for process in tree(pid):
        try:
            stat = Path(f"/proc/{process}/stat").read_text()
        except OSError:
            continue
        ticks += sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    return ticks / TICK


def prefer(pid: int) -> None:
    """Before all others, where that is allowed: what else runs on this machine is not what is measured.

    Nice values count only within a session (sched(7), autogroup), so that of its session is set too.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(NICENESS))


@contextlib.contextmanager
def punctual() -> Iterator[None]:
    """Let this process, which paces streams, run as soon as it is due, where that is allowed.

    Else every stall of a crowded core is read as jitter of the network. What it starts runs as ever.
    """
    gc.collect()
    gc.freeze()
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, *before)
        gc.unfreeze()


def core_seconds(cpu: int) -> float:
    """What everybody together has used of one core."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{cpu}":
            user, nice, system, _, _, irq, softirq, steal = map(int, fields[:8])
            return (user + nice + system + irq + softirq + steal) / TICK
    return 0.0


def dropped_datagrams(host: str) -> int:
    """What the kernel has dropped before the open IPv4 UDP sockets of an address: their buffers were full."""
    local = f"{int.from_bytes(socket.inet_aton(host), 'little'):08X}:"
    rows = (line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:])
    return sum(int(row[-1]) for row in rows if row[1].startswith(local))


def memory_bytes(pid: int) -> int:
    """Proportional share of memory of the tree: pages that processes share count once."""
    total = 0
    for process in tree(pid):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) * 1024
    return total
