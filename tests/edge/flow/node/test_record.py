"""record: a file of what the caller says."""

from edge.flow.command import Record
from tests.support.flow import Walk, node


def test_the_key_of_the_file_is_a_variable() -> None:
    walk = Walk(node("kind: record\nvariable: note\nbeep: false\nmax_seconds: 30", "done", "failed"))
    assert walk.command == Record("rec", "", False, 30.0, 5.0, "#")
    assert walk.step("done", key="acc/rec/call_1.wav").at == "done"
    assert walk.variables["note"] == "acc/rec/call_1.wav"


def test_a_failure_has_a_way_out() -> None:
    assert Walk(node("kind: record", "done", "failed")).step("failed").at == "failed"
