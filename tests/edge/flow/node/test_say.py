"""say: a text, spoken."""

from edge.flow.command import Play, Sound
from tests.support.flow import Walk, node


def test_a_text_with_variables_is_spoken() -> None:
    walk = Walk(node("kind: say\ntext: 'Hello {{ caller }}'\nvoice: de", "done"), {"caller": "1001"})
    assert walk.command == Play((Sound(text="Hello 1001", voice="de"),))
    assert walk.step("done").at == "done"


def test_its_text_is_a_prompt_that_can_be_made_ahead() -> None:
    (prompt,) = Walk(node("kind: say\ntext: Hi", "done")).state.node.data.prompts()
    assert prompt.text is not None and prompt.text.is_fixed


def test_a_text_that_comes_out_empty_is_skipped() -> None:
    assert Walk(node("kind: say\ntext: '{{ missing }}'", "done")).at == "done"
