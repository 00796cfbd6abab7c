"""play: something to hear."""

import pytest
from pydantic import ValidationError

from edge.flow.command import Play, Sound, params
from edge.flow.node.play import Controls
from tests.support.flow import Walk, node


@pytest.mark.parametrize(
    ("fields", "sound"),
    [
        ("prompt: Hello.", Sound(text="Hello.")),
        ("prompt: {text: Hallo, voice: de+f2}", Sound(text="Hallo", voice="de+f2")),
        ("prompt: {file: /a.wav}", Sound(file="/a.wav")),
        ("prompt: {name: goodbye}", Sound(name="goodbye")),
        ("promptAudioId: goodbye", Sound(name="goodbye")),
    ],
)
def test_a_text_a_file_or_a_prompt_of_ours_is_played(fields: str, sound: Sound) -> None:
    assert Walk(node(f"kind: play\n{fields}", "done")).command == Play((sound,))


@pytest.mark.parametrize("outcome", ["done", "failed"])
def test_it_is_left_by_how_it_went(outcome: str) -> None:
    assert Walk(node("kind: play\nprompt: x", "done", "failed")).step(outcome).at == outcome


def test_what_comes_out_empty_is_skipped() -> None:
    assert Walk(node("kind: play\nprompt: '{{ missing }}'", "done")).at == "done"


def test_keys_control_it_and_are_told_on_the_wire() -> None:
    command = Walk(
        node("kind: play\nprompt: {file: /a.wav}\ncontrols: {pause: '5', step: 2s}", "done")
    ).command
    assert command == Play((Sound(file="/a.wav"),), controls={"5": "pause"}, step_ms=2_000)
    assert params(command) == {"file": "/a.wav", "controls": {"5": "pause"}, "step_ms": 2_000}


@pytest.mark.parametrize(
    "controls", [{"pause": "55"}, {"pause": "5", "stop": "5"}, {"step": 0}, {"speed": "1"}]
)
def test_a_key_has_one_meaning(controls: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Controls.model_validate(controls)
