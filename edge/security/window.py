"""How much happened in the last so many seconds, in a fixed number of cells.

Time is cut into eighths of the period, and the sum of nine of them is the answer. So events that lie within
one period are always counted together, and events further apart than 9/8 of it never are; what it costs
does not depend on how many there were.
"""

from typing import Final

_PARTS: Final = 8
_CELLS: Final = _PARTS + 1


class Window:
    __slots__ = ("_cells", "_rate", "_slot", "_total")

    def __init__(self, per: float, now: float) -> None:
        """Args: per: the period [s]."""
        self._rate = _PARTS / per
        self._slot = int(now * self._rate)
        self._cells: list[float] = [0] * _CELLS
        self._total: float = 0

    def add(self, now: float, amount: float = 1) -> float:
        """Count `amount` more; the total of the period, `amount` included. `now` never goes back."""
        slot = int(now * self._rate)
        if slot > self._slot:
            self._turn(slot)
        self._cells[self._slot % _CELLS] += amount
        self._total += amount
        return self._total

    def total(self, now: float) -> float:
        slot = int(now * self._rate)
        if slot > self._slot:
            self._turn(slot)
        return self._total

    def _turn(self, slot: int) -> None:
        cells = self._cells
        for gone in range(max(self._slot + 1, slot - _PARTS), slot + 1):
            cells[gone % _CELLS] = 0
        self._slot = slot
        # Not by subtraction: amounts may be fractions.
        self._total = sum(cells)


class Tally:
    """How often each of some names was heard within a period; names that were not are forgotten.

    Whoever counts must stop before there are too many different ones.
    """

    __slots__ = ("_per", "_windows")

    def __init__(self, per: float) -> None:
        self._per = per
        self._windows: dict[str, Window] = {}  # heard longest ago first

    def __len__(self) -> int:
        """Different names, as of the latest `add`."""
        return len(self._windows)

    def add(self, name: str, now: float) -> int:
        """How often `name` was heard, this time included."""
        windows = self._windows
        window = windows.pop(name, None) or Window(self._per, now)
        while windows and not windows[oldest := next(iter(windows))].total(now):
            del windows[oldest]
        windows[name] = window
        return int(window.add(now))


class Distinct:
    """How many different names were heard of within a period.

    A name heard again counts from its first time until that is a period ago.
    """

    __slots__ = ("_first", "_per")

    def __init__(self, per: float) -> None:
        self._per = per
        self._first: dict[int, float] = {}

    def add(self, name: str, now: float, limit: int) -> int:
        """Args: limit: so many are remembered at most."""
        first = self._first
        while first:
            oldest = next(iter(first))
            if now - first[oldest] < self._per and len(first) < limit:
                break
            del first[oldest]
        first.setdefault(hash(name), now)
        return len(first)
