"""sendDigits: keys for machines that call."""

from edge.flow.command import Play
from tests.support.flow import Walk, node


def test_keys_are_sent() -> None:
    walk = Walk(node("kind: sendDigits\ndigits: '12#'", "done"))
    assert walk.command == Play(digits="12#") and walk.step("done").at == "done"
