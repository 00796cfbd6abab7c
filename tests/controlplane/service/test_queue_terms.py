"""Queues as the edge reads them."""

from typing import Any

from config.account import Account
from config.identity import stable_id
from controlplane.service.queue_terms import queue_terms
from edge.acd.terms import QueueTerms, Strategy


def terms(queue: dict[str, Any], **account: Any) -> QueueTerms:
    body = {"id": "acc", "domain": "d", "queues": {"support": queue}, **account}
    (found,) = queue_terms(Account.model_validate(body))
    return found


def test_defaults_are_those_of_the_configuration() -> None:
    assert terms({}) == QueueTerms("support", stable_id("acc", "queue", "support"), overflow_after=0.0)


def test_everything_arrives() -> None:
    found = terms(
        {
            "strategy": "ring_all",
            "members": [{"user": "1001", "level": 2}, {"agent": "demo", "calls": 5}],
            "overflow": {"queue": "second", "after": "30s"},
            "announce": {"position": True, "wait": True, "first": "5s", "interval": "20s"},
            "when_empty": "wait",
            "auto_ready": True,
            "skills": {"french": 2},
            "whisper": "support",
            "confirm": "1",
            "music": "silence",
            "callback": {"expires": "2h", "attempts": 5, "prefixes": ["+49"], "caller_id": "+4930"},
        }
    )
    back = found.callback
    assert (back.expires, back.attempts, back.prefixes, back.caller_id) == (7_200.0, 5, ("49",), "+4930")
    assert found.strategy is Strategy.RING_ALL and found.auto_ready and not found.leave_when_empty
    assert [(one.agent, one.level, one.calls) for one in found.members] == [
        (stable_id("acc", "user", "1001"), 2, 1),
        ("agent:demo", 1, 5),
    ]
    assert (found.overflow, found.overflow_after) == ("second", 30.0)
    told = found.announcements
    assert (told.position, told.wait, told.first, told.interval) == (True, True, 5.0, 20.0)
    assert (found.whisper, found.confirm, found.music, found.skills) == ("support", "1", "", {"french": 2})


def test_music_is_the_accounts_unless_the_queue_has_its_own() -> None:
    assert terms({}, hold_music="silence").music == ""
    assert terms({"music": "builtin"}, hold_music="silence").music == "builtin"
