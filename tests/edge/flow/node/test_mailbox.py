"""mailbox: messages are listened to one after another, and kept or erased."""

import pytest

from edge.flow.command import Consult, Gather, Noop, Play, Record
from edge.flow.value import Value
from tests.support.flow import MONDAY_NOON, Walk, node

FIRST: dict[str, Value] = {"status": 200, "new": 1, "old": 1, "key": "a/vm/1.wav", "caller": "1002", "at": 5}
OLD: dict[str, Value] = {**FIRST, "new": 0, "old": 2, "key": "a/vm/0.wav"}
NONE: dict[str, Value] = {"status": 200, "new": 0, "old": 0}


def mailbox() -> Walk:
    return Walk(node("kind: mailbox\nmailbox: '1001'", "done", "failed"))


def consulted(walk: Walk) -> Consult:
    assert isinstance(walk.command, Noop) and isinstance(walk.command.fetch, Consult)
    return walk.command.fetch


def heard(walk: Walk) -> list[str]:
    assert isinstance(walk.command, (Gather, Play))
    return [sound.text or sound.recording for sound in walk.command.sounds]


def test_the_new_ones_come_first_and_the_caller_is_told_how_many_there_are() -> None:
    walk = mailbox()
    assert consulted(walk) == Consult("1001")
    walk.step("done", **FIRST)
    assert heard(walk)[:3] == ["You have 1 new message and 1 old message.", "From 1 0 0 2.", "a/vm/1.wav"]
    assert isinstance(walk.command, Gather) and walk.command.max_digits == 1


def test_a_message_that_was_heard_is_new_no_more_and_old_ones_follow() -> None:
    walk = mailbox().step("done", **FIRST).step("timeout")
    assert consulted(walk) == Consult("1001", heard="a/vm/1.wav")
    walk.step("done", **{**NONE, "old": 2})
    assert consulted(walk) == Consult("1001", before=MONDAY_NOON)
    walk.step("done", **OLD)
    assert heard(walk)[:2] == ["From 1 0 0 2.", "a/vm/0.wav"]
    assert consulted(walk.step("digit:2")) == Consult("1001", index=1, before=MONDAY_NOON)
    assert heard(walk.step("done", **NONE))[0] == "There are no more messages."
    assert walk.step("timeout").at == "done"


def test_one_key_plays_it_again_another_erases_it_and_a_third_leaves() -> None:
    walk = mailbox().step("done", **FIRST)
    assert consulted(walk.step("digit:1")) == Consult("1001"), "it is still new"
    walk.step("done", **FIRST)
    assert consulted(walk.step("digit:3")) == Consult("1001", erase="a/vm/1.wav")
    assert walk.step("done", **FIRST).step("digit:*").at == "done"


def test_erasing_an_old_one_moves_the_next_into_its_place() -> None:
    walk = mailbox().step("done", **{**NONE, "old": 2})
    walk.step("done", **OLD)
    assert heard(walk)[0] == "You have 2 old messages."
    assert consulted(walk.step("digit:3")) == Consult("1001", 0, MONDAY_NOON, erase="a/vm/0.wav")


def test_an_empty_mailbox_says_so() -> None:
    walk = mailbox().step("done", **NONE)
    assert heard(walk) == ["You have no messages.", "Press 0 to record your greeting."]
    assert walk.step("timeout").at == "done"


@pytest.mark.parametrize("reply", [FIRST, NONE], ids=["at a message", "at the end"])
def test_a_greeting_is_recorded_by_key(reply: dict[str, Value]) -> None:
    walk = mailbox().step("done", **reply).step("digit:0")
    assert isinstance(walk.command, Play) and "greeting" in heard(walk)[0]
    assert walk.step("done").command == Record("greeting", "1001", max_seconds=60.0, silence_seconds=0)
    assert heard(walk.step("done", key="a/greeting/1001.wav")) == ["Your greeting is kept."]
    assert walk.step("done").at == "done"


def test_a_greeting_of_nothing_is_not_kept() -> None:
    walk = mailbox().step("done", **NONE).step("digit:0").step("done").step("failed")
    assert walk.at == "done"


def test_a_store_that_does_not_answer_is_told_and_has_a_way_out() -> None:
    walk = mailbox().step("failed", status=503)
    assert heard(walk) == ["Your messages cannot be read right now."]
    assert walk.step("done").at == "failed"


def test_what_it_says_can_be_spoken_ahead() -> None:
    assert len(list(mailbox().state.node.data.prompts())) >= 4
    assert list(mailbox().state.node.data.references()) == [("user", "1001")]
