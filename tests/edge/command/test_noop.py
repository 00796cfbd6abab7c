"""noop: a service is asked."""

import pytest

from edge.flow.value import Value
from tests.support.directory import ACC
from tests.support.flow_call import FlowCall

FLOW = """
nodes:
  it: {kind: webhook, url: "https://crm.example/{{ caller }}", variable: who, next: {done: good, failed: bad}}
  good: {kind: say, text: "Hello {{ who.name }}"}
  bad: {kind: say, text: "Error {{ who_status }}"}
"""


def asked() -> FlowCall:
    return FlowCall(FLOW, answered=False)


def test_the_question_leaves_and_nothing_is_heard_meanwhile() -> None:
    call = asked()
    assert call.look.account == ACC and call.look.fetch.url == "https://crm.example/1001"
    assert call.playing() == []


@pytest.mark.parametrize(
    ("reply", "heard"),
    [
        ({"status": 200, "body": {"name": "Ada"}}, "Hello Ada"),
        ({"status": 204, "body": None}, "Hello"),
        ({"status": 404, "body": None}, "Error 404"),
        ({"status": 0, "error": "timeout"}, "Error 0"),
        ({}, "Error 0"),
    ],
)
def test_the_answer_decides(reply: dict[str, Value], heard: str) -> None:
    call = asked()
    call.told(**reply)
    assert call.hears() == [heard]


@pytest.mark.parametrize("said", ["no answer within 2 s", "", None])
def test_why_there_was_no_answer_stands_in_the_trace(said: str | None) -> None:
    call = asked()
    call.told(status=0, error=said)
    (row,) = [row for row in call.rows("flow") if row.event == "webhook"]
    assert row.outcome == "failed" and row.data.get("text") == (said or None)


def test_a_caller_who_hangs_up_meanwhile_is_gone() -> None:
    call = asked()
    call.bench.switch.hang_up_all("test", call.bench.now)
    call.told(status=200)
    assert call.bench.journal.cdrs[0].cause == "test"
