"""A restart is no way to a second day's worth of calls."""

from pathlib import Path

from config.schema import Settings, StoreLimits
from controlplane.service.directory import MemoryDirectory
from controlplane.service.usage import DAY_MS, charge_past_calls
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.journal import CallId
from edge.security.fraud import FraudGuard
from tests.support.database import new_database
from tests.support.journal import cdr

WALL = 10 * DAY_MS
MINUTE = 60_000


async def codes(folder: Path, fraud: dict[str, object], user: dict[str, object]) -> list[str]:
    """What user 1001 and others meet after a restart, twenty minutes abroad and ten by a forward behind."""
    new_database(folder)
    store = await Store.open(DataFolder.open(folder), StoreLimits(), lambda: WALL)
    started = WALL - MINUTE * 60
    spent = {"direction": "out", "caller": "1001", "target": "forward:+442079460000"}
    for n in range(2):
        store.journal.closed(
            cdr(f"out_{n}", started, answered_at=started, ended_at=started + 10 * MINUTE, **spent)
        )
    forwarded = {"direction": "in", "caller": "1001", "target": "forward:+14155550100"}
    store.journal.closed(
        cdr("fwd", started, answered_at=started, ended_at=started + 10 * MINUTE, **forwarded)
    )
    long_ago = WALL - DAY_MS - 1
    store.journal.closed(
        cdr("old", long_ago, answered_at=long_ago, ended_at=long_ago + 1_000 * MINUTE, **spent)
    )
    store.journal.closed(cdr("agent", started, answered_at=started, ended_at=started + 1_000 * MINUTE))
    await store.flush()
    users = [{"number": "1001", "devices": [{"password": "x"}], "fraud": user}]
    settings = Settings.model_validate(
        {"accounts": [{"id": "acc_demo", "domain": "demo.local", "users": users, "fraud": fraud}]}
    )
    directory = MemoryDirectory(settings.accounts, {}, (), {})
    guard = FraudGuard()
    await charge_past_calls(store, guard, settings.accounts, directory, WALL, 50.0)
    await store.close()
    (account,) = directory.accounts()
    refused = [
        guard.admit(CallId(f"c{n}"), account, who, "+14155550100", 51.0)
        for n, who in enumerate((directory.user(account.id, "1001"), None))
    ]
    return ["" if refusal is None else refusal.code for refusal in refused]


async def test_what_was_used_before_the_restart_counts(tmp_path: Path) -> None:
    assert await codes(tmp_path, {"daily": 30}, {}) == ["fraud_daily"] * 2


async def test_what_is_below_the_bound_does_not_refuse(tmp_path: Path) -> None:
    assert await codes(tmp_path, {"daily": 31}, {"daily": 21}) == ["", ""]


async def test_a_user_is_charged_for_his_own_calls_alone(tmp_path: Path) -> None:
    assert await codes(tmp_path, {}, {"daily": 20}) == ["fraud_daily", ""]


async def test_rates_count(tmp_path: Path) -> None:
    assert await codes(tmp_path, {"daily": 60, "rates": {"44": 2.5}}, {}) == ["fraud_daily"] * 2


async def test_without_a_daily_bound_nothing_is_read(tmp_path: Path) -> None:
    assert await codes(tmp_path, {"per_minute": 5}, {}) == ["", ""]
