"""What every node has in common."""

import pytest
from pydantic import ValidationError

from edge.flow.node.data import fixed, snake
from edge.flow.node.menu import Menu
from edge.flow.template import Template


def test_both_spellings_are_one_key() -> None:
    """F-S6."""
    long = {
        "promptText": "x",
        "invalidAudioId": "invalid",
        "timeoutSec": 4,
        "interDigitTimeoutSec": 2,
        "bargeIn": False,
    }
    menu = Menu.model_validate(long)
    assert menu.prompt is not None and menu.prompt.text is not None and menu.prompt.text.text == "x"
    assert menu.invalid is not None and menu.invalid.name == "invalid"
    assert (menu.timeout, menu.inter_digit_timeout, menu.barge_in) == (4.0, 2.0, False)
    assert snake("timeCondition") == "time_condition"


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Menu.model_validate({"promt": "x"})


def test_what_a_node_reads_is_known() -> None:
    menu = Menu.model_validate({"prompt": "Hi {{ a }}", "invalid": {"text": "{{ b.c }}"}})
    assert menu.reads() == {"a", "b"} and len(list(menu.prompts())) == 2


def test_only_a_text_without_expressions_is_fixed() -> None:
    assert (fixed(Template("1002")), fixed(Template("{{ x }}")), fixed(None)) == ("1002", "", "")
