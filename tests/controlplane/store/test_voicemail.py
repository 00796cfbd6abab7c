"""Rows of messages."""

from dataclasses import replace

from controlplane.store import voicemail
from controlplane.store.batch import Batch
from controlplane.store.voicemail import Count, Voicemail
from edge.directory import AccountId
from edge.journal import CallId
from tests.support.database import Database

ACCOUNT = AccountId("acc_demo")


def message(call: str, started_at: int, mailbox: str = "1001") -> Voicemail:
    key = f"{ACCOUNT}/vm/{call}.wav"
    return Voicemail(key, ACCOUNT, mailbox, CallId(call), "1002", started_at, 4_000)


async def test_a_message_that_is_told_of_twice_is_one(database: Database) -> None:
    writer = database.writer()
    rows = [message("call_1", 1), message("call_2", 2), message("call_2", 2), message("call_3", 3, "1002")]
    assert writer.write(Batch(messages={row.key + str(n): row for n, row in enumerate(rows)})).committed
    writer.close()
    engine = database.engine()
    async with engine.connect() as connection:
        assert await voicemail.before(connection, 100, 10) == [rows[0], rows[1], rows[3]]
    await engine.dispose()


async def test_new_and_old_ones_are_counted_and_come_oldest_first(database: Database) -> None:
    writer = database.writer()
    heard = replace(message("call_1", 1), heard_at=50)
    new = [message("call_3", 3), message("call_2", 2)]
    gone, other = message("call_4", 4), message("call_5", 5, "1002")
    writer.write(Batch(messages={row.key: row for row in (heard, *new, gone, other)}))
    writer.write(Batch(messages={gone.key: None}))
    writer.close()
    engine = database.engine()
    async with engine.connect() as connection:
        counts = await voicemail.counts(connection)
        assert sorted(counts, key=lambda count: count.mailbox) == [
            Count(ACCOUNT, "1001", 2, 1),
            Count(ACCOUNT, "1002", 1, 0),
        ]
        assert await voicemail.counts(connection, ACCOUNT, "1002") == [Count(ACCOUNT, "1002", 1, 0)]
        assert await voicemail.counts(connection, ACCOUNT, "1009") == []
        found = [await voicemail.message(connection, ACCOUNT, "1001", index, 0) for index in range(3)]
        assert found == [new[1], new[0], None]
        assert await voicemail.message(connection, ACCOUNT, "1001", 0, 51) == heard
        assert await voicemail.message(connection, ACCOUNT, "1001", 0, 50) is None
        assert await voicemail.by_key(connection, ACCOUNT, "1001", heard.key) == heard
        assert await voicemail.by_key(connection, ACCOUNT, "1002", heard.key) is None
    await engine.dispose()
