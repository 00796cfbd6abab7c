"""Recordings in the media folder: complete ones get their name, messages their row, remains are cleared away.

::

    <data>/media/<account>/{vm,rec,call}/<callId>.wav.part ── Keep ──▶ <callId>.wav, and a row for vm
"""

import contextlib
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final

import structlog

from controlplane.service.mirror import Mirror
from controlplane.store.journal import StoreJournal
from controlplane.store.voicemail import Voicemail
from edge.directory import AccountId
from edge.recordings import PART, Keep
from media.record import repair

FOLDERS: Final = ("vm", "rec", "call", "greeting")
SHORTEST_MS: Final = 1_000
"A shorter message is a caller who hung up at the beep; a name may be as short as it is."

_log = structlog.get_logger(__name__)


class RecordingKeeper:
    def __init__(self, media: Path, journal: StoreJournal, mirror: Mirror | None = None) -> None:
        """Args: media: the media folder, made when missing; mirror: of it, None: it has none."""
        self._media = media
        self._mirror = mirror or Mirror()
        self._journal = journal
        self.left: Callable[[AccountId, str], object] = lambda account, mailbox: None
        "(account, user's number): a message was left."
        self._greetings: dict[tuple[str, str], str] = {}

    def greeting(self, account: str, number: str) -> str | None:
        """Path of what a user has recorded for callers of his voicemail."""
        return self._greetings.get((account, number))

    def prepare(self, accounts: Collection[str]) -> int:
        """Make the folders, clear away what a former run did not finish, and return how many files that were.

        What was recorded of whole calls is mended and kept instead.
        """
        cleared = 0
        for account in accounts:
            for name in FOLDERS:
                folder = self._media / account / name
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                for remains in folder.glob(f"*{PART}"):
                    if name == "call" and repair(remains):
                        self._mirror.put(f"{account}/call/{remains.stem}")
                        remains.rename(remains.with_suffix(""))
                        _log.warning("a recording of a former run was mended", file=remains.stem)
                        continue
                    remains.unlink()
                    cleared += 1
        self.learn(accounts)
        return cleared

    def learn(self, accounts: Iterable[str]) -> None:
        """The greetings that are there."""
        for account in accounts:
            for greeting in (self._media / account / "greeting").glob("*.wav"):
                self._greetings[account, greeting.stem] = str(greeting)

    def keep(self, effect: Keep) -> None:
        """Never raises: a full disk is told in the log."""
        recording, key = effect.recording, effect.recording.key
        part, path = self._media / f"{key}{PART}", self._media / key
        if effect.error:
            _log.error("recording damaged", call_id=recording.call, key=key, why=effect.error)
        if effect.milliseconds < (1 if recording.folder in ("rec", "call") else SHORTEST_MS):
            with contextlib.suppress(OSError):
                part.unlink()
            return
        try:
            self._mirror.put(key)
            part.rename(path)
        except OSError as error:
            _log.error("recording lost", call_id=recording.call, key=key, why=error.strerror)
            return
        if recording.folder == "greeting":
            self._greetings[recording.account, recording.mailbox] = str(path)
        elif recording.folder == "vm":
            self._journal.message(
                Voicemail(
                    key,
                    recording.account,
                    recording.mailbox,
                    recording.call,
                    recording.caller,
                    recording.started_at,
                    effect.milliseconds,
                )
            )
            self.left(recording.account, recording.mailbox)
