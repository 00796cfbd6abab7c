"""Counts of queues by day, added to in a real database."""

from controlplane.store import queue_day
from controlplane.store.batch import Batch
from controlplane.store.queue_day import QueueDay, added
from controlplane.store.table import QUEUE_DAY_COUNTS
from edge.directory import AccountId
from tests.support.database import Database

ACC, OTHER = AccountId("acc_demo"), AccountId("acc_other")
ONE = tuple(range(len(QUEUE_DAY_COUNTS)))


async def test_counts_of_the_same_day_add_up_and_old_days_are_forgotten(database: Database) -> None:
    writer = database.writer()
    days = [(ACC, "q", "2026-11-27"), (ACC, "q", "2026-11-28"), (OTHER, "q", "2026-11-28")]
    assert writer.write(Batch(queue_days=dict.fromkeys(days, ONE))).committed
    assert writer.write(Batch(queue_days={days[1]: ONE})).committed
    engine = database.engine()
    async with engine.connect() as connection:
        found = await queue_day.of_account(connection, ACC, "", "9999-12-31", 10)
        assert found == [
            QueueDay(ACC, "q", "2026-11-27", ONE),
            QueueDay(ACC, "q", "2026-11-28", added(ONE, ONE)),
        ]
        assert await queue_day.of_account(connection, ACC, "2026-11-28", "9999-12-31", 10) == found[1:]
        assert await queue_day.of_account(connection, ACC, "", "2026-11-27", 10) == found[:1]
        assert await queue_day.of_account(connection, ACC, "", "9999-12-31", 1) == found[1:]
    assert writer.write(Batch(prune_cdrs_before=1_795_824_000_000)).committed  # 2026-11-28
    async with engine.connect() as connection:
        assert await queue_day.of_account(connection, ACC, "", "9999-12-31", 10) == found[1:]
    writer.close()
    await engine.dispose()
