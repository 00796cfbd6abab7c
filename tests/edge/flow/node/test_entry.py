"""entry: where a call begins."""

from tests.support.flow import Walk, node


def test_it_does_nothing_and_goes_on() -> None:
    walk = Walk(node("kind: entry\ntrigger: inbound", "done"))
    assert walk.left == [("it", "done"), ("done", "normal")]
