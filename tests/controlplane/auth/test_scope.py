"""Scopes by surface: each operation asks for one, reading never for more than writing."""

import pytest

from controlplane.api.operations import OPERATIONS
from controlplane.auth.scope import SCOPES, scope_of


def test_every_gated_operation_asks_for_a_scope_that_can_be_given() -> None:
    asked = {scope_of(one.method, one.path) for one in OPERATIONS if not one.open}
    assert asked <= SCOPES.keys()
    assert SCOPES.keys() == asked, "no scope opens nothing"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/route", "edge.control"),
        ("GET", "/media/a/b.wav", "media.read"),
        ("PUT", "/media/a/b.wav", "media.write"),
        ("GET", "/agent/confirm/acc/lease/1", "edge.control"),
        ("POST", "/agent", "agents.write"),
        ("GET", "/presence/users", "agents.read"),
        ("POST", "/cac/reset", "edge.admin"),
        ("GET", "/calls/x/trace", "calls.read"),
        ("GET", "/calls", "calls.read"),
        ("GET", "/callbacks", "agents.read"),
        ("DELETE", "/callbacks/cb_1", "agents.write"),
        ("GET", "/routes", "edge.admin"),
        ("GET", "/whatever/comes", "edge.admin"),
    ],
)
def test_a_route_asks_for_the_scope_of_its_surface(method: str, path: str, scope: str) -> None:
    assert scope_of(method, path) == scope
