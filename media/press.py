"""Key presses of one leg, each told once whatever way it came.

Phones may send a key both as RFC 4733 event and by SIP INFO, and a gateway may leave the tone in the
audio beside either. A press that comes by another way soon after the same key is that press again.
"""

from dataclasses import dataclass
from typing import Final

SAME: Final = 2.0
"A key told by two ways within this is one press [s]."
REMEMBERED: Final = 32
"Presses that may still come by another way."


@dataclass(slots=True, eq=False)
class _Told:
    digit: str
    method: str
    at: float
    again: set[str]
    "Ways by which it came once more."


class Presses:
    def __init__(self) -> None:
        self._told: list[_Told] = []

    def is_new(self, digit: str, method: str, now: float) -> bool:
        """Whether this press is to be told; remembers it."""
        while self._told and now - self._told[0].at > SAME:
            del self._told[0]
        for told in self._told:
            if told.digit == digit and told.method != method and method not in told.again:
                told.again.add(method)
                return False
        self._told.append(_Told(digit, method, now, set()))
        del self._told[:-REMEMBERED]
        return True
