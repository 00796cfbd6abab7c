"""The media folder of a node with all that lives off it."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from config.bucket import MediaBucket
from config.schema import Settings
from controlplane.archive import Archive
from controlplane.observe.metrics import Metrics
from controlplane.store.error import StoreError
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from controlplane.tasks import Tasks
from edge.directory import AccountId
from edge.flow.command import Consult
from edge.journal import CallId
from edge.recordings import Keep, Recording
from tests.support.database import new_database
from tests.support.s3 import s3_server, sent

NOTHING: Any = None
ACCOUNT = AccountId("acc")


def settings_of(folder: Path, bucket: MediaBucket | None) -> Settings:
    account = {"id": "acc", "domain": "a.example", "users": [{"number": "1001"}]}
    made = Settings.model_validate({"node": {"data": folder}, "accounts": [account]})
    return made.model_copy(update={"media": made.media.model_copy(update={"store": bucket})})


async def opened(folder: Path) -> Store:
    folder.mkdir(exist_ok=True)
    new_database(folder)
    return await Store.open(DataFolder.open(folder), settings_of(folder, None).limits.store, lambda: 1)


def test_a_daemon_without_a_bucket_does_not_load_obstore() -> None:
    program = "import sys, controlplane.daemon; sys.exit('obstore' in sys.modules)"
    import subprocess

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_a_bucket_that_cannot_be_had_ends_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    store = await opened(tmp_path)
    async with Tasks() as tasks:
        with pytest.raises(StoreError, match="needs obstore"):
            wanted = settings_of(tmp_path, MediaBucket(url="s3://bucket"))
            Archive(wanted, store, tasks, asyncio.get_running_loop())
    await store.close()


async def test_a_message_is_in_the_bucket_is_heard_from_there_and_goes_from_there(
    tmp_path: Path, bucket: MediaBucket | None
) -> None:
    store = await opened(tmp_path)
    metrics = Metrics()
    async with Tasks() as tasks:
        wanted = settings_of(tmp_path, bucket)
        archive = Archive(wanted, store, tasks, asyncio.get_running_loop())
        archive.took(wanted.accounts)
        voicemail = await archive.open(NOTHING, FakeDirectory())
        await archive.start(NOTHING)
        archive.watch(metrics)
        assert (b"tandem_media_uploads_waiting" in metrics.render()) == (bucket is not None)
        recording = Recording(ACCOUNT, CallId("call_1"), "vm", 1, "1001", "1002", 5)
        path = archive.folder / recording.key
        path.with_name("call_1.wav.part").write_bytes(b"RIFF")
        archive.keeper.keep(Keep(recording, 3_000, ""))
        if bucket is not None:
            await sent(archive.mirror)
            path.unlink()
        reply = await voicemail.consult(ACCOUNT, Consult("1001", 0, 0, "", ""))
        assert reply["key"] == recording.key and path.read_bytes() == b"RIFF"
        await voicemail.consult(ACCOUNT, Consult("1001", 0, 0, "", recording.key))
        assert not path.exists()
        await sent(archive.mirror)
        assert not await archive.mirror.bring(recording.key)
        archive.close()
    await store.close()


async def test_a_message_in_a_bucket_that_is_away_is_said_to_be_unreadable(tmp_path: Path) -> None:
    settings = s3_server().bucket().model_copy(update={"endpoint": "http://127.0.0.1:9", "timeout": 1.0})
    store = await opened(tmp_path)
    async with Tasks() as tasks:
        wanted = settings_of(tmp_path, settings)
        archive = Archive(wanted, store, tasks, asyncio.get_running_loop())
        archive.took(wanted.accounts)
        voicemail = await archive.open(NOTHING, FakeDirectory())
        recording = Recording(ACCOUNT, CallId("call_1"), "vm", 1, "1001", "1002", 5)
        (archive.folder / f"{recording.key}.part").write_bytes(b"RIFF")
        archive.keeper.keep(Keep(recording, 3_000, ""))
        assert (await voicemail.consult(ACCOUNT, Consult("1001", 0, 0, "", "")))["status"] == 200
        (archive.folder / recording.key).unlink()
        assert (await voicemail.consult(ACCOUNT, Consult("1001", 0, 0, "", "")))["status"] == 503
        archive.close()
    await store.close()


async def test_greetings_of_another_machine_are_found(tmp_path: Path) -> None:
    bucket = s3_server().bucket()
    recording = Recording(ACCOUNT, CallId("call_1"), "greeting", 1, "1001", "1001", 5)
    for name in ("one", "two"):
        store = await opened(tmp_path / name)
        async with Tasks() as tasks:
            wanted = settings_of(tmp_path / name, bucket)
            archive = Archive(wanted, store, tasks, asyncio.get_running_loop())
            archive.took(wanted.accounts)
            await archive.open(NOTHING, FakeDirectory())
            if name == "one":
                (archive.folder / f"{recording.key}.part").write_bytes(b"RIFF")
                archive.keeper.keep(Keep(recording, 3_000, ""))
            deadline = time.monotonic() + 60
            while archive.keeper.greeting("acc", "1001") is None:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.01)
            await sent(archive.mirror)
            archive.close()
        await store.close()


class FakeDirectory:
    def user(self, account: AccountId, name: str) -> None:
        return None
