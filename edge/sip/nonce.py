"""Nonces of our digest challenges and the replay check of their use counts (RFC 7616 §3.3, §5.5).

A nonce carries its time, its number and a MAC: nothing is remembered of those that are never used.
What is remembered of a used one is the highest count and which of the 64 counts below it came, since
datagrams overtake each other. When the table is full the oldest entry goes, and with it every nonce
that old: a forgotten nonce is stale, never fresh again. Table and order are of plain numbers, which the
garbage collector does not walk over: at a hundred thousand entries that would be milliseconds.
"""

import hashlib
import hmac
from array import array
from typing import Final

_MAC_BYTES: Final = 10
LENGTH: Final = 2 * (6 + 5 + _MAC_BYTES)
_WINDOW: Final = 64
_BITS: Final = (1 << _WINDOW) - 1


class Nonces:
    """Issues and judges nonces."""

    def __init__(self, secret: bytes, life: float, tracked: int) -> None:
        """
        Args:
            secret: 16 to 64 random bytes, made at start: `now` means nothing to another process.
            life: how long a nonce is good [s].
            tracked: nonces whose counts are remembered, at most.
        """
        self._secret = secret
        self._life_ms = int(life * 1000)
        self._tracked = tracked
        self._issued = 0
        self._seen: dict[int, int] = {}  # number → highest count and, in its lowest bits, the bitmap
        self._order = array("Q")  # of the numbers in the table, a ring: the oldest is at `_oldest`
        self._oldest = 0
        self._forgotten = 0  # nonces up to this number are stale unless they are in the table

    def issue(self, now: float) -> str:
        """A nonce that no other call returns: 42 hexadecimal digits."""
        self._issued += 1
        stamp = (int(now * 1000) << 40 | self._issued).to_bytes(11, "big")
        return (stamp + self._mac(stamp)).hex()

    def number_of(self, nonce: str, now: float) -> int | None:
        """The number of a nonce that is ours and still good, else None: it is stale."""
        if len(nonce) != LENGTH:
            return None
        try:
            raw = bytes.fromhex(nonce)
        except ValueError:
            return None
        stamp = raw[:11]
        if len(raw) * 2 != LENGTH or not hmac.compare_digest(raw[11:], self._mac(stamp)):
            return None
        age = int(now * 1000) - int.from_bytes(stamp[:6], "big")
        number = int.from_bytes(stamp[6:], "big")
        if not 0 <= age <= self._life_ms or (number <= self._forgotten and number not in self._seen):
            return None
        return number

    def use(self, number: int, count: int) -> bool:
        """Note that `count` (nc, from 1) was used with nonce `number`; False when it may have been before.

        Call it only for a right response: guesses must not fill the table.
        """
        seen = self._seen.get(number)
        if seen is None:
            self._remember(number)
            self._seen[number] = count << _WINDOW | 1
            return True
        highest, bitmap = seen >> _WINDOW, seen & _BITS
        ahead = count - highest
        if ahead > 0:
            bitmap = (bitmap << ahead | 1) & _BITS if ahead < _WINDOW else 1
            self._seen[number] = count << _WINDOW | bitmap
            return True
        if -ahead >= _WINDOW or bitmap >> -ahead & 1:
            return False
        self._seen[number] = seen | 1 << -ahead
        return True

    def _remember(self, number: int) -> None:
        if len(self._order) < self._tracked:
            self._order.append(number)
            return
        oldest, self._order[self._oldest] = self._order[self._oldest], number
        self._oldest = (self._oldest + 1) % self._tracked
        del self._seen[oldest]
        self._forgotten = max(self._forgotten, oldest)

    def __len__(self) -> int:
        """Nonces remembered."""
        return len(self._seen)

    def _mac(self, stamp: bytes) -> bytes:
        return hashlib.blake2s(stamp, key=self._secret[:32], digest_size=_MAC_BYTES).digest()
