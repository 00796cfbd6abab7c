"""The configuration read again while we run: accounts and what belongs to them change at once, or not at all.

A file that is wrong changes nothing. Live calls keep the route that they began with; what else changed in the
file (listeners, limits, models …) is named to who reloads and in the log, and waits for the next start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

import structlog
from pydantic import BaseModel

from config.account import Account
from config.error import ConfigError
from config.schema import Settings
from controlplane.service.directory import MemoryDirectory
from controlplane.service.passwords import Passwords
from controlplane.store.error import StoreError
from edge.directory import AccountId

Reload = Callable[[], str | Awaitable[str]]
"Reads something again; why it could not be used, empty when it is."
MakeDirectory = Callable[[Sequence[Account], Mapping[tuple[str, str], str]], MemoryDirectory]

_log = structlog.get_logger(__name__)


class Configuration:
    def __init__(
        self,
        settings: Settings,
        read: Callable[[], Settings],
        passwords: Passwords,
        make: MakeDirectory,
        directory: MemoryDirectory,
        took: Callable[[Sequence[Account]], object],
        merge: Callable[[Settings], Settings] = lambda settings: settings,
    ) -> None:
        """
        Args:
            read: the file as it is now; raises `ConfigError`. Runs in a thread, like `make`.
            make: a directory of accounts and generated passwords.
            directory: in use; it becomes the new one.
            took: told the new accounts.
            merge: the file's configuration with what the API has made; runs in a thread.
        """
        self.file = settings
        "What the file says, without what the API has made."
        self.changing = asyncio.Lock()
        "Held by whoever makes a new directory."
        self._merge = merge
        self._started = self._settings = settings
        self._read = read
        self._passwords = passwords
        self._make = make
        self._directory = directory
        self._took = took

    async def reload(self) -> str:
        async with self.changing:
            try:
                file = await asyncio.to_thread(self._read)
                settings, directory = await self.prepare(await asyncio.to_thread(self._merge, file))
            except (ConfigError, StoreError) as error:
                _log.error("configuration refused", why=str(error))
                return str(error)
            self.file = file
            self.take(settings, directory)
        self._settings = settings
        for line in self.notes():
            _log.warning(line)
        _log.info("accounts loaded", accounts=len(settings.accounts))
        return ""

    def notes(self) -> list[str]:
        """Of each setting that was changed since the start and waits for the next one."""
        changed = _changed(self._started, self._settings)
        return [f"{path} was changed: restart the daemon to use it" for path in changed]

    async def prepare(self, settings: Settings) -> tuple[Settings, MemoryDirectory]:
        """A directory of them, in use once it is taken. Raises `StoreError`."""

        def make() -> MemoryDirectory:
            return self._make(settings.accounts, self._passwords.fill(settings.accounts))

        return settings, await asyncio.to_thread(make)

    def take(self, settings: Settings, directory: MemoryDirectory) -> None:
        """From now on look-ups are answered by `directory`."""
        self._directory.become(directory)
        self._took(settings.accounts)


def devices_of(accounts: Iterable[Account]) -> set[tuple[AccountId, str]]:
    """Account and username of each."""
    return {
        (AccountId(account.id), username)
        for account in accounts
        for user in account.users
        for username in user.usernames()
    }


async def reload_all(parts: Iterable[Reload]) -> list[str]:
    """Each in turn, whatever became of the others; what they say, empty where all is well."""
    said: list[str] = []
    for part in parts:
        found = part()
        said.append(found if isinstance(found, str) else await found)
    return said


def _changed(before: BaseModel, after: BaseModel, path: str = "") -> Iterator[str]:
    """YAML paths of settings that are not what the daemon runs on."""
    for name in type(before).model_fields:
        was, now = getattr(before, name), getattr(after, name)
        if was == now or path + name == "accounts":
            continue
        if isinstance(was, BaseModel) and isinstance(now, BaseModel):
            yield from _changed(was, now, f"{path}{name}.")
        else:
            yield path + name
