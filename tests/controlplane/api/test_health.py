"""Readiness; its routes are proved in `test_app`."""

from controlplane.api.health import Phase, Readiness


def test_it_begins_starting_and_gives_every_reason() -> None:
    readiness = Readiness(lambda: ["database: locked"])
    assert readiness.reasons() == ["starting", "database: locked"]
    readiness.phase = Phase.SERVING
    assert readiness.reasons() == ["database: locked"]
    assert Readiness().reasons() == ["starting"]
