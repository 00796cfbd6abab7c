"""Files of the media folder: prompts, music and recordings, by keys with slashes (S004-76…78).

A file appears whole under its key or not at all: it is written beside it, synced and renamed.
"""

import asyncio
import contextlib
import os
import re
import secrets
import stat
import wave
from collections.abc import AsyncIterable, Awaitable, Callable
from pathlib import Path
from typing import Final

from controlplane.provider.bucket import BucketError
from controlplane.service.mirror import Mirror
from controlplane.service.mp3 import Mp3Cache
from controlplane.store.store import Store
from controlplane.store.voicemail import Voicemail
from edge.directory import AccountId, Directory
from edge.error import Refusal
from edge.journal import CallId
from edge.recordings import PART

KEY_MAX: Final = 512
"Characters of a key."
_STEP: Final = re.compile(r"[A-Za-z0-9_@+=~,%-][A-Za-z0-9._@+=~,%-]{0,127}")
_VOICEMAIL: Final = re.compile(r"(?P<account>[^/]+)/vm/(?P<call>[^/]+)\.wav")
_CHUNK: Final = 262_144  # written at once [bytes]

CallRow = dict[str, object]


class MediaService:
    def __init__(
        self,
        folder: Path,
        store: Store,
        directory: Directory,
        find_call: Callable[[str], Awaitable[CallRow | None]],
        wall_ms: Callable[[], int],
        limit: int,
        left: Callable[[AccountId, str], object] = lambda account, mailbox: None,
        mp3_limit: int = 1 << 30,
        mirror: Mirror | None = None,
    ) -> None:
        """
        Args:
            find_call: a call by our id or SIP Call-ID.
            limit: longest file taken [bytes].
            left: (account, user's number): a message was left.
            mp3_limit: MP3s that are kept, all together [bytes].
            mirror: of the folder; None: it has none.
        """
        self._mp3 = Mp3Cache(folder, mp3_limit)
        self._folder = folder
        self._store = store
        self._directory = directory
        self._find_call = find_call
        self._wall_ms = wall_ms
        self._limit = limit
        self._left = left
        self._mirror = mirror or Mirror()

    def path(self, key: str) -> Path | Refusal:
        """Where `key` is kept, whether it is there or not."""
        steps = key.split("/")
        if len(key) > KEY_MAX or key.endswith(PART) or not all(map(_STEP.fullmatch, steps)):
            fix = "use names of letters, digits and . _ - @ + = ~ , % between single slashes"
            return Refusal("bad_key", 400, "the key names no file of the media folder", fix)
        return self._folder.joinpath(*steps)

    async def find(self, key: str) -> tuple[Path, os.stat_result] | Refusal:
        """The file of `key` as it is now."""
        path = self.path(key)
        if isinstance(path, Refusal):
            return path
        found = await _status(path)
        if found is None:
            try:
                if await self._mirror.bring(key):
                    found = await _status(path)
            except (BucketError, OSError) as error:
                text = f"the file is not on this machine, and the bucket does not deliver it: {error}"
                return Refusal("not_reached", 503, text, "check media.store", retry_after=5)
        if found is None or not stat.S_ISREG(found.st_mode):
            return Refusal("no_such_media", 404, f"there is no file {key}", "upload it, or name another")
        return path, found

    async def find_as(self, key: str, mp3: bool) -> tuple[Path, os.stat_result] | Refusal:
        """`find`, but a WAV is made an MP3 if `mp3` says so, or if `key` ends so and is not there itself."""
        found = await self.find(key)
        source = f"{key.removesuffix('.mp3')}.wav"
        if isinstance(found, Refusal) and found.status == 404 and key.endswith(".mp3"):
            wav = await self.find(source)
            if isinstance(wav, Refusal):
                return found
        elif isinstance(found, Refusal) or not mp3 or not key.endswith(".wav"):
            return found
        else:
            wav = found
        made = await self._mp3.of(wav[0])
        return made if isinstance(made, Refusal) else (made, await asyncio.to_thread(made.stat))

    async def put(self, key: str, content: AsyncIterable[bytes]) -> bool | Refusal:
        """Keep `content` under `key`; whether the key is new. A voicemail's key also writes its row."""
        path = self.path(key)
        if isinstance(path, Refusal):
            return path
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
        try:
            refusal = await self._receive(part, content)
            if refusal is not None:
                return refusal
            new = not path.exists()
            if path.is_dir():
                raise IsADirectoryError
            self._mirror.put(key)
            part.replace(path)
        except (IsADirectoryError, NotADirectoryError, FileExistsError):
            return Refusal("bad_key", 400, "the key is a folder, or leads through a file", "use another key")
        except OSError as error:
            text = f"the file cannot be kept: {error.strerror}"
            return Refusal("not_kept", 503, text, "check the disk of the data folder", retry_after=5)
        finally:
            with contextlib.suppress(OSError):
                part.unlink()
        match = _VOICEMAIL.fullmatch(key)
        if match is not None:
            return await self._message(key, match["account"], match["call"], path) or new
        return new

    # Inside.

    async def _receive(self, part: Path, content: AsyncIterable[bytes]) -> Refusal | None:
        part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        size = 0
        waiting = bytearray()
        with part.open("xb") as file:
            async for piece in content:
                size += len(piece)
                if size > self._limit:
                    fix = "raise limits.http.media_bytes"
                    return Refusal("body_too_long", 413, f"the file is longer than {self._limit} bytes", fix)
                waiting += piece
                if len(waiting) >= _CHUNK:
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(_finish, file.fileno(), bytes(waiting), file.flush)
        return None

    async def _message(self, key: str, account: str, call: str, path: Path) -> Refusal | None:
        """The row of a message that a caller left."""
        if self._directory.account(AccountId(account)) is None:
            return None
        found = await self._find_call(call) or {}
        row = Voicemail(
            key,
            AccountId(account),
            str(found.get("callee", "")),
            CallId(str(found.get("id", call))),
            str(found.get("caller", "")),
            self._wall_ms(),
            await asyncio.to_thread(milliseconds, path),
        )
        self._store.journal.message(row)
        await self._store.flush()
        if self._store.journal.last_error:
            return Refusal(
                "not_kept",
                503,
                "the file is stored, but the database could not be written",
                "upload it again",
            )
        self._left(row.account, row.mailbox)
        return None


async def _status(path: Path) -> os.stat_result | None:
    try:
        return await asyncio.to_thread(path.stat)
    except OSError:
        return None


def _finish(descriptor: int, rest: bytes, flush: Callable[[], object]) -> None:
    flush()
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def milliseconds(path: Path) -> int:
    """How long a WAV plays; 0 for anything else."""
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() * 1000 // max(1, file.getframerate())
    except (wave.Error, EOFError, OSError):
        return 0
