"""What calls must not leave behind in the daemon, read off its `/metrics` and the kernel."""

from pathlib import Path

from tests.support.daemon import Daemon
from tests.support.process import wait_until

AUDIO = ("tandem_calls", "tandem_legs", "tandem_rtp_ports")
TIMERS = ("tandem_transactions", "tandem_dialogs", "tandem_timers")


def open_sockets(daemon: Daemon) -> int:
    """Sockets of the daemon's process, by the kernel's account."""
    links = Path(f"/proc/{daemon.child.pid}/fd").iterdir()
    count = 0
    for link in links:
        try:
            count += link.readlink().name.startswith("socket:")
        except OSError:  # closed while we looked
            continue
    return count


def assert_quiet(daemon: Daemon, before: dict[str, float], *, timeout: float = 5.0) -> None:
    """No call, no leg, no port is left, and no more tasks than `before` (a reading of `/metrics`)."""

    def left() -> dict[str, float]:
        now = daemon.metrics()
        found = {name: now[name] for name in AUDIO if now[name]}
        if now["tandem_tasks"] > before["tandem_tasks"]:
            found["tandem_tasks"] = now["tandem_tasks"] - before["tandem_tasks"]
        return found

    wait_until(lambda: not left(), timeout, what=f"calls leave nothing behind\n{daemon.child.report(5)}")


def assert_no_timer(daemon: Daemon, *, timeout: float) -> None:
    """No transaction or dialog, hence no timer of one, is left after at most `timeout` [s]."""
    wait_until(
        lambda: not any(daemon.metrics()[name] for name in TIMERS),
        timeout,
        every=0.5,
        what="every transaction and dialog ends",
    )
