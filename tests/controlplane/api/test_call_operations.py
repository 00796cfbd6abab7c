"""Operations of calls; tests/controlplane/test_control.py holds them against the routes."""

from controlplane.api.call_operations import CALLS
from controlplane.auth.scope import scope_of


def test_reading_asks_for_calls_read_and_all_else_for_calls_write() -> None:
    for one in CALLS:
        assert scope_of(one.method, one.path) == ("calls.read" if one.method == "GET" else "calls.write")
        assert 404 in {status for status, _ in one.replies} or one.path == "/calls", one
