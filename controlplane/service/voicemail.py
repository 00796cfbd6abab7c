"""Mailboxes of users: how many messages wait (MWI), and one step after another through them.

::

    recording kept ─▶ left ─┐
    Consult (a flow) ───────┴─▶ store, flushed ─▶ counted ─▶ told(account, mailbox, counts) ─▶ NOTIFY

Counts are read from the store after each change, so they cannot drift from the messages that are there.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from controlplane.provider.bucket import BucketError
from controlplane.service.media import milliseconds
from controlplane.service.mirror import Mirror
from controlplane.store import call, trace, voicemail
from controlplane.store.store import Store
from controlplane.store.voicemail import Voicemail
from edge.directory import AccountId, Directory
from edge.event.message_summary import Mailbox
from edge.flow.command import Consult
from edge.journal import Cdr
from edge.question import Reply

CUT_OFF: Final = 5.0
"A row is written within this of its WAV, or never [s]."

Told = Callable[[AccountId, str, Mailbox], None]
"(account, number of the user, how many messages)."

_log = structlog.get_logger(__name__)


class VoicemailService:
    def __init__(
        self,
        store: Store,
        media: Path,
        wall_ms: Callable[[], int],
        told: Told,
        mirror: Mirror | None = None,
    ) -> None:
        """Args: media: the folder of the WAVs; mirror: of it, None: it has none."""
        self._mirror = mirror or Mirror()
        self._store = store
        self._media = media
        self._wall_ms = wall_ms
        self._told = told

    async def adopt(self, directory: Directory) -> int:
        """Give a row to each WAV of a former run that was killed between the two; how many that were.

        Whose message it is, its call's CDR says. One from well before the last row written had its own:
        it was erased, and only the file was left by the kill.
        """
        files = await asyncio.to_thread(lambda: sorted(self._media.glob("*/vm/*.wav")))
        async with self._store.engine.connect() as reader:
            known = await voicemail.keys(reader)
            since = await trace.oldest_of(reader, 1) / 1000 - CUT_OFF
            lost = [path for path in files if path.relative_to(self._media).as_posix() not in known]
            lost = [path for path in lost if path.stat().st_mtime >= since]
            found = [(path, await call.find(reader, _call_of(path))) for path in lost]
        adopted = 0
        for path, cdr in found:
            mailbox = "" if cdr is None else _mailbox_of(directory, cdr)
            key = path.relative_to(self._media).as_posix()
            if cdr is None or not mailbox or not key.startswith(f"{cdr.account}/"):
                _log.warning("voice message of no mailbox", key=key)
                continue
            long = await asyncio.to_thread(milliseconds, path)
            row = Voicemail(key, cdr.account, mailbox, cdr.id, cdr.caller, cdr.started_at, long)
            self._store.journal.message(row)
            _log.warning("a message of a former run was given its row", key=key, call_id=cdr.id)
            adopted += 1
        if adopted:
            await self._store.flush()
        return adopted

    async def open(self) -> None:
        """Tell what waits already."""
        async with self._store.engine.connect() as reader:
            for count in await voicemail.counts(reader):
                self._told(count.account, count.mailbox, Mailbox(count.new, count.old))

    async def count(self, account: AccountId, mailbox: str) -> Mailbox:
        """What is on disk, and told to who watches."""
        await self._store.flush()
        async with self._store.engine.connect() as reader:
            found = await voicemail.counts(reader, account, mailbox)
        told = Mailbox(found[0].new, found[0].old) if found else Mailbox()
        self._told(account, mailbox, told)
        return told

    async def consult(self, account: AccountId, step: Consult) -> Reply:
        """Do what `step` says of the message before, then find the one that it asks for."""
        for key in (step.heard, step.erase):
            if key:
                await self._settle(account, step.mailbox, key, erase=key == step.erase)
        count = await self.count(account, step.mailbox)
        if self._store.journal.last_error:
            return {"status": 503, "error": "the messages cannot be read"}
        async with self._store.engine.connect() as reader:
            found = await voicemail.message(reader, account, step.mailbox, step.index, step.before)
        reply: dict[str, str | int] = {"status": 200, "new": count.new, "old": count.old}
        if found is not None:
            if not await self._is_here(found.key):
                return {"status": 503, "error": "the message cannot be read"}
            reply |= {"key": found.key, "caller": found.caller, "at": found.started_at}
        return reply

    async def erase_before(self, wall_ms: int, limit: int) -> int:
        """Erase the oldest messages left before `wall_ms`, at most `limit`; how many that were."""
        async with self._store.engine.connect() as reader:
            old = await voicemail.before(reader, wall_ms, limit)
        for message in old:
            await self._erase(message)
        for account, mailbox in dict.fromkeys((message.account, message.mailbox) for message in old):
            await self.count(account, mailbox)
        return len(old)

    # Inside.

    async def _is_here(self, key: str) -> bool:
        path = self._media / key
        if await asyncio.to_thread(path.exists):
            return True
        try:
            await self._mirror.bring(key)
        except (BucketError, OSError) as error:
            _log.error("message not fetched from the bucket", key=key, why=str(error))
            return False
        return True  # one that is nowhere is skipped by whoever plays it

    async def _settle(self, account: AccountId, mailbox: str, key: str, *, erase: bool) -> None:
        await self._store.flush()
        async with self._store.engine.connect() as reader:
            found = await voicemail.by_key(reader, account, mailbox, key)
        if found is None:
            return  # somebody else who listens has erased it
        if erase:
            await self._erase(found)
        elif found.heard_at is None:
            self._store.journal.message(replace(found, heard_at=self._wall_ms()))

    async def _erase(self, message: Voicemail) -> None:
        self._store.journal.erased(message.key)
        await self._store.flush()
        if self._store.journal.last_error:
            return
        try:
            self._mirror.erase(message.key)
            await asyncio.to_thread((self._media / message.key).unlink, missing_ok=True)
        except OSError as error:
            _log.error("message not erased from disk", key=message.key, why=error.strerror)


def _call_of(path: Path) -> str:
    """`call_….wav`, or `call_…-2.wav` of the second recording of a call."""
    name, _, number = path.stem.rpartition("-")
    return name if name and number.isdigit() else path.stem


def _mailbox_of(directory: Directory, cdr: Cdr) -> str:
    """Number of the user whom the call was for; empty when it was for none."""
    kind, _, value = cdr.target.partition(":")
    did = directory.did(cdr.callee)
    if kind not in ("user", "voicemail"):  # such as that of a call which was cut off itself
        value = cdr.callee if did is None else did.target.value
    user = directory.user(cdr.account, value)
    return "" if user is None else user.number
