"""The configuration read again while we run: accounts and what belongs to them change at once, or not at all.

A file that is wrong changes nothing. Live calls keep the route that they began with; what else changed in the
file (listeners, limits, gates …) is named in the log and waits for the next start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import structlog

from config.account import Account
from config.error import ConfigError
from config.schema import Settings
from controlplane.service.directory import MemoryDirectory
from controlplane.service.passwords import Passwords
from controlplane.store.error import StoreError

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
    ) -> None:
        """
        Args:
            read: the file as it is now; raises `ConfigError`. Runs in a thread, like `make`.
            make: a directory of accounts and generated passwords.
            directory: in use; it becomes the new one.
            took: told the new accounts.
        """
        self._settings = settings
        self._read = read
        self._passwords = passwords
        self._make = make
        self._directory = directory
        self._took = took

    async def reload(self) -> str:
        try:
            settings, directory = await asyncio.to_thread(self._prepare)
        except (ConfigError, StoreError) as error:
            _log.error("configuration not taken", why=str(error))
            return str(error)
        self._directory.become(directory)
        self._took(settings.accounts)
        later = _changed(self._settings, settings)
        if later:
            _log.warning("changed, but only from the next start on", sections=later)
        _log.info("accounts taken", accounts=len(settings.accounts))
        return ""

    def _prepare(self) -> tuple[Settings, MemoryDirectory]:
        settings = self._read()
        return settings, self._make(settings.accounts, self._passwords.fill(settings.accounts))


async def reload_all(parts: Iterable[Reload]) -> list[str]:
    """Each in turn, whatever became of the others; what they say, empty where all is well."""
    said: list[str] = []
    for part in parts:
        found = part()
        said.append(found if isinstance(found, str) else await found)
    return said


def _changed(before: Settings, after: Settings) -> list[str]:
    """Names of the sections that are not what the daemon runs on."""
    names = [name for name in Settings.model_fields if name != "accounts"]
    return [name for name in names if getattr(before, name) != getattr(after, name)]
