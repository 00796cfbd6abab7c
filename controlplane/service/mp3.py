"""MP3s of WAVs in the media folder, made when they are asked for and kept beside the folder's keys.

::

    <data>/media/<key>.wav ── in a thread, once ──▶ <data>/media/.mp3/<key>.mp3

No key begins with a point, so what is kept here is reached by its WAV alone. The least used give way.
"""

import asyncio
import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from edge.error import Refusal
from media import mp3

FOLDER: Final = ".mp3"
AT_ONCE: Final = 2
"MP3s being made at one time; more wait."


class Mp3Cache:
    def __init__(self, media: Path, limit: int) -> None:
        """Args: limit: of all MP3s together [bytes]."""
        self._media = media
        self._folder = media / FOLDER
        self._limit = limit
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._making: dict[Path, asyncio.Task[None]] = {}

    async def of(self, wav: Path) -> Path | Refusal:
        """The MP3 of a WAV that is there."""
        kept = (self._folder / wav.relative_to(self._media)).with_suffix(".mp3")
        if await asyncio.to_thread(_is_current, kept, wav):
            return kept
        task = self._making.get(kept)
        if task is None:
            task = self._making[kept] = asyncio.create_task(self._make(wav, kept))
            task.add_done_callback(lambda _: self._making.pop(kept, None))
        try:
            await asyncio.shield(task)
        except mp3.Mp3Error as error:
            fix = "ask for the file as it is"
            return Refusal("not_convertible", 415, f"there is no MP3 of it: {error}", fix)
        except OSError as error:
            text = f"the MP3 cannot be kept: {error.strerror}"
            return Refusal("not_kept", 503, text, "check the disk of the data folder", retry_after=5)
        return kept

    async def _make(self, wav: Path, kept: Path) -> None:
        async with self._slots:
            await asyncio.to_thread(self._encode, wav, kept)

    def _encode(self, wav: Path, kept: Path) -> None:
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = kept.with_name(f"{kept.name}.{secrets.token_hex(4)}")
        modified = wav.stat().st_mtime_ns
        try:
            mp3.encode(wav, part)
            os.utime(part, ns=(modified, modified))  # of the WAV that it was made of
            part.replace(kept)
        finally:
            with contextlib.suppress(OSError):
                part.unlink()
        self._prune()

    def _prune(self) -> None:
        files = [(path, path.stat()) for path in self._folder.rglob("*.mp3")]
        size = sum(found.st_size for _, found in files)
        for path, found in sorted(files, key=lambda one: one[1].st_atime_ns):
            if size <= self._limit:
                return
            path.unlink(missing_ok=True)
            size -= found.st_size


def _is_current(kept: Path, wav: Path) -> bool:
    try:
        return kept.stat().st_mtime_ns == wav.stat().st_mtime_ns
    except OSError:
        return False
