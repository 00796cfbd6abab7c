"""What is stored sealed: AES-256-GCM by a key in the data folder, `secret.key` (mode 0600), made when needed.

A copy of the database alone gives no password away; whoever moves the database moves the key too, or exports.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FILE: Final = "secret.key"
KEY: Final = 32
"[bytes]"
NONCE: Final = 12
"[bytes]"
_FIXES: Final = {
    errno.ENOENT: "restore it",
    errno.EACCES: "give it to the user that Tandem runs as, with mode 0600",
    errno.ENOSPC: "free space on its disk",
    errno.EDQUOT: "free space on its disk",
    errno.EROFS: "mount the data folder for writing",
}


class SealError(Exception):
    """One line for the operator."""


class Seal:
    def __init__(self, folder: Path, random: Callable[[int], bytes]) -> None:
        """Args: random: so many bytes of `secrets`."""
        self._file = folder / FILE
        self._random = random
        self._key: AESGCM | None = None

    def seal(self, data: bytes, place: str) -> bytes:
        """Args: place: what it is of; it opens nowhere else. Raises `SealError`."""
        nonce = self._random(NONCE)
        return nonce + self._aead(make=True).encrypt(nonce, data, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises `SealError`."""
        try:
            return self._aead(make=False).decrypt(sealed[:NONCE], sealed[NONCE:], place.encode())
        except (InvalidTag, ValueError):
            raise SealError(
                f"{self._file} is not the key that the database was sealed with; restore it"
            ) from None

    def _aead(self, *, make: bool) -> AESGCM:
        if self._key is None:
            try:
                self._key = AESGCM(self._read(make))
            except ValueError:
                raise SealError(f"{self._file} is not the file that was written here; restore it") from None
            except OSError as error:
                fix = _FIXES.get(error.errno or 0, "see to its disk")
                raise SealError(f"{self._file} cannot be used: {error.strerror}; {fix}") from None
        return self._key

    def _read(self, make: bool) -> bytes:
        if make and not self._file.exists():
            part = self._file.with_suffix(".part")
            part.unlink(missing_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(self._random(KEY))
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(self._file)
        return self._file.read_bytes()
