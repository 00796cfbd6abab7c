"""forward: the call goes elsewhere."""

from edge.flow.command import Dial
from tests.support.flow import Walk, node


def test_one_number_is_dialled_and_the_call_is_over_when_that_is() -> None:
    walk = Walk(
        "nodes: {f: {kind: forward, number: '+14155550100', caller_id: '{{ caller }}'}}", {"caller": "7"}
    )
    assert walk.command == Dial(("+14155550100",), ring_timeout=60.0, caller_id="7")
    assert walk.step("answered").state.ended


def test_who_does_not_answer_has_a_way_out() -> None:
    assert Walk(node("kind: forward\nnumber: '1002'", "no_answer")).step("no_answer").at == "no_answer"
