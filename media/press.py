"""Key presses of one leg, each told once whatever way it came.

Phones may send a key both as RFC 4733 event and by SIP INFO, and a gateway may leave the tone in the
audio beside either. A press that comes by another way soon after the same key is that press again.
"""

from dataclasses import dataclass
from typing import Final

SAME: Final = 2.0
"A key told by two ways within this is one press [s]; a press lasts from where it begins."
KEPT: Final = 10.0
"So long a press may still come by another way, which tells of it when the key is let go [s]."
REMEMBERED: Final = 32
"Presses of which that is so."


@dataclass(slots=True, eq=False)
class _Told:
    digit: str
    method: str
    until: float
    again: set[str]
    "Ways by which it came once more."


class Presses:
    def __init__(self) -> None:
        self._told: list[_Told] = []

    def is_new(self, digit: str, method: str, now: float, lasted: float = 0.0) -> bool:
        """Whether this press is to be told; remembers it. Args: lasted: until now [s]."""
        self._told = [told for told in self._told if now - told.until <= KEPT]
        for told in self._told:
            same = told.digit == digit and told.method != method and method not in told.again
            if same and now - lasted - told.until <= SAME:
                told.again.add(method)
                return False
        self._told.append(_Told(digit, method, now, set()))
        del self._told[:-REMEMBERED]
        return True

    def goes_on(self, digit: str, method: str, now: float) -> None:
        """The key that was told last by this way is still held down."""
        for told in reversed(self._told):
            if told.method == method:
                if told.digit == digit:
                    told.until = now
                return
