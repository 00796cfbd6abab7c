"""The media folder and its copy in a bucket, against an S3 service that we did not write (moto's server)."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from config.bucket import MediaBucket
from controlplane.provider.bucket import Bucket
from controlplane.service.mirror import BucketMirror, Mirror, is_kept
from tests.support.s3 import mirror_of, running, s3_server, sent

NOWHERE = "http://127.0.0.1:9"


def keep(mirror: Mirror, media: Path, key: str, content: bytes) -> None:
    """As whoever writes the folder does it."""
    path = media / key
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    mirror.put(key)
    part.replace(path)


async def held(settings: MediaBucket, folder: str = "") -> dict[str, int]:
    return {one.key: one.size async for one in Bucket(settings).list(folder)}


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_folder_alone_needs_nothing(tmp_path: Path) -> None:
    mirror = Mirror()
    keep(mirror, tmp_path, "a.wav", b"1")
    mirror.erase("a.wav")
    assert not await mirror.bring("a.wav") and await mirror.old(["a"], 1.0, 1) is None
    await mirror.restore(["acc"])


async def test_what_is_kept_here_is_in_the_bucket_and_what_is_erased_is_not(tmp_path: Path) -> None:
    settings, media = s3_server().bucket(), tmp_path / "media"
    mirror = mirror_of(media, settings)
    async with running(mirror):
        for number in range(20):
            keep(mirror, media, f"acc/rec/{number}.wav", bytes(number + 1))
        await sent(mirror)
        assert await held(settings) == {f"acc/rec/{number}.wav": number + 1 for number in range(20)}
        mirror.erase("acc/rec/3.wav")
        (media / "acc/rec/3.wav").unlink()
        assert not await mirror.bring("acc/rec/3.wav"), "it is going"
        await sent(mirror)
        assert "acc/rec/3.wav" not in await held(settings)
        assert not await mirror.bring("acc/rec/3.wav")
        assert [path for path in (tmp_path / "mirror").rglob("*") if path.suffix in (".put", ".erase")] == []


async def test_the_last_content_is_the_one_that_stays(tmp_path: Path) -> None:
    settings, media = s3_server().bucket(), tmp_path / "media"
    mirror = mirror_of(media, settings)
    async with running(mirror):
        for number in range(30):
            keep(mirror, media, "a.wav", bytes(number + 1))
            await asyncio.sleep(0.003 * (number % 5))
        mirror.erase("a.wav")
        (media / "a.wav").unlink()
        keep(mirror, media, "a.wav", bytes(31))
        await sent(mirror)
        assert await held(settings) == {"a.wav": 31}


async def test_nothing_waits_for_a_bucket_that_is_away_and_nothing_is_lost(tmp_path: Path) -> None:
    settings, media = s3_server().bucket(), tmp_path / "media"
    away = settings.model_copy(update={"endpoint": NOWHERE, "timeout": 1.0})
    mirror = mirror_of(media, away)
    with structlog.testing.capture_logs() as logs:
        async with running(mirror):
            began = time.monotonic()
            for number in range(50):
                keep(mirror, media, f"acc/vm/{number}.wav", b"x")
            assert time.monotonic() - began < 5, "only files are written"
            await until(lambda: any("not sent to the bucket yet" in log["event"] for log in logs))
    # Ended without a word: what is on disk is all that the next run has.
    mirror = mirror_of(media, settings)
    async with running(mirror):
        await sent(mirror)
        assert len(await held(settings)) == 50


async def test_a_mark_whose_file_never_came_is_forgotten(tmp_path: Path) -> None:
    settings, media = s3_server().bucket(), tmp_path / "media"
    first = mirror_of(media, settings)
    first.put("acc/vm/never.wav")
    first.put("acc/vm/gone.wav")
    first.erase("acc/vm/gone.wav")
    keep(first, media, "acc/vm/erased.wav", b"1")
    first.erase("acc/vm/erased.wav")  # we are ended before the file goes
    mirror = mirror_of(media, settings)
    async with running(mirror):
        await sent(mirror)
        assert await held(settings) == {} and not (media / "acc/vm/erased.wav").exists()
        assert not list((tmp_path / "mirror").rglob("*.put")) + list((tmp_path / "mirror").rglob("*.erase"))


async def test_more_than_the_queue_holds_in_memory_is_sent_too(tmp_path: Path) -> None:
    settings, media = s3_server().bucket(), tmp_path / "media"
    small = settings.model_copy(update={"queue": 10})
    mirror = mirror_of(media, small)
    for number in range(25):
        keep(mirror, media, f"{number}.wav", b"x")
    assert mirror.waiting == 10
    async with running(mirror):
        await until(lambda: not list((tmp_path / "mirror").rglob("*.put")))
        assert len(await held(settings)) == 25


async def test_a_bucket_that_is_new_is_sent_what_is_here_already(tmp_path: Path) -> None:
    media = tmp_path / "media"
    keep(Mirror(), media, "acc/call/old.wav", b"old")
    (media / "acc/call/live.wav.part").write_bytes(b"still written")
    keep(Mirror(), media, ".mp3/acc/call/old.mp3", b"made of it")
    for settings in (s3_server().bucket(), s3_server().bucket()):
        mirror = mirror_of(media, settings)
        async with running(mirror):
            await sent(mirror)
        assert await held(settings) == {"acc/call/old.wav": 3}
    mirror = mirror_of(media, settings)
    async with running(mirror):
        assert mirror.waiting == 0, "it is known by now"


async def test_the_least_used_gives_way_but_for_what_waits_and_what_calls_look_for(tmp_path: Path) -> None:
    settings, media = s3_server().bucket(), tmp_path / "media"
    mirror = mirror_of(media, settings.model_copy(update={"cache_bytes": 1_000_000}))
    assert isinstance(mirror, BucketMirror)
    names = ("acc/call/a.wav", "acc/call/b.wav", "acc/call/c.wav", "acc/greeting/1001.wav")
    for used, name in enumerate(names):
        keep(mirror, media, name, bytes(400_000))
        # After it was written and last touched: then to read it, so as to send it, is not noted (relatime).
        os.utime(media / name, (time.time() + 100 + used, 1_000))
    assert await mirror.evict() == 0, "the bucket has nothing yet"
    async with running(mirror):
        await sent(mirror)
        await mirror.evict()
        assert {path.relative_to(media).as_posix() for path in media.rglob("*.wav")} == {names[2], names[3]}
        assert await mirror.bring(names[0]) and (media / names[0]).stat().st_size == 400_000


async def test_many_who_ask_for_one_file_fetch_it_once(tmp_path: Path) -> None:
    settings, media = s3_server().bucket(), tmp_path / "media"
    mirror = mirror_of(media, settings)
    async with running(mirror):
        keep(mirror, media, "a.wav", b"1")
        await sent(mirror)
        (media / "a.wav").unlink()
        assert all(await asyncio.gather(*(mirror.bring("a.wav") for _ in range(20))))
        assert (media / "a.wav").read_bytes() == b"1" and not list((tmp_path / "mirror/incoming").iterdir())


async def test_another_machine_brings_greetings_and_prompts(tmp_path: Path) -> None:
    settings = s3_server().bucket()
    names = ("system/en-US/female/welcome.wav", "acc/greeting/1001.wav", "acc/call/long.wav")
    mirror = mirror_of(tmp_path / "one/media", settings)
    async with running(mirror):
        for name in names:
            keep(mirror, tmp_path / "one/media", name, b"1")
        await sent(mirror)
    other = mirror_of(tmp_path / "two/media", settings)
    async with running(other):
        await other.restore(["acc"])
        found = {
            path.relative_to(tmp_path / "two/media").as_posix() for path in (tmp_path / "two").rglob("*.wav")
        }
        assert found == set(names[:2]) and all(map(is_kept, found)) and not is_kept(names[2])


async def test_what_is_too_old_or_too_much_in_the_bucket_is_found(tmp_path: Path) -> None:
    settings, media = s3_server().bucket(), tmp_path / "media"
    mirror = mirror_of(media, settings)
    async with running(mirror):
        for name in ("acc/call/a.wav", "acc/call/b.wav", "acc/rec/c.wav", "acc/vm/d.wav"):
            keep(mirror, media, name, bytes(100))
            await sent(mirror)
        folders = ["acc/call", "acc/rec"]
        assert await mirror.old(folders, 0.0, None) == [] == await mirror.old(folders, None, 300)
        assert sorted(await mirror.old(folders, time.time() + 60, None) or ()) == [
            "acc/call/a.wav",
            "acc/call/b.wav",
            "acc/rec/c.wav",
        ]
        assert len(await mirror.old(folders, None, 150) or ()) == 2
