"""Bans in the database, the log and `/metrics`."""

import pytest
import structlog

from config.schema import StoreLimits
from controlplane.observe.metrics import Metrics
from controlplane.observe.security import LINES_PER_SECOND, SecurityKeeper, report_fraud, watch_security
from controlplane.store.journal import StoreJournal
from edge.error import Refusal
from edge.journal import CallId
from edge.security.ban import AllowRecord, BanRecord
from edge.security.fraud import FraudGuard
from tests.support.clock import HandClock
from tests.support.journal import HandWriter
from tests.support.security import shield

EVE = BanRecord("198.51.100.66", "failed_auth", 10, 1, 2, 3_600_002, "sipcli")


class Scene:
    def __init__(self) -> None:
        self.writer = HandWriter()
        self.clock = HandClock()
        self.cut: list[str] = []
        journal = StoreJournal(self.writer, self.clock, lambda: 0, StoreLimits(batch_rows=1))
        self.keeper = SecurityKeeper(journal, "edge-1", self.cut.append, self.clock.time)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_ban_is_one_line_one_row_and_the_end_of_its_connections(scene: Scene) -> None:
    with structlog.testing.capture_logs() as lines:
        scene.keeper.banned(EVE, 3_600.0)
    (line,) = lines
    assert line["event"] == "source banned" and line["log_level"] == "warning"
    assert (line["source"], line["rule"], line["count"], line["ttl"]) == (
        EVE.network,
        "failed_auth",
        10,
        3_600.0,
    )
    (batch,) = scene.writer.batches
    assert batch.bans["edge-1", EVE.network].ban == EVE and scene.cut == [EVE.network]


def test_an_attack_from_everywhere_does_not_fill_the_log(scene: Scene) -> None:
    with structlog.testing.capture_logs() as lines:
        for _ in range(500):
            scene.keeper.banned(EVE, 3_600.0)
    assert len(lines) == LINES_PER_SECOND


def test_what_is_allowed_is_kept_until_it_is_not(scene: Scene) -> None:
    entry = AllowRecord("192.0.2.1", "office", 5)
    for act in (lambda: scene.keeper.allowed(entry), lambda: scene.keeper.disallowed("192.0.2.1")):
        with structlog.testing.capture_logs() as lines:
            act()
        assert len(lines) == 1 and lines[0]["source"] == "192.0.2.1"
        scene.writer.finish()
    kept = [batch.allowed["192.0.2.1"] for batch in scene.writer.batches]
    assert kept == [entry, None]


def test_a_refused_call_is_logged_without_its_number() -> None:
    with structlog.testing.capture_logs() as lines:
        report_fraud(CallId("call_1"), "+442079460123", Refusal("fraud_rate", 403, "why", "fix"))
    (line,) = lines
    assert line["call_id"] == "call_1" and line["code"] == "fraud_rate"
    assert "4420" not in str(line) and line["number"].endswith("23")


def test_metrics_count_bans_drops_and_failures() -> None:
    made = shield()
    for _ in range(10):
        made.failed("198.51.100.66", "1001", "", 1.0)
    made.refuses("198.51.100.66", 2.0)
    metrics, fraud = Metrics(), FraudGuard()
    fraud.refused["fraud_daily"] += 1
    watch_security(metrics, made, fraud, lambda: 3.0)
    text = metrics.render().decode()
    for line in (
        "tandem_bans 1.0",
        "tandem_banned_dropped_total 1.0",
        "tandem_bans_failed_auth_total 1.0",
        "tandem_offences_failed_auth_total 10.0",
        "tandem_offences_scanner_total 0.0",
        "tandem_fraud_daily_refused_total 1.0",
    ):
        assert f"\n{line}\n" in text
