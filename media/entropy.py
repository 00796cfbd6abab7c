"""Random bytes of the system, fetched a page at a time: a bridged call asks for them thirteen times."""

import os
from collections.abc import Callable
from typing import Final

PAGE: Final = 4_096


class Entropy:
    """Of one thread. Nothing is given out twice."""

    def __init__(self, read: Callable[[int], bytes] = os.urandom) -> None:
        self._read = read
        self._page = b""
        self._at = 0

    def token_bytes(self, count: int) -> bytes:
        """As `secrets.token_bytes`."""
        end = self._at + count
        if end > len(self._page):
            if count > PAGE:
                return self._read(count)
            self._page = self._read(PAGE)
            self._at, end = 0, count
        given = self._page[self._at : end]
        self._at = end
        return given

    def getrandbits(self, count: int) -> int:
        """As that of `random.SystemRandom`."""
        whole = (count + 7) // 8
        return int.from_bytes(self.token_bytes(whole), "big") >> (whole * 8 - count)
