"""What every call brings along."""

from edge.flow.given import GIVEN, given


def test_every_call_brings_its_variables() -> None:
    """S004-20: `caller_cid` is digits without +."""
    brought = given(call_id="call_1", account="acc", caller="+14155550100", callee="9001")
    assert tuple(brought) == GIVEN and brought["caller_cid"] == "14155550100"
