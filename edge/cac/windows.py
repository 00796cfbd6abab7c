"""Sliding rate windows of admission: how many calls began, by whom, in the last so many seconds (S004-60).

Each is of constant size, so its period may be a day and its limit a million. There is one for each number
that is called where a limit is on numbers: the longest unused ones give way.
"""

from collections import OrderedDict
from typing import Final

from config.value import dataclass
from edge.cac.claim import Rate
from edge.directory import AccountId
from edge.security.window import Window

WINDOWS_MAX: Final = 50_000
"Windows kept, of all accounts together."

Key = tuple[AccountId, str, str, str, float]


@dataclass(frozen=True, slots=True)
class WindowCount:
    """One window as it stands."""

    kind: str
    id: str
    direction: str
    period: float
    "[s]"
    count: int
    limit: int


class Windows:
    def __init__(self, most: int = WINDOWS_MAX) -> None:
        self._most = most
        self._windows: OrderedDict[Key, tuple[Window, Rate]] = OrderedDict()

    def count(self, account: AccountId, rate: Rate, now: float) -> int:
        found = self._windows.get(_key(account, rate))
        return 0 if found is None else int(found[0].total(now))

    def add(self, account: AccountId, rate: Rate, now: float) -> None:
        key = _key(account, rate)
        found = self._windows.get(key)
        window = Window(rate.period, now) if found is None else found[0]
        self._windows[key] = (window, rate)
        self._windows.move_to_end(key)
        if len(self._windows) > self._most:
            self._windows.popitem(last=False)
        window.add(now)

    def of(self, account: AccountId, now: float) -> list[WindowCount]:
        """Those of one account in which something began."""
        return [
            WindowCount(rate.kind, rate.id, rate.direction, rate.period, count, rate.limit)
            for key, (window, rate) in self._windows.items()
            if key[0] == account and (count := int(window.total(now)))
        ]

    def clear(self, account: AccountId) -> None:
        for key in [key for key in self._windows if key[0] == account]:
            del self._windows[key]

    def __len__(self) -> int:
        return len(self._windows)


def _key(account: AccountId, rate: Rate) -> Key:
    return account, rate.kind, rate.id, rate.direction, rate.period
