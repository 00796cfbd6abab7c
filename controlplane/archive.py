"""The media folder of one node and all that lives off it, joined: keeper, bucket, mailboxes, retention."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, Final

import structlog

from config.account import Account
from config.schema import Settings
from controlplane.node import MEDIA, Node, wall_ms
from controlplane.observe.metrics import Metrics
from controlplane.provider.bucket import Bucket, BucketError
from controlplane.service.directory import MemoryDirectory
from controlplane.service.mirror import FOLDER, BucketMirror, Mirror
from controlplane.service.recording import RecordingKeeper
from controlplane.service.retention import Retention
from controlplane.service.voicemail import VoicemailService
from controlplane.store.error import StoreError
from controlplane.store.store import Store
from edge.directory import AccountId
from edge.event.message_summary import Mailbox

RESTORE_SECONDS: Final = 60.0
"Between two tries to bring greetings and prompts from a bucket that cannot be reached [s]."

_log = structlog.get_logger(__name__)


class Archive:
    def __init__(
        self, settings: Settings, store: Store, tasks: asyncio.TaskGroup, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Raises `StoreError` when the bucket that is asked for cannot be used at all."""
        self._settings = settings
        self._store = store
        self._tasks = tasks
        self._loop = loop
        self.folder = settings.node.data.absolute() / MEDIA
        self.mirror = self._mirror()
        self.keeper = RecordingKeeper(self.folder, store.journal, self.mirror)
        self._prepared: set[str] = set()
        self._voicemail: VoicemailService | None = None
        self._retention: Retention | None = None
        self._restoring: set[asyncio.Task[None]] = set()

    def took(self, accounts: Sequence[Account]) -> None:
        """These are the accounts now."""
        new = {account.id for account in accounts} - self._prepared
        self.keeper.prepare(new)
        if self._prepared and self.mirror.remote:  # the first ones are looked after by `open`
            self._spawn(self._restore(new))
        self._prepared |= new

    async def open(self, node: Node, directory: MemoryDirectory) -> VoicemailService:
        def told(account: AccountId, mailbox: str, waiting: Mailbox) -> None:
            user = directory.user(account, mailbox)
            if user is not None:
                node.do(lambda now: node.switch.mailbox(user, waiting, now))

        self._voicemail = VoicemailService(self._store, self.folder, self._wall, told, self.mirror)
        self.keeper.left = self.left
        if isinstance(self.mirror, BucketMirror):
            await self.mirror.open()
            self._spawn(self._restore(set(self._prepared)))
        return self._voicemail

    def left(self, account: AccountId, mailbox: str) -> None:
        """A message was left for the user with this number."""
        assert self._voicemail is not None, "no message before open"
        self._tasks.create_task(self._voicemail.count(account, mailbox))

    async def start(self, directory: MemoryDirectory) -> None:
        """Adopt messages of a killed run, tell what waits, and keep to `limits.store` from now on."""
        assert self._voicemail is not None, "opened first"
        await self._voicemail.adopt(directory)
        await self._voicemail.open()
        limits, spawn = self._settings.limits.store, self._tasks.create_task
        self._retention = Retention(
            self._store, self._voicemail, self.folder, limits, self._wall, self._loop, spawn, self.mirror
        )
        self._retention.start()

    def watch(self, metrics: Metrics) -> None:
        if self.mirror.remote:
            text = "Files that the bucket does not have yet, or has still to erase."
            metrics.gauge("media_uploads_waiting", text, lambda: self.mirror.waiting)

    def close(self) -> None:
        if self._retention is not None:
            self._retention.stop()
        for task in self._restoring:
            task.cancel()
        if isinstance(self.mirror, BucketMirror):
            self.mirror.close()

    # Inside.

    def _mirror(self) -> Mirror:
        wanted = self._settings.media.store
        if wanted is None:
            return Mirror()
        try:
            bucket = Bucket(wanted)
        except BucketError as error:
            raise StoreError(str(error)) from None
        folder = self.folder.with_name(FOLDER)
        return BucketMirror(self.folder, folder, bucket, wanted, self._tasks.create_task)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.create_task(work)
        self._restoring.add(task)
        task.add_done_callback(self._restoring.discard)

    async def _restore(self, accounts: Iterable[str]) -> None:
        while True:
            try:
                await self.mirror.restore(accounts)
                break
            except (BucketError, OSError) as error:
                _log.warning("greetings and prompts of the bucket not listed yet", why=str(error))
                await asyncio.sleep(RESTORE_SECONDS)
        self.keeper.learn(accounts)

    def _wall(self) -> int:
        return wall_ms(self._loop.time())
