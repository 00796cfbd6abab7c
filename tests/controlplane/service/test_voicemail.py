"""Mailboxes: counts that phones are told, and steps through the messages."""

import os
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from config.schema import StoreLimits
from controlplane.service.voicemail import VoicemailService
from controlplane.store import voicemail
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from controlplane.store.voicemail import Voicemail
from edge.directory import AccountId
from edge.event.message_summary import Mailbox
from edge.flow.command import Consult
from edge.journal import CallId
from tests.support.database import Database, new_database
from tests.support.directory import FakeDirectory
from tests.support.journal import cdr, event

ACCOUNT = AccountId("acc_demo")


class Site:
    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.told: list[tuple[str, Mailbox]] = []
        self.service = VoicemailService(
            store,
            folder,
            lambda: 1_000,
            lambda account, mailbox, waiting: self.told.append((mailbox, waiting)),
        )

    def leave(self, call: str, started_at: int, mailbox: str = "1001") -> Path:
        key = f"{ACCOUNT}/vm/{call}.wav"
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"RIFF")
        self.store.journal.message(Voicemail(key, ACCOUNT, mailbox, CallId(call), "1002", started_at, 4_000))
        return path


@asynccontextmanager
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    new_database(tmp_path)
    store = await Store.open(DataFolder.open(tmp_path), StoreLimits(), lambda: 0)
    try:
        yield Site(store, tmp_path / "media")
    finally:
        await store.close()


async def test_a_message_that_was_left_is_counted_once_it_is_on_disk(tmp_path: Path) -> None:
    async with site(tmp_path) as made:
        made.leave("call_1", 1)
        assert await made.service.count(ACCOUNT, "1001") == Mailbox(new=1)
        assert made.told == [("1001", Mailbox(new=1))]


async def test_what_waits_already_is_told_at_the_start(tmp_path: Path) -> None:
    async with site(tmp_path) as made:
        made.leave("call_1", 1)
        made.leave("call_2", 2, "1002")
        await made.store.flush()
        await made.service.open()
        assert sorted(made.told) == [("1001", Mailbox(new=1)), ("1002", Mailbox(new=1))]


async def test_a_message_is_found_heard_and_found_again_among_the_old_ones(tmp_path: Path) -> None:
    async with site(tmp_path) as made:
        made.leave("call_1", 1)
        found = await made.service.consult(ACCOUNT, Consult("1001"))
        key = f"{ACCOUNT}/vm/call_1.wav"
        assert found == {"status": 200, "new": 1, "old": 0, "key": key, "caller": "1002", "at": 1}
        assert await made.service.consult(ACCOUNT, Consult("1001", heard=key)) == {
            "status": 200,
            "new": 0,
            "old": 1,
        }
        assert made.told[-1] == ("1001", Mailbox(new=0, old=1))
        assert (await made.service.consult(ACCOUNT, Consult("1001", before=2_000)))["key"] == key


async def test_an_erased_message_is_gone_with_its_sound(tmp_path: Path) -> None:
    async with site(tmp_path) as made:
        path = made.leave("call_1", 1)
        key = f"{ACCOUNT}/vm/call_1.wav"
        assert await made.service.consult(ACCOUNT, Consult("1001", erase=key)) == {
            "status": 200,
            "new": 0,
            "old": 0,
        }
        assert not path.exists()
        assert await made.service.consult(ACCOUNT, Consult("1001", erase=key))  # somebody else was faster


async def test_nobody_erases_what_is_in_the_mailbox_of_another(tmp_path: Path) -> None:
    async with site(tmp_path) as made:
        path = made.leave("call_1", 1)
        await made.service.consult(ACCOUNT, Consult("1002", erase=f"{ACCOUNT}/vm/call_1.wav"))
        await made.service.consult(AccountId("acc_other"), Consult("1001", erase=f"{ACCOUNT}/vm/call_1.wav"))
        assert path.exists() and await made.service.count(ACCOUNT, "1001") == Mailbox(new=1)


async def test_a_message_whose_row_was_cut_off_gets_it_at_the_next_start(tmp_path: Path) -> None:
    """`kill -9` between the WAV and its row leaves no half object."""
    store = await Database.new("sqlite", tmp_path).store(lambda: 60_000)
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_did("12025550123", "user", "1001")
    media = tmp_path / "media"
    ended = {
        "call_a": cdr("call_a", target="user:1001", callee="1001", caller="1002"),
        "call_b": cdr("call_b", target="", callee="12025550123", caller="14155551234"),
        "call_c": cdr("call_c", target="flow:reception", callee="9000"),
    }
    for name, row in ended.items():
        store.journal.closed(row)
        path = media / f"acc_demo/vm/{name}{'-2' if name == 'call_b' else ''}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 8_000, 0, "NONE", ""))
            file.writeframes(bytes(16_000))
    (media / "acc_demo/vm/call_unknown.wav").touch()
    erased = media / "acc_demo/vm/call_d.wav"
    erased.touch()
    os.utime(erased, (1, 1))
    store.journal.closed(cdr("call_d", target="user:1001"))
    store.journal.traced(CallId("call_a"), [event()])
    await store.flush()
    service = VoicemailService(store, media, lambda: 9_000, lambda *told: None)
    with structlog.testing.capture_logs():
        assert [await service.adopt(directory) for _ in range(2)] == [2, 0]
    async with store.engine.connect() as reader:
        found = await voicemail.before(reader, 10**15, 10)
    assert sorted((row.call, row.caller, row.milliseconds) for row in found) == [
        ("call_a", "1002", 1_000),
        ("call_b", "14155551234", 1_000),
    ]
    await store.close()
