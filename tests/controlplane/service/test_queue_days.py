"""What queues did by day, kept where a restart does not reach."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.schema import StoreLimits
from controlplane.service.queue_days import INTERVAL, QueueDays
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.acd.tally import Ledger, Tally
from edge.directory import AccountId
from edge.error import Refusal
from tests.support.clock import HandClock

ACC = AccountId("acc_demo")
BEFORE_MIDNIGHT = 1_795_928_399_000
"23:59:59 of 28 November 2026 in New York, when it is the 29th in Greenwich [ms UTC]."


class Rig:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.begin()

    def begin(self) -> None:
        """A daemon starts."""
        self.clock = HandClock()
        self.tally = Tally()
        ledger = Ledger()
        ledger.tallies[ACC, "support"] = self.tally
        account = SimpleNamespace(id=ACC, timezone="America/New_York")
        directory: Any = SimpleNamespace(account=lambda id: account if id == ACC else None)
        wall = lambda now: BEFORE_MIDNIGHT + int(now * 1000)  # noqa: E731
        self.days = QueueDays(ledger, directory, self.store, self.clock, wall)

    async def shown(self, *days: str) -> list[dict[str, Any]]:
        found: Any = await self.days.show(ACC, *days)
        assert found["account_id"] == ACC
        rows: list[dict[str, Any]] = found["days"]
        return rows


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    store = await Store.open(DataFolder.open(tmp_path), StoreLimits(), lambda: BEFORE_MIDNIGHT)
    yield Rig(store)
    await store.close()


async def test_a_day_goes_on_after_a_restart_and_ends_at_midnight_of_the_account(rig: Rig) -> None:
    rig.days.start()
    rig.tally.joined, rig.tally.abandoned, rig.tally.left = 3, 1, 1
    rig.tally.took(2.0, 20.0)
    rig.days.stop()
    rig.begin()
    rig.days.start()
    rig.tally.joined = 2
    rig.tally.took(4.0, 20.0)
    rig.tally.took(30.0, 20.0)
    (day,) = await rig.shown()
    assert (day["name"], day["day"]) == ("support", "2026-11-28")
    assert (day["joined"], day["answered"], day["in_time"], day["abandoned"]) == (5, 3, 2, 1)
    assert (day["left_early"], day["service_level"], day["average_wait"]) == (1, 0.5, 12.0)
    rig.clock.advance(INTERVAL)
    rig.tally.joined += 1
    rig.clock.advance(INTERVAL)
    days = await rig.shown()
    assert [(one["day"], one["joined"]) for one in days] == [("2026-11-28", 5), ("2026-11-29", 1)]
    assert days[1]["service_level"] is None and days[1]["average_wait"] is None
    assert await rig.shown("2026-11-29") == days[1:] and await rig.shown("", "2026-11-28") == days[:1]


async def test_what_has_not_changed_is_not_written(rig: Rig) -> None:
    rig.days.start()
    rig.clock.advance(10 * INTERVAL)
    assert rig.store.journal.depth == 0
    rig.tally.missed = 1
    rig.clock.advance(10 * INTERVAL)
    assert rig.store.journal.depth == 1
    rig.days.stop()
    rig.tally.missed = 2
    rig.clock.advance(10 * INTERVAL)
    assert (await rig.shown())[0]["missed"] == 2, "who asks has what was counted until now"


@pytest.mark.parametrize("day", ["today", "2026-13-01", "20261128", "2026-11-28T00:00", "x" * 9_999])
async def test_what_is_no_day_is_refused(rig: Rig, day: str) -> None:
    refusal = await rig.days.show(ACC, day)
    assert isinstance(refusal, Refusal) and refusal.status == 400
    await asyncio.sleep(0)


async def test_the_account_must_be_there(rig: Rig) -> None:
    refusal = await rig.days.show("nobody")
    assert isinstance(refusal, Refusal) and refusal.code == "no_such_account"
