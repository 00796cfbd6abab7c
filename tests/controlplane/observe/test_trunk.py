"""Trunks in `/metrics` and in the log."""

from dataclasses import replace

from structlog.testing import capture_logs

from controlplane.observe.metrics import Metrics
from controlplane.observe.trunk import report_trunk, watch_trunks
from edge.directory import Enrolment, Probing
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench


def test_only_what_is_watched_is_shown() -> None:
    directory = FakeDirectory()
    for name in ("plain", "probed", "carrier"):
        directory.add_trunk(name)
    trunks = directory.trunks
    trunks["probed"] = replace(trunks["probed"], probing=Probing(10.0, 1, 1))
    trunks["carrier"] = replace(trunks["carrier"], enrolment=Enrolment("sip:127.0.0.9", 600))
    bench = Bench(directory)
    metrics = Metrics()
    watch_trunks(metrics, directory.all_trunks, bench.switch.trunks)
    assert b"tandem_trunk_up{" not in metrics.render()
    bench.switch.start(bench.now)
    bench.drain()
    bench.advance(40.0)
    shown = metrics.render().decode()
    assert 'tandem_trunk_up{account="acc_demo",trunk="probed"} 0.0' in shown
    assert 'tandem_trunk_registered{account="acc_demo",trunk="carrier"} 0.0' in shown
    assert "plain" not in shown


def test_a_change_is_one_line() -> None:
    directory = FakeDirectory()
    directory.add_trunk("main")
    with capture_logs() as lines:
        report_trunk(directory.trunks["main"], "health", "down")
        report_trunk(directory.trunks["main"], "registration", "refused", "change realm")
    line, told = lines
    assert (line["log_level"], line["trunk"], line["state"]) == ("warning", "main", "down")
    assert "fix" not in line and told["fix"] == "change realm"
