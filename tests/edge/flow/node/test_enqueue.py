"""enqueue: a queue."""

import pytest

from edge.flow.command import Enqueue
from tests.support.flow import Walk, node


@pytest.mark.parametrize("outcome", ["answered", "timeout", "no_agents", "abandoned", "failed", "digit:1"])
def test_the_caller_waits_and_leaves_by_how_it_went(outcome: str) -> None:
    walk = Walk(node("kind: enqueue\nqueueId: support\npriority: 5", outcome))
    assert walk.command == Enqueue("support", 5)
    assert walk.step(outcome).at == outcome
