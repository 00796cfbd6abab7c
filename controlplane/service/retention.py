"""What is kept for how long, and how much of it: `limits.store` carried out once in a while.

Rows go by the journal, some with each commit, so that nothing waits for a long deletion; here is only found
out from which moment on they are too many. Messages and recordings are files: they go here.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from config.schema import StoreLimits
from controlplane.service.mirror import Mirror
from controlplane.service.voicemail import VoicemailService
from controlplane.store import call, trace
from controlplane.store.store import Store

FIRST: Final = 60.0
"After the start [s]."
INTERVAL: Final = 600.0
"[s]"
MESSAGES: Final = 200
"Erased at one time."
FOLDERS: Final = ("rec", "call")
"Of an account in the media folder: what flows recorded, and whole calls."

_log = structlog.get_logger(__name__)


class Handle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def call_later(self, delay: float, callback: Callable[[], object], /) -> Handle: ...


class Retention:
    def __init__(
        self,
        store: Store,
        voicemail: VoicemailService,
        media: Path,
        limits: StoreLimits,
        wall_ms: Callable[[], int],
        clock: Clock,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        mirror: Mirror | None = None,
    ) -> None:
        """Args: media: the media folder; mirror: of it, None: it has none."""
        self._mirror = mirror or Mirror()
        self._store = store
        self._voicemail = voicemail
        self._media = media
        self._limits = limits
        self._wall_ms = wall_ms
        self._clock = clock
        self._spawn = spawn
        self._timer: Handle | None = None

    def start(self) -> None:
        self._timer = self._clock.call_later(FIRST, self._fire)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def keep_to_limits(self) -> None:
        """Never raises: what could not be read or erased is told in the log, and tried again."""
        try:
            await self._rows()
            await self._messages()
            await self._recordings()
        except Exception as error:  # of whichever database or disk; the daemon serves on
            _log.error("old records were not erased", why=repr(error))

    # Inside.

    def _fire(self) -> None:
        self._spawn(self.keep_to_limits())
        self._timer = self._clock.call_later(INTERVAL, self._fire)

    async def _rows(self) -> None:
        limits, journal = self._limits, self._store.journal
        async with self._store.engine.connect() as reader:
            journal.oldest_cdr = await call.oldest_of(reader, limits.cdr_rows)
            journal.oldest_trace = await trace.oldest_of(reader, limits.trace_chunks)

    async def _messages(self) -> None:
        if self._limits.voicemail_kept is None:
            return
        before = self._wall_ms() - int(self._limits.voicemail_kept * 1000)
        if erased := await self._voicemail.erase_before(before, MESSAGES):
            _log.info("old messages erased", count=erased)

    async def _recordings(self) -> None:
        kept, most = self._limits.recordings_kept, self._limits.recordings_bytes
        if kept is None and most is None:
            return
        since = None if kept is None else self._wall_ms() / 1000 - kept
        folders = await asyncio.to_thread(_folders, self._media)
        old = await self._mirror.old(
            [f"{folder.parent.name}/{folder.name}" for folder in folders], since, most
        )
        if old is None:
            erased = await asyncio.to_thread(erase_recordings, self._media, since, most)
        else:
            erased = len(old)
            for key in old:
                self._mirror.erase(key)
                await asyncio.to_thread((self._media / key).unlink, missing_ok=True)
        if erased:
            _log.info("old recordings erased", count=erased)


def erase_recordings(media: Path, since: float | None, most: int | None) -> int:
    """Erase what was finished before `since` [s UTC], then the oldest until `most` bytes are left. Blocks."""
    found = sorted(_recordings(media))
    left = sum(size for _, size, _ in found)
    erased = 0
    for finished, size, path in found:
        if (since is None or finished >= since) and (most is None or left <= most):
            break
        try:
            os.unlink(path)
        except OSError as error:
            _log.error("recording not erased", file=path, why=error.strerror)
            continue
        left -= size
        erased += 1
    return erased


def _recordings(media: Path) -> Iterator[tuple[float, int, str]]:
    """When it was finished [s UTC], bytes and path of each."""
    for folder in _folders(media):
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".wav") and entry.is_file(follow_symlinks=False):
                    status = entry.stat()
                    yield status.st_mtime, status.st_size, entry.path


def _folders(media: Path) -> list[Path]:
    return [folder for name in FOLDERS for folder in media.glob(f"*/{name}")]
