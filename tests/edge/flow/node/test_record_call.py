"""recordCall: on, off, pause."""

import pytest

from edge.flow.command import Record
from tests.support.flow import Walk, node


@pytest.mark.parametrize("turn", ["on", "off", "pause"])
def test_it_turns_the_recording_of_the_whole_call(turn: str) -> None:
    walk = Walk(node(f"kind: recordCall\nturn: '{turn}'", "done", "failed"), {})
    assert walk.command == Record(call=turn)
    assert walk.step("done").at == "done"
