"""The data folder: made when missing, private, and one daemon's at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from controlplane.store.error import StoreError

DATABASE: Final = "tandem.db"
LOCK: Final = "lock"
CONTROL_SOCKET: Final = "control.sock"

_SUN_PATH: Final = 100
"Unix socket paths are kept below the kernel's 108 bytes."


class DataFolder:
    """Holds the folder's lock from `open` to `close`; the lock also ends with the process."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock: int | None = lock

    @classmethod
    def open(cls, path: Path) -> "DataFolder":
        """Raises `StoreError` when the folder cannot be written or another daemon has it."""
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"data folder {path}: {error.strerror}; choose another with --data or change its rights"
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
            os.close(lock)
            raise StoreError(
                f"data folder {path}: in use by another daemon (pid {holder or 'unknown'}); "
                "stop it or choose another folder with --data"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return cls(path, lock)

    @property
    def database(self) -> Path:
        return self.path / DATABASE

    @property
    def control_socket(self) -> Path:
        return self.path / CONTROL_SOCKET

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@contextlib.contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """What to bind or connect to for `path`, which may be longer than a socket address can be."""
    if len(os.fsencode(path)) <= _SUN_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
