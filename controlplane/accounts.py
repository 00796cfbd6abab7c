"""The accounts as they are now, and everybody who must know when they change."""

from collections.abc import Callable, Sequence

from config.account import Account

Taker = Callable[[Sequence[Account]], object]


class Accounts:
    def __init__(self, accounts: Sequence[Account]) -> None:
        self.now: Sequence[Account] = tuple(accounts)
        "While takers are called: those from before."
        self.takers: list[Taker] = []
        "Called in this order with the accounts that are served from now on."

    def take(self, accounts: Sequence[Account]) -> None:
        for taker in self.takers:
            taker(accounts)
        self.now = tuple(accounts)
