"""What `/metrics` shows of the edge."""

from pathlib import Path

from controlplane.observe.edge import watch_node
from controlplane.observe.metrics import Metrics
from tests.controlplane.test_node import node
from tests.support.address import loopback


async def test_an_idle_edge_shows_zeros(tmp_path: Path) -> None:
    async with node(tmp_path, loopback()) as edge:
        metrics = Metrics()
        watch_node(metrics, edge)
        text = metrics.render().decode()
    voices = ("agent_voice_vetoed_total", "agent_voice_late_total", "agent_voice_dropped_total")
    for name in ("calls", "legs", "dialogs", "transactions", "rtp_ports", "bindings", *voices):
        assert f"\ntandem_{name} 0.0\n" in text
    assert "tandem_tick_late_p99_seconds" in text
