"""Nonces of our digest challenges and the replay check of their use counts (RFC 7616 §3.3, §5.5).

A nonce carries its time, its number and a MAC: nothing is remembered of those that are never used.
What is remembered of a used one is the highest count and which of the 64 counts below it came, since
datagrams overtake each other. The table has a slot for each number modulo its size, in which a later
nonce that is used takes the place of an earlier one: a forgotten nonce is stale, never fresh again.
Slots are plain numbers in arrays that are made at the start: they do not grow, and the garbage collector
does not walk over them.
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
        # By number modulo `tracked`: the number, 0 for none; its highest count; the bitmap of those below.
        self._numbers, self._highest, self._bitmaps = (array("Q", bytes(8 * tracked)) for _ in range(3))
        self._used = 0

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
        forgotten = self._numbers[number % self._tracked] > number
        return number if 0 <= age <= self._life_ms and not forgotten else None

    def use(self, number: int, count: int) -> bool:
        """Note that `count` (nc, from 1) was used with nonce `number`; False when it may have been before.

        Call it only for a right response: guesses must not fill the table.
        """
        slot = number % self._tracked
        known = self._numbers[slot]
        if known < number:
            self._used += not known
            self._numbers[slot], self._highest[slot], self._bitmaps[slot] = number, count, 1
            return True
        if known > number:
            return False
        bitmap = self._bitmaps[slot]
        ahead = count - self._highest[slot]
        if ahead > 0:
            self._highest[slot] = count
            self._bitmaps[slot] = (bitmap << ahead | 1) & _BITS if ahead < _WINDOW else 1
            return True
        if -ahead >= _WINDOW or bitmap >> -ahead & 1:
            return False
        self._bitmaps[slot] = bitmap | 1 << -ahead
        return True

    def __len__(self) -> int:
        """Nonces remembered."""
        return self._used

    def _mac(self, stamp: bytes) -> bytes:
        return hashlib.blake2s(stamp, key=self._secret[:32], digest_size=_MAC_BYTES).digest()
