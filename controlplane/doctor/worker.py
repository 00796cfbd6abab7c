"""The audio workers of a running daemon, by what its /metrics says of them."""

import re
from typing import Final

from controlplane.doctor.finding import Finding, fail, ok, warn

LATE_WARN: Final = 5.0
"99 of 100 ticks should be no later than this [ms]."

_SAMPLE: Final = re.compile(r'^tandem_worker_(\w+)\{worker="(\d+)"\} (\S+)$', re.MULTILINE)


def workers(count: int, metrics: str | None) -> Finding:
    """Args: count: `media.workers`; metrics: None when no daemon runs."""
    name = "audio workers"
    if not count:
        return ok(name, "none: the audio runs on the daemon's own loop")
    if metrics is None:
        return ok(name, f"{count} when the daemon runs")
    found: dict[str, dict[str, float]] = {}
    for what, worker, value in _SAMPLE.findall(metrics):
        found.setdefault(worker, {})[what] = float(value)
    down = [worker for worker, values in found.items() if not values.get("up")]
    if len(found) != count or down:
        shown = f"{len(found) - len(down)} of {count} take calls"
        return fail(name, shown, "see the daemon's log for why a worker ended")
    legs = sum(values.get("legs", 0.0) for values in found.values())
    late = max(1000 * values.get("tick_late_p99_seconds", 0.0) for values in found.values())
    starts = sum(values.get("starts", 1.0) - 1 for values in found.values())
    shown = f"{count} take calls, {legs:.0f} legs, 99 % of ticks at most {late:.1f} ms late"
    if starts:
        return warn(name, f"{shown}; {starts:.0f} restarts", "see the daemon's log for why a worker ended")
    if late > LATE_WARN:
        return warn(name, shown, "raise media.workers, or free the processor")
    return ok(name, shown)
