"""enqueue: not there yet."""

import pytest

from tests.support.flow_call import FlowCall


@pytest.mark.parametrize("fields", ["kind: enqueue, queue: q"])
def test_they_fail_and_the_trace_says_so(fields: str) -> None:
    call = FlowCall("nodes: {it: {" + fields + ", next: {failed: x}}, x: {kind: say, text: x}}")
    assert call.at == "x" and call.went()[0] == ("it", "failed")
    assert "not_built" in [row.event for row in call.rows("flow")]
