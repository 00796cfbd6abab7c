"""The system's table of host names (hosts(5)), read again when it changes; `localhost` (RFC 6761 §6.3)."""

import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

_LOOK_AGAIN: Final = 5.0  # [s]
_LONGEST: Final = 1 << 20  # of the file that is read [bytes]
_LOOPBACK: Final = ("::1", "127.0.0.1")


class Hosts:
    def __init__(self, time: Callable[[], float], file: Path = Path("/etc/hosts")) -> None:
        self._time = time
        self._file = file
        self._stamp: tuple[int, int] | None = None
        self._look_at = -1.0
        self._names: dict[str, tuple[str, ...]] = {}

    def addresses(self, name: str) -> tuple[str, ...]:
        """Numeric addresses of `name` (lower case), empty when it is not in the table."""
        now = self._time()
        if now >= self._look_at:
            self._look_at = now + _LOOK_AGAIN
            self._refresh()
        found = self._names.get(name)
        if found is None and (name == "localhost" or name.endswith(".localhost")):
            return _LOOPBACK
        return found or ()

    def _refresh(self) -> None:
        try:
            seen = os.stat(self._file)
            if self._stamp == (seen.st_mtime_ns, seen.st_size):
                return
            self._stamp = (seen.st_mtime_ns, seen.st_size)
            with open(self._file, errors="replace") as file:
                text = file.read(_LONGEST)
        except OSError:
            self._stamp, self._names = None, {}
            return
        self._names = _parse(text)


def _parse(text: str) -> dict[str, tuple[str, ...]]:
    names: dict[str, list[str]] = {}
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            address = str(ipaddress.ip_address(words[0]))
        except ValueError:
            continue
        for name in words[1:]:
            known = names.setdefault(name.lower(), [])
            if address not in known:
                known.append(address)
    return {name: tuple(addresses) for name, addresses in names.items()}
