"""Passwords that the configuration leaves out: made once, kept in the data folder, mode 0600."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from config.account import Account
from controlplane.store.error import StoreError

FILE: Final = "passwords.json"
LENGTH: Final = 16
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"Without characters that look alike; 16 of them hold 79 bits."


class Passwords:
    """By account and username. `choose` picks one character of an alphabet, by a safe source."""

    def __init__(self, folder: Path, choose: Callable[[str], str]) -> None:
        """Raises `StoreError` when the file is there and cannot be read."""
        self._file = folder / FILE
        self._choose = choose
        self._kept = _read(self._file)

    def fill(self, accounts: tuple[Account, ...]) -> dict[tuple[str, str], str]:
        """The generated password of every device without one, by (account, username).

        New ones are on disk before this returns. Raises `StoreError` when they cannot be.
        """
        wanted = {
            (account.id, device.username or user.number)
            for account in accounts
            for user in account.users
            for device in user.devices
            if device.password is None
        }
        missing = sorted(name for name in wanted if name[1] not in self._kept.get(name[0], {}))
        for account, username in missing:
            password = "".join(self._choose(ALPHABET) for _ in range(LENGTH))
            self._kept.setdefault(account, {})[username] = password
        if missing:
            self._write()
        return {(account, username): self._kept[account][username] for account, username in wanted}

    def _write(self) -> None:
        part = self._file.with_suffix(".part")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(self._kept, stream, indent=2, sort_keys=True)
                stream.write("\n")
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(self._file)
        except OSError as error:
            raise StoreError(f"passwords cannot be kept in {self._file}: {error.strerror}") from None


def _read(file: Path) -> dict[str, dict[str, str]]:
    try:
        kept: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{file}: cannot be read: {error}; restore it, or move it away for new ones"
        ) from None
    good = isinstance(kept, dict) and all(
        isinstance(names, dict) and all(isinstance(password, str) for password in names.values())
        for names in kept.values()
    )
    if not good:
        raise StoreError(f"{file}: not the file that was written here; move it away for new passwords")
    return kept
