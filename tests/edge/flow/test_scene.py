"""What a node sees and changes."""

from edge.flow.command import Sound
from edge.flow.scene import Outcome, Prompt, Scene
from edge.flow.template import Template


def scene() -> Scene:
    return Scene({"name": "Ada"}, frozenset(), 0, "UTC", {}.get)


def test_variables_of_the_state_are_left_alone() -> None:
    here = scene()
    before = here.variables
    here.set("name", "Bob")
    here.set("pin", "1234", secret=True)
    assert before == {"name": "Ada"} and here.variables == {"name": "Bob", "pin": "1234"}
    assert here.secrets == {"pin"}


def test_digits_come_in_the_outcome_or_as_data() -> None:
    assert Outcome("digit:12").digits == "12"
    assert Outcome("done", {"digits": "12"}).digits == "12"
    assert Outcome("done").digits == Outcome("timeout", {"digits": "12"}).digits == ""
    assert len(Outcome("digit:" + "1" * 999).digits) == 64


def test_an_empty_text_is_nothing_to_hear() -> None:
    here = scene()
    prompts = (
        Prompt(Template("{{ missing }} ")),
        None,
        Prompt(Template("{{ name }}")),
        Prompt(file="/a.wav"),
    )
    assert here.sounds(*prompts) == (Sound(text="Ada"), Sound(file="/a.wav"))
