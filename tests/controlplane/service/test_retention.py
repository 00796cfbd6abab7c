"""What is old or too much goes, and nothing else."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from config.schema import StoreLimits
from controlplane.service.retention import FIRST, INTERVAL, Retention, erase_recordings
from controlplane.service.voicemail import VoicemailService
from controlplane.store import call, journal
from controlplane.store.store import Store
from edge.journal import CallId
from tests.controlplane.store.test_voicemail import message
from tests.support.database import Database
from tests.support.journal import cdr, event

DAY = 86_400
NOW = 1_000 * DAY


class Clock:
    def __init__(self) -> None:
        self.due: list[tuple[float, Callable[[], object]]] = []

    def call_later(self, delay: float, callback: Callable[[], object], /) -> "Clock":
        self.due.append((delay, callback))
        return self

    def cancel(self) -> None:
        self.due.clear()


def retention(store: Store, media: Path, clock: Clock, **limits: object) -> Retention:
    voicemail = VoicemailService(store, media, lambda: NOW * 1000, lambda *told: None)
    values = StoreLimits.model_validate(limits)
    spawn = asyncio.get_running_loop().create_task
    return Retention(store, voicemail, media, values, lambda: NOW * 1000, clock, spawn)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return Database.new(request.param, tmp_path)


async def test_rows_beyond_the_limit_go_with_later_commits(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "PRUNE_INTERVAL", 0.0)
    wall = [0]
    store = await database.store(lambda: wall[0])
    for n in range(1_010):
        store.journal.closed(cdr(f"call_{n}", started_at=NOW * 1000 + n))
    for n in range(1_003):
        wall[0] = NOW * 1000 + n
        store.journal.traced(CallId(f"call_{n}"), [event()])
        await store.flush()
    await retention(store, tmp_path, Clock(), cdr_rows=1_000, trace_chunks=1_000).keep_to_limits()
    assert (store.journal.oldest_cdr, store.journal.oldest_trace) == (NOW * 1000 + 10, NOW * 1000 + 3)
    store.journal.closed(cdr("call_9999", started_at=NOW * 1000 + 9_999))
    await store.close()
    assert database.rows("SELECT count(*), min(started_at) FROM cdr") == [(1_001, NOW * 1000 + 10)]
    assert database.rows("SELECT count(*) FROM trace_chunk") == [(1_000,)]


async def test_old_cdrs_go_by_age(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "PRUNE_INTERVAL", 0.0)
    store = await database.store(lambda: NOW * 1000)
    age = int(StoreLimits().cdrs_kept)
    store.journal.closed(cdr("call_old", started_at=(NOW - age) * 1000 - 1))
    store.journal.closed(cdr("call_new", started_at=(NOW - age) * 1000))
    await store.close()
    assert database.rows("SELECT id FROM cdr") == [("call_new",)]


async def test_old_messages_go_with_their_files(tmp_path: Path) -> None:
    database = Database.new("sqlite", tmp_path)
    store = await database.store()
    for name, days in (("call_old", 31), ("call_new", 29)):
        row = message(name, (NOW - days * DAY) * 1000)
        path = tmp_path / row.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        store.journal.message(row)
    await store.flush()
    await retention(store, tmp_path, Clock()).keep_to_limits()
    assert len(list(tmp_path.glob("*/vm/*.wav"))) == 2, "messages are their users' by default"
    with structlog.testing.capture_logs():
        await retention(store, tmp_path, Clock(), voicemail_kept=30 * DAY).keep_to_limits()
    await store.close()
    assert [path.stem for path in tmp_path.glob("*/vm/*.wav")] == ["call_new"]
    assert database.rows("SELECT call_id FROM voicemail") == [("call_new",)]


def test_recordings_go_by_age_then_the_oldest_by_size(tmp_path: Path) -> None:
    for folder in ("acc_a/rec", "acc_b/call", "acc_b/vm"):
        (tmp_path / folder).mkdir(parents=True)
        for age in (1, 2, 3):
            path = tmp_path / folder / f"{age}.wav"
            path.write_bytes(bytes(100))
            os.utime(path, (NOW - age, NOW - age))
    (tmp_path / "acc_a/rec/now.wav.part").touch()

    def left() -> list[str]:
        return sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.wav"))

    assert erase_recordings(tmp_path, NOW - 3, None) == 0, "exactly as old as is kept"
    assert erase_recordings(tmp_path, NOW - 2.5, None) == 2
    assert erase_recordings(tmp_path, None, 300) == 1
    assert erase_recordings(tmp_path, None, 0) == 3
    assert left() == ["acc_b/vm/1.wav", "acc_b/vm/2.wav", "acc_b/vm/3.wav"], "messages have their own limit"
    assert (tmp_path / "acc_a/rec/now.wav.part").exists()


async def test_it_goes_on_until_it_is_stopped_and_survives_a_broken_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await Database.new("sqlite", tmp_path).store()
    clock = Clock()
    kept = retention(store, tmp_path, clock)
    kept.start()
    (first, fire) = clock.due.pop()
    monkeypatch.setattr(kept, "_spawn", lambda coroutine: coroutine.close())
    fire()
    assert first == FIRST and [delay for delay, _ in clock.due] == [INTERVAL]

    async def broken(*given: object) -> int:
        raise OSError("no database")

    monkeypatch.setattr(call, "oldest_of", broken)
    with structlog.testing.capture_logs() as logs:
        await kept.keep_to_limits()
    assert "no database" in logs[0]["why"]
    kept.stop()
    assert clock.due == []
    await store.close()
