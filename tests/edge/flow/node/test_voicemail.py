"""voicemail: `play`, then `record`."""

from edge.flow.command import Play, Record
from edge.flow.node.voicemail import GREETING
from tests.support.flow import Walk, node


def voicemail(more: str = "") -> Walk:
    return Walk(node(f"kind: voicemail\nmailboxId: '1001'\n{more}", "done", "failed"))


def test_the_greeting_is_heard_and_then_the_message_recorded() -> None:
    walk = voicemail("max_seconds: 60\nsilence: 3s")
    assert isinstance(walk.command, Play) and GREETING.text is not None
    assert walk.command.sounds[0].text == GREETING.text.text
    assert walk.step("done").command == Record("vm", "1001", True, 60.0, 3.0, "#")
    assert walk.step("done").at == "done"


def test_a_greeting_that_cannot_be_played_does_not_cost_the_message() -> None:
    assert isinstance(voicemail().step("failed").command, Record)


def test_a_recording_that_fails_has_a_way_out() -> None:
    assert voicemail().step("done").step("failed").at == "failed"


def test_an_empty_greeting_is_skipped() -> None:
    assert isinstance(voicemail("greeting: '{{ nothing }}'").command, Record)


def test_a_caller_whose_message_has_no_room_is_told_so() -> None:
    walk = voicemail().step("done").step("failed", cause="mailbox_full")
    assert isinstance(walk.command, Play) and "full" in walk.command.sounds[0].text
    assert walk.step("done").at == "failed"


def test_what_the_user_has_recorded_is_the_greeting_unless_the_flow_has_one() -> None:
    walk = voicemail()
    assert isinstance(walk.command, Play) and walk.command.sounds[0].personal == "1001"
    walk = voicemail("greeting: Hello.")
    assert isinstance(walk.command, Play) and walk.command.sounds[0].personal == ""
