"""The accounts as they are now."""

from collections.abc import Sequence

from config.account import Account
from controlplane.accounts import Accounts


def account(name: str) -> Account:
    return Account.model_validate({"id": name, "domain": f"{name}.example"})


def test_takers_are_told_in_order_and_may_look_at_what_was_before() -> None:
    old, new = account("acc_old"), account("acc_new")
    accounts = Accounts([old])
    seen: list[tuple[str, list[str], list[str]]] = []

    def taker(name: str) -> None:
        def take(taken: Sequence[Account]) -> None:
            seen.append((name, [one.id for one in accounts.now], [one.id for one in taken]))

        accounts.takers.append(take)

    taker("first")
    taker("second")
    accounts.take([new])
    assert seen == [("first", ["acc_old"], ["acc_new"]), ("second", ["acc_old"], ["acc_new"])]
    assert list(accounts.now) == [new]
