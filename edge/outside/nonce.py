"""Nonces that an outside edge put into its own challenges, judged beside ours (S004-11).

Ours (42 hexadecimal digits, handed out with every `/auth` that fails) are judged as at our own door. One that
another edge made says nothing to us, so it is good from its first right answer for as long as ours, and each
use count once. How old it was by then only its maker knows: that edge must not send what it would not take.
"""

from collections import OrderedDict

from edge.sip.nonce import LENGTH, Nonces


class OutsideNonces:
    """A `edge.sip.digest.NonceBook`."""

    def __init__(self, ours: Nonces, limit: int) -> None:
        self._ours = ours
        self._limit = limit
        self._stands_for: OrderedDict[str, str] = OrderedDict()  # theirs → the one of ours that counts for it
        self._asked: tuple[int, str, str] | None = None

    def number_of(self, nonce: str, now: float) -> int | None:
        if len(nonce) == LENGTH:
            return self._ours.number_of(nonce, now)
        ours = self._stands_for.get(nonce) or self._ours.issue(now)
        number = self._ours.number_of(ours, now)
        self._asked = None if number is None else (number, nonce, ours)
        return number

    def use(self, number: int, count: int) -> bool:
        asked, self._asked = self._asked, None
        # Only now, that the answer is right: guesses must not fill the table.
        if asked is not None and asked[0] == number and asked[1] not in self._stands_for:
            self._stands_for[asked[1]] = asked[2]
            if len(self._stands_for) > self._limit:
                self._stands_for.popitem(last=False)
        return self._ours.use(number, count)

    def __len__(self) -> int:
        """Nonces of theirs that are remembered."""
        return len(self._stands_for)
