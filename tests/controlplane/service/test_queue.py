"""What is shown of queues."""

from controlplane.service.queue import QueueService
from edge.acd.terms import QueueTerms
from edge.acd.ticket import Exit
from edge.error import Refusal
from tests.support.acd import Desk, member
from tests.support.directory import ACC

QUEUE = QueueTerms("support", "q_1", members=(member("1001"), member("1002", 2)))


def test_callers_agents_service_level_and_abandoned_are_shown() -> None:
    desk = Desk(QUEUE)
    service = QueueService(desk.acd, desk.directory, lambda: desk.now)
    desk.ready("1001")
    talking, gone = desk.joins("a"), desk.joins("b")
    desk.advance(2.0)
    talking.answered()
    desk.acd.leave(gone.call, Exit.ABANDONED, desk.now)
    desk.joins("c", priority=3)
    desk.advance(4.0)
    shown = service.show(ACC)
    assert isinstance(shown, dict)
    (queue,) = shown["queues"]  # type: ignore[misc]
    assert (queue["queueId"], queue["joined"], queue["answered"], queue["abandoned"]) == ("q_1", 3, 1, 1)
    assert (queue["service_level"], queue["average_wait"], queue["longest_wait"]) == (0.5, 2.0, 2.0)
    (waiting,) = queue["waiting"]
    assert (waiting["callId"], waiting["position"], waiting["waited"], waiting["priority"]) == (
        "c",
        1,
        4.0,
        3,
    )
    assert queue["talking"] == [{"callId": "a", "agent_id": "us_1001", "seconds": 4}]
    assert [(one["agent_id"], one["level"], one["state"]) for one in queue["agents"]] == [
        ("us_1001", 1, "in_call"),
        ("us_1002", 2, "waiting"),
    ]


def test_an_idle_queue_has_no_service_level_and_an_account_must_be_there() -> None:
    desk = Desk(QUEUE)
    service = QueueService(desk.acd, desk.directory, lambda: desk.now)
    shown = service.show(ACC)
    assert isinstance(shown, dict) and shown["queues"][0]["service_level"] is None  # type: ignore[index]
    refusal = service.show("nobody")
    assert isinstance(refusal, Refusal) and refusal.code == "no_such_account"
