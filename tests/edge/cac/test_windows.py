"""Rate windows of admission (S004-60)."""

from edge.cac.claim import Rate
from edge.cac.windows import Windows
from edge.directory import AccountId

ACC = AccountId("acc")


def rate(id: str) -> Rate:
    return Rate("number", id, "out", 60.0, 5, True)


def test_each_number_has_a_window_of_its_own() -> None:
    windows = Windows()
    windows.add(ACC, rate("1"), 0.0)
    windows.add(ACC, rate("1"), 1.0)
    windows.add(ACC, rate("2"), 1.0)
    assert [windows.count(ACC, rate(id), 2.0) for id in "123"] == [2, 1, 0]
    assert {(one.id, one.count, one.limit) for one in windows.of(ACC, 2.0)} == {("1", 2, 5), ("2", 1, 5)}
    assert windows.of(ACC, 200.0) == [] and windows.of(AccountId("other"), 2.0) == []


def test_the_longest_unused_gives_way() -> None:
    windows = Windows(most=2)
    for id in ("1", "2", "1", "3"):
        windows.add(ACC, rate(id), 0.0)
    assert len(windows) == 2 and windows.count(ACC, rate("2"), 0.0) == 0
    assert windows.count(ACC, rate("1"), 0.0) == 2


def test_clearing_is_of_one_account() -> None:
    windows = Windows()
    windows.add(ACC, rate("1"), 0.0)
    windows.add(AccountId("other"), rate("1"), 0.0)
    windows.clear(ACC)
    assert len(windows) == 1 and windows.count(ACC, rate("1"), 0.0) == 0
