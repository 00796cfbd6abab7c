"""A guard for processes that nobody can find."""

from edge.transport.guard import EveryoneWelcome


def test_everyone_is_welcome_and_nobody_is_privileged() -> None:
    guard = EveryoneWelcome()
    assert not guard.refuses("192.0.2.1", 0.0) and not guard.banned("192.0.2.1", 0.0)
    assert not guard.exempt("192.0.2.1") and guard.malformed("192.0.2.1", 0.0)
