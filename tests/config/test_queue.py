"""Queues of the configuration."""

from typing import Any

import pytest
from pydantic import ValidationError

from config.queue import Queue, QueueMember, QueueStrategy


def test_a_queue_has_its_defaults() -> None:
    queue = Queue()
    assert queue.strategy is QueueStrategy.LONGEST_IDLE
    assert (queue.agent_ring_timeout, queue.wrap_up, queue.max_wait) == (20.0, 5.0, 600.0)
    assert queue.max_no_answer == 3 and queue.when_empty == "leave" and not queue.auto_ready


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"user": "1001", "agent": "demo"},
        {"user": "1001", "calls": 2},
        {"user": "1001", "level": 0},
        {"agent": "demo", "calls": 0},
    ],
)
def test_a_member_is_a_person_or_an_ai_agent(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QueueMember.model_validate(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"strategy": "loudest"},
        {"agent_ring_timeout": "0s"},
        {"retry_delay": "0s"},
        {"confirm": "12"},
        {"announce": {"interval": "1s"}},
        {"overflow": {"after": "5s"}},
        {"skills": {"french": 0}},
        {"max_queued": 20_000},
        {"greeting": "x" * 1_001},
    ],
)
def test_what_no_queue_can_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Queue.model_validate(wrong)


def test_callbacks_have_bounds() -> None:
    back = Queue().callback
    assert (back.schedule, back.expires, back.attempts, back.per_number) == (None, 86_400.0, 3, 3)
    for wrong in (
        {"attempts": 0},
        {"expires": "1s"},
        {"prefixes": ["x"]},
        {"caller_id": "Ann"},
        {"colour": 1},
    ):
        with pytest.raises(ValidationError):
            Queue.model_validate({"callback": wrong})
