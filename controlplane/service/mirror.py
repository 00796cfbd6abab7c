"""The media folder and its copy in a bucket: written here first, sent later, brought back when asked for.

::

    put(key), rename ─▶ <data>/mirror/queue/<key>.put ─▶ sent ─▶ mark removed         (kept until it is)
    erase(key)       ─▶ <data>/mirror/queue/<key>.erase ─▶ erased ─▶ mark removed
    bring(key)       ◀─ <data>/mirror/incoming ◀─ bucket

No call waits for the bucket. A mark is a file, made before the file that it is of gets its name, so the queue
survives whatever ends us: a mark without a file has nothing to send, what is sent twice does no harm.
What the bucket has may give way here to `cache_bytes`, but not greetings and prompts.
"""

import asyncio
import contextlib
import heapq
import os
import random
import secrets
import shutil
from collections.abc import Callable, Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from config.bucket import MediaBucket
from controlplane.provider.bucket import Bucket, BucketError
from edge.recordings import PART

FOLDER: Final = "mirror"
"In the data folder."
PUT: Final = ".put"
ERASE: Final = ".erase"
PAUSE: Final = 0.5
"After a failure; doubled with each further one [s]."
PAUSE_MAX: Final = 60.0
OLD: Final = 5_000
"Keys that are found too old at one time."
FETCHES: Final = 8
"Files brought back at once; more wait."

_log = structlog.get_logger(__name__)


class Mirror:
    """The folder alone: whatever is there, is here."""

    waiting = 0
    "Files that the bucket does not have yet, or still has, as far as they are known in memory."
    remote = False

    def put(self, key: str) -> None:
        """The file of `key` gets its name now: call this in the same step, before it does."""

    def erase(self, key: str) -> None:
        """The file of `key` is going; call this before it does."""

    async def bring(self, key: str) -> bool:
        """Whether the file of `key`, which is not here, is here now. Raises `BucketError`."""
        return False

    async def old(self, folders: Iterable[str], since: float | None, most: int | None) -> list[str] | None:
        """Keys in these folders that were sent before `since` [s UTC], or are the oldest beyond `most` bytes.

        None: the folder says it itself. Raises `BucketError`.
        """
        return None

    async def restore(self, accounts: Iterable[str]) -> None:
        """Bring what calls look for by name alone: another machine may have recorded it."""


class Handle(Protocol):
    def cancel(self) -> object: ...


class BucketMirror(Mirror):
    remote = True

    def __init__(
        self,
        media: Path,
        folder: Path,
        bucket: Bucket,
        settings: MediaBucket,
        spawn: Callable[[Coroutine[Any, Any, None]], Handle],
        pause: float = PAUSE,
    ) -> None:
        """
        Args:
            media: the media folder.
            folder: of the queue, on the same disk.
            pause: after a first failure [s].
        """
        self._media = media
        self._queue = folder / "queue"
        self._incoming = folder / "incoming"
        self._known = folder / "bucket"
        self._bucket = bucket
        self._settings = settings
        self._spawn = spawn
        self._pause = pause
        self._keys: dict[str, None] = {}
        self._busy: set[str] = set()
        self._more = False  # marks that are on disk alone
        self._wake = asyncio.Event()
        self._fetching: dict[str, asyncio.Task[bool]] = {}
        self._slots = asyncio.Semaphore(FETCHES)
        self._failures = 0
        self._added = 0  # since the cache was looked through [bytes]
        self._tasks: list[Handle] = []

    @property
    def waiting(self) -> int:  # type: ignore[override]
        return len(self._keys) + len(self._busy)

    async def open(self) -> None:
        """Take up what a former run left; a bucket that is new is sent all that is here."""
        await asyncio.to_thread(self._prepare)
        await self._refill()
        self._tasks = [self._spawn(self._work()) for _ in range(self._settings.uploads)]

    def close(self) -> None:
        """What waits is sent by the next run."""
        for task in self._tasks:
            task.cancel()

    def put(self, key: str) -> None:
        mark = self._mark(key, PUT)
        mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark.touch(mode=0o600)
        self._mark(key, ERASE).unlink(missing_ok=True)
        self._add(key)

    def erase(self, key: str) -> None:
        mark = self._mark(key, ERASE)
        mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark.touch(mode=0o600)
        self._mark(key, PUT).unlink(missing_ok=True)
        self._add(key)

    async def bring(self, key: str) -> bool:
        if await asyncio.to_thread(self._mark(key, ERASE).exists):
            return False
        task = self._fetching.get(key)
        if task is None:
            task = self._fetching[key] = asyncio.create_task(self._fetch(key))
            task.add_done_callback(lambda _: self._fetching.pop(key, None))
        return await asyncio.shield(task)

    async def old(self, folders: Iterable[str], since: float | None, most: int | None) -> list[str] | None:
        oldest: list[tuple[float, str, int]] = []  # of a heap, the youngest first
        total = 0
        for folder in folders:
            async for one in self._bucket.list(folder):
                total += one.size
                heapq.heappush(oldest, (-one.at, one.key, one.size))
                if len(oldest) > OLD:
                    heapq.heappop(oldest)
        found = []
        for at, key, size in sorted(oldest, reverse=True):
            if (since is None or -at >= since) and (most is None or total <= most):
                break
            found.append(key)
            total -= size
        return found

    async def restore(self, accounts: Iterable[str]) -> None:
        for folder in ("system", *(f"{account}/greeting" for account in accounts)):
            async for one in self._bucket.list(folder):
                if not await asyncio.to_thread((self._media / one.key).exists):
                    await self.bring(one.key)

    async def evict(self) -> int:
        """Let go of the least used of what the bucket has, down to `cache_bytes`; how many that were."""
        gone = 0
        for path, used in await asyncio.to_thread(_surplus, self._media, self._settings.cache_bytes):
            key = path.relative_to(self._media).as_posix()
            if await asyncio.to_thread(self._mark(key, PUT).exists) or key in self._keys or key in self._busy:
                continue
            with contextlib.suppress(OSError):
                status = path.stat()
                # In one step: a file put in its place meanwhile, or read, has another time of use.
                if status.st_atime == used and not self._mark(key, PUT).exists():
                    path.unlink()
                    gone += 1
        return gone

    # Inside.

    def _mark(self, key: str, kind: str) -> Path:
        return self._queue / f"{key}{kind}"

    def _add(self, key: str) -> None:
        if len(self._keys) >= self._settings.queue and key not in self._keys:
            self._more = True
            return
        self._keys[key] = None
        self._wake.set()

    def _prepare(self) -> None:
        shutil.rmtree(self._incoming, ignore_errors=True)
        for folder in (self._media, self._queue, self._incoming):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = self._known.read_text(encoding="utf-8") if self._known.exists() else ""
        if known == self._bucket.url:
            return
        for path in _files(self._media):
            key = path.relative_to(self._media).as_posix()
            if self._mark(key, ERASE).exists():
                continue
            mark = self._mark(key, PUT)
            mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            mark.touch(mode=0o600)
        self._known.write_text(self._bucket.url, encoding="utf-8")

    async def _refill(self) -> None:
        self._more = False
        # One more than there is room for, whatever of it is on its way: then there is more on disk.
        most = self._settings.queue + self._settings.uploads + 1
        for key in await asyncio.to_thread(self._marked, most):
            if key not in self._busy:
                self._add(key)

    def _marked(self, most: int) -> list[str]:
        found: dict[str, None] = {}
        for path in self._queue.rglob("*"):
            if path.suffix in (PUT, ERASE):
                found[path.relative_to(self._queue).as_posix().removesuffix(path.suffix)] = None
                if len(found) >= most:
                    break
        return list(found)

    async def _work(self) -> None:
        while True:
            # What is on its way already is sent again once it has arrived.
            key = next((key for key in self._keys if key not in self._busy), None)
            if key is None and self._more and not self._keys:
                await self._refill()
                continue
            if key is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            del self._keys[key]
            self._busy.add(key)
            try:
                await self._settle(key)
                self._failures = 0
                self._busy.discard(key)
            except (BucketError, OSError) as error:
                self._failures += 1
                self._busy.discard(key)
                self._add(key)  # behind the others: one that is always refused holds up nobody
                _log.warning("not sent to the bucket yet", key=key, why=str(error), failures=self._failures)
                await self._rest()
            finally:
                self._busy.discard(key)
                self._wake.set()

    async def _rest(self) -> None:
        seconds = min(PAUSE_MAX, self._pause * 2 ** min(self._failures - 1, 20))
        # Not all at the same moment, once the service is back.
        await _wait(seconds * random.uniform(0.5, 1.0))

    async def _settle(self, key: str) -> None:
        """Make the bucket what the marks of `key` say."""
        put, erase, path = self._mark(key, PUT), self._mark(key, ERASE), self._media / key
        began = _changed(put)
        if began is not None and await self._bucket.send(key, path):
            await self._evict_if_due(path)
        elif erase.exists():
            if began is None:
                path.unlink(missing_ok=True)  # we were ended between the mark and this
            await self._bucket.erase(key)
            if key not in self._keys:
                erase.unlink(missing_ok=True)
        # In one step: a mark made anew meanwhile stands for another file.
        if key not in self._keys and _changed(put) == began:
            put.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.removedirs(put.parent)

    async def _fetch(self, key: str) -> bool:
        part = self._incoming / f"{secrets.token_hex(8)}{PART}"
        path = self._media / key
        try:
            async with self._slots:
                if not await self._bucket.bring(key, part):
                    return False
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # In one step: what was put here meanwhile is newer.
            if not path.exists() and not self._mark(key, ERASE).exists():
                part.replace(path)
            return path.exists()
        finally:
            with contextlib.suppress(OSError):
                part.unlink()

    async def _evict_if_due(self, sent: Path) -> None:
        self._added += _size(sent)
        if self._added > self._settings.cache_bytes // 10:
            self._added = 0
            await self.evict()


def _files(media: Path) -> Iterator[Path]:
    """Those with keys: no MP3s made of them, and nothing that is still written."""
    for path in media.rglob("*"):
        steps = path.relative_to(media).parts
        if (
            not path.name.endswith(PART)
            and not any(step.startswith(".") for step in steps)
            and path.is_file()
        ):
            yield path


def _surplus(media: Path, most: int) -> list[tuple[Path, float]]:
    """The least used beyond `most` bytes, and when each was used last [s UTC]."""
    found = []
    left = 0
    for path in _files(media):
        with contextlib.suppress(OSError):
            status = path.stat()
            left += status.st_size
            if not is_kept(path.relative_to(media).as_posix()):
                found.append((status.st_atime, status.st_size, path))
    surplus = []
    for used, size, path in sorted(found):
        if left <= most:
            break
        surplus.append((path, used))
        left -= size
    return surplus


def is_kept(key: str) -> bool:
    """Whether calls look for the file by its name alone, so that it must be here."""
    steps = key.split("/")
    return steps[0] == "system" or (len(steps) == 3 and steps[1] == "greeting")


def _changed(mark: Path) -> int | None:
    try:
        return mark.stat().st_mtime_ns
    except OSError:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


async def _wait(seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
