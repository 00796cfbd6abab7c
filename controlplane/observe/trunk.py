"""What is told of trunks: a line in the log when one changes, and their states in `/metrics`."""

from collections.abc import Callable, Iterator, Sequence

import structlog

from controlplane.observe.metrics import Metrics
from edge.directory import Trunk
from edge.trunk.enrolment import Registered
from edge.trunk.health import Health
from edge.trunk.keeper import TrunkKeeper

_log = structlog.get_logger("trunk")


def report_trunk(trunk: Trunk, what: str, state: str, fix: str = "") -> None:
    """An `edge.trunk.keeper.Report`."""
    good = state in ("up", "registered")
    more = {"fix": fix} if fix else {}
    (_log.info if good else _log.warning)(
        f"trunk {what} changed", account=trunk.account, trunk=trunk.name, state=state, **more
    )


def watch_trunks(metrics: Metrics, trunks: Callable[[], Sequence[Trunk]], keeper: TrunkKeeper) -> None:
    def up() -> Iterator[tuple[Sequence[str], float]]:
        for trunk in trunks():
            health = keeper.health(trunk.id)
            if health is not Health.UNKNOWN:
                yield (trunk.account, trunk.name), float(health is Health.UP)

    def registered() -> Iterator[tuple[Sequence[str], float]]:
        for trunk in trunks():
            state = keeper.registration(trunk.id)
            if state is not None:
                yield (trunk.account, trunk.name), float(state is Registered.REGISTERED)

    labels = ("account", "trunk")
    metrics.labelled("trunk_up", "Whether a trunk answers OPTIONS; absent: not probed.", labels, up)
    text = "Whether we are registered at a carrier; absent: we do not register there."
    metrics.labelled("trunk_registered", text, labels, registered)
