"""Nonces and the replay check (RFC 7616 §3.3, §5.5)."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from edge.sip.nonce import Nonces


def nonces(life: float = 300.0, tracked: int = 100, secret: bytes = b"k" * 32) -> Nonces:
    return Nonces(secret, life, tracked)


def test_no_two_nonces_are_equal_even_at_one_instant() -> None:
    """Two phones with one nonce would look like replays of each other."""
    table = nonces()
    assert len({table.issue(5.0) for _ in range(100)}) == 100
    assert len(table) == 0  # nothing is remembered of those that nobody used


def test_a_nonce_is_good_for_its_life() -> None:
    table = nonces(life=10.0)
    nonce = table.issue(100.0)
    assert table.number_of(nonce, 100.0) == table.number_of(nonce, 110.0) == 1
    assert table.number_of(nonce, 110.1) is None
    assert table.number_of(nonce, 99.0) is None  # from the future: another start of the process


@given(st.text(max_size=50) | st.binary(max_size=21).map(bytes.hex))
def test_a_nonce_that_is_not_ours_is_stale(text: str) -> None:
    assert nonces().number_of(text, 1.0) is None


def test_a_changed_nonce_or_another_secret_is_stale() -> None:
    nonce = nonces().issue(1.0)
    assert nonces().number_of(nonce, 1.0) == 1
    for index in range(len(nonce)):
        changed = nonce[:index] + ("0" if nonce[index] != "0" else "1") + nonce[index + 1 :]
        assert nonces().number_of(changed, 1.0) is None
    assert nonces(secret=b"other" * 4).number_of(nonce, 1.0) is None
    assert nonces().number_of(" " + nonce[1:], 1.0) is None


def test_each_count_is_good_once() -> None:
    table = nonces()
    assert [table.use(1, count) for count in (1, 2, 2, 1, 5, 4, 3, 4, 5, 6)] == [
        True, True, False, False, True, True, True, False, False, True,
    ]  # fmt: skip


def test_a_count_far_behind_is_a_replay_since_nobody_remembers() -> None:
    table = nonces()
    assert table.use(1, 100)
    assert table.use(1, 37) and not table.use(1, 36)
    assert table.use(1, 2**32 - 1) and not table.use(1, 101)


@given(st.lists(st.integers(1, 200)))
def test_no_count_is_ever_accepted_twice(counts: list[int]) -> None:
    table = nonces()
    accepted = [count for count in counts if table.use(7, count)]
    assert len(accepted) == len(set(accepted))


def test_the_table_is_bounded_and_what_it_forgets_is_stale() -> None:
    table = nonces(tracked=3)
    issued = [table.issue(1.0) for _ in range(6)]
    for number in (1, 2, 3, 4):
        assert table.use(number, 1)
    assert len(table) == 3
    assert [table.number_of(nonce, 1.0) for nonce in issued] == [None, 2, 3, 4, 5, 6]


def test_a_later_nonce_takes_the_place_of_an_earlier_one_and_never_the_other_way_round() -> None:
    table = nonces(tracked=3)
    early, *_, late = [table.issue(1.0) for _ in range(4)]
    assert table.use(4, 1)
    assert table.number_of(early, 1.0) is None, "stale: its phone is asked again"
    assert not table.use(1, 1) and not table.use(4, 1), "nor does it make the later one fresh"
    assert table.number_of(late, 1.0) == 4 and len(table) == 1


def test_the_table_is_as_large_at_first_as_ever() -> None:
    """100,000 nonces are a busy registrar's; they neither grow nor are walked over by the collector."""
    table = nonces(tracked=100)
    for n in range(300):
        number = table.number_of(table.issue(n / 100), n / 100)
        assert number is not None and table.use(number, 1) and not table.use(number, 1)
    assert len(table) == 100
    arrays = [value for value in vars(table).values() if isinstance(value, array)]
    assert [len(each) for each in arrays] == [100, 100, 100]
    assert not any(isinstance(value, dict | list) for value in vars(table).values())
