"""callback: a promise without waiting."""

from edge.flow.node.callback import CallbackNode
from tests.support.flow import Walk, node


def test_the_ways_out_are_promised_declined_and_refused() -> None:
    def walk() -> Walk:
        return Walk(
            node("kind: callback\nqueueId: support", "done", "declined", "failed"), {"caller": "1001"}
        )

    assert walk().step("digit:1").step("done").step("done").at == "done"
    assert walk().step("digit:1").step("failed").step("done").at == "failed"
    assert walk().step("timeout").step("timeout").step("timeout").at == "declined"


def test_a_late_outcome_of_a_failed_gather_is_the_end_of_the_talk() -> None:
    walk = Walk(node("kind: callback\nqueue: support", "declined"), {"caller": "1001"})
    assert walk.step("failed").at == "declined"


def test_its_queue_is_looked_up_by_the_checks_and_its_variables_are_known() -> None:
    data = CallbackNode.model_validate({"queue": "support"})
    assert list(data.references()) == [("queue", "support")]
    assert set(data.sets()) == {"callback_number", "callback_digits", "callback_id"}
    assert len(list(data.prompts())) == 6
