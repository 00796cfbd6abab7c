"""noop: a place to draw lines to."""

from tests.support.flow import Walk, node


def test_it_does_nothing_and_goes_on() -> None:
    assert Walk(node("kind: noop", "default")).at == "default"
