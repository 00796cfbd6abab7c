"""Usernames that are locked out at one source."""

from edge.security.lock import Lock, Locks


def lock(source: str, username: str, since: float = 0.0) -> Lock:
    return Lock(source, username, since, since + 100.0, 10, "Phone 1")


def test_a_locked_username_is_refused_from_its_source_until_the_lock_ends() -> None:
    locks = Locks(16)
    locks.put(lock("10.0.0.1", "1001@a"))
    found = locks.find("10.0.0.1", "1001@a", 99.0)
    assert found is not None
    refusal = found.refuse()
    assert refusal.status == 403 and "tandem bans remove 10.0.0.1" in refusal.fix
    assert [one.refused for one in locks.listed(99.0)] == [1]
    elsewhere = ("10.0.0.2", "1001@a", 1.0), ("10.0.0.1", "1001@b", 1.0), ("10.0.0.1", "1001@a", 100.0)
    for source, username, now in elsewhere:
        assert locks.find(source, username, now) is None
    assert locks.listed(100.0) == []


def test_locks_of_a_network_are_lifted_together() -> None:
    locks = Locks(16)
    for source in ("10.0.0.1", "10.0.0.2", "10.0.1.1"):
        locks.put(lock(source, "1001@a"))
    assert locks.lift("10.0.0.0/24") and not locks.lift("10.0.0.1")
    assert [one.source for one in locks.listed(1.0)] == ["10.0.1.1"]
    assert locks.lift("10.0.1.1") and locks.listed(1.0) == []


def test_beyond_the_limit_the_oldest_lock_ends() -> None:
    locks = Locks(3)
    for n in range(5):
        locks.put(lock("10.0.0.1", f"{n}", float(n)))
    locks.put(lock("10.0.0.1", "3", 5.0))
    assert [one.username for one in locks.listed(6.0)] == ["2", "4", "3"]
    assert locks.find("10.0.0.1", "0", 6.0) is None


def test_usernames_without_end_are_one() -> None:
    locks = Locks(3)
    locks.put(lock("10.0.0.1", "x" * 60_000 + "1"))
    assert locks.find("10.0.0.1", "x" * 60_000 + "2", 1.0) is not None


def test_a_lock_hears_as_many_wrong_answers_from_other_ports_as_led_to_it() -> None:
    held = Lock("10.0.0.1", "1001@a", 0.0, 100.0, 3)
    for port in range(5):
        assert held.hears(("10.0.0.1", port)) is (port < 3)
        held.wrong(("10.0.0.1", port))
        assert not held.hears(("10.0.0.1", port))
    assert len(held.tried) == 3
