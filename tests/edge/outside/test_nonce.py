"""Nonces of an outside edge beside ours (S004-11)."""

from edge.outside.nonce import OutsideNonces
from edge.sip.nonce import Nonces


def book(limit: int = 10) -> tuple[Nonces, OutsideNonces]:
    ours = Nonces(b"k" * 32, life=60.0, tracked=100)
    return ours, OutsideNonces(ours, limit)


def use(nonces: OutsideNonces, nonce: str, count: int, now: float) -> bool | None:
    """None: stale."""
    number = nonces.number_of(nonce, now)
    return None if number is None else nonces.use(number, count)


def test_ours_are_judged_as_at_our_own_door() -> None:
    ours, nonces = book()
    nonce = ours.issue(0.0)
    assert use(nonces, nonce, 1, 10.0) is True and use(nonces, nonce, 1, 10.0) is False
    assert nonces.number_of(nonce, 100.0) is None
    forged = "0" * len(nonce)
    assert nonces.number_of(forged, 0.0) is None, "in our form, but not ours"
    assert len(nonces) == 0


def test_theirs_is_good_from_its_first_right_answer_and_each_count_once() -> None:
    _, nonces = book()
    assert use(nonces, "theirs", 1, 1_000.0) is True
    assert use(nonces, "theirs", 1, 1_001.0) is False, "replay"
    assert use(nonces, "theirs", 2, 1_002.0) is True
    assert use(nonces, "theirs", 3, 1_100.0) is None, "older than its life since it was first seen"


def test_guesses_do_not_fill_the_table() -> None:
    _, nonces = book(limit=2)
    for guess in range(10):
        assert nonces.number_of(f"guess{guess}", 0.0) is not None
    assert len(nonces) == 0
    for right in range(5):
        assert use(nonces, f"right{right}", 1, 0.0) is True
    assert len(nonces) == 2
