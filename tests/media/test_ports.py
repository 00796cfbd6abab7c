from media.ports import PortPool


def take(pool: PortPool, busy: set[int] | None = None) -> int | None:
    candidates = pool.candidates()
    for port in candidates:
        if port not in (busy or set()):
            candidates.close()
            return port
    return None


def test_pairs_begin_on_even_ports_within_the_range() -> None:
    """RFC 3550 §11."""
    assert len(PortPool(20000, 29999)) == 5000
    pool = PortPool(20001, 20006)
    assert [take(pool), take(pool), take(pool)] == [20002, 20004, None]


def test_an_empty_pool_gives_nothing_and_a_used_pair_comes_last() -> None:
    pool = PortPool(20000, 20007)
    assert [take(pool), take(pool)] == [20000, 20002]
    pool.give_back(20000)
    assert [take(pool) for _ in range(4)] == [20004, 20006, 20000, None]


def test_a_pair_that_is_busy_elsewhere_is_skipped_and_tried_again_later() -> None:
    pool = PortPool(20000, 20005)
    assert take(pool, busy={20000, 20002}) == 20004
    assert len(pool) == 2
    assert take(pool) == 20000


def test_when_every_pair_is_busy_none_is_lost() -> None:
    pool = PortPool(20000, 20005)
    assert take(pool, busy={20000, 20002, 20004}) is None
    assert len(pool) == 3
