"""dial: people and numbers."""

import pytest

from edge.flow.command import Dial, Play, Record, Sound
from tests.support.flow import Walk, node


def test_several_ring_at_once_or_in_turn() -> None:
    text = "kind: dial\nto: ['1001', '{{ boss }}', '{{ missing }}']\nring_timeout: 10s\ncallerId: '99'\n"
    text += "strategy: {0}"
    walk = Walk(node(text.replace("{0}", "sequential"), "answered"), {"boss": "1002"})
    assert walk.command == Dial(("1001", "1002"), sequential=True, ring_timeout=10.0, caller_id="99")
    walk = Walk(node(text.replace("{0}", "simultaneous"), "answered"))
    assert isinstance(walk.command, Dial) and not walk.command.sequential


def test_one_target_needs_no_list() -> None:
    walk = Walk(node("kind: dial\nto: '1002'", "answered"))
    assert isinstance(walk.command, Dial) and walk.command.to == ("1002",)
    assert list(walk.state.node.data.references()) == [("number", "1002")]


@pytest.mark.parametrize("outcome", ["answered", "no_answer", "busy", "failed"])
def test_it_is_left_by_how_it_went(outcome: str) -> None:
    exits = ("answered", "no_answer", "busy", "failed")
    assert Walk(node("kind: dial\nto: '1002'", *exits)).step(outcome).at == outcome


def test_a_whisper_and_a_key_are_for_who_answers() -> None:
    walk = Walk(node("kind: dial\nto: '1002'\nwhisper: Sales\nconfirm: '5'\nconfirmTimeout: 4s", "answered"))
    assert walk.command == Dial(("1002",), whisper=(Sound("Sales"),), confirm="5", confirm_timeout=4.0)


@pytest.mark.parametrize(
    ("key", "sound"),
    [("1", Sound(name="confirm-accept", voice="")), ("*", Sound("Press star to take the call."))],
)
def test_without_a_whisper_who_answers_is_told_the_key(key: str, sound: Sound) -> None:
    walk = Walk(node(f"kind: dial\nto: '1002'\nconfirm: '{key}'", "answered"))
    assert isinstance(walk.command, Dial)
    (whisper,) = walk.command.whisper
    assert (whisper.text, whisper.name) == (sound.text, sound.name)
    assert whisper.name or [p.text.text for p in walk.state.node.data.prompts() if p.text] == [sound.text]


def test_a_screened_caller_says_a_name_that_is_heard_first() -> None:
    walk = Walk(node("kind: dial\nto: '1002'\nscreening: true", "answered", "failed"))
    assert walk.program.flows["main"].records
    assert isinstance(walk.command, Play)
    walk.step("done")
    assert walk.command == Record(max_seconds=5.0, silence_seconds=1.5)
    walk.step("done", key="acc/rec/c.wav", milliseconds=700)
    assert isinstance(walk.command, Dial) and walk.command.confirm == "1"
    assert walk.command.whisper[0] == Sound(recording="acc/rec/c.wav")
    assert walk.step("answered").at == "answered"


def test_a_caller_who_says_nothing_is_announced_without_a_name() -> None:
    walk = Walk(node("kind: dial\nto: '1002'\nscreening: true\nwhisper: Sales", "answered"))
    walk.step("done").step("failed")
    assert isinstance(walk.command, Dial) and walk.command.whisper == (Sound("Sales"),)
