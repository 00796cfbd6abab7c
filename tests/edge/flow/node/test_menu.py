"""menu: a choice by key (S004-35)."""

from edge.flow.command import Gather, Sound
from tests.support.flow import Walk, node

FIELDS = "kind: menu\nprompt: Choose.\nreprompt: Again.\ninvalid: Wrong.\nmaxFailures: 2\nmaxTimeouts: 2"


def menu(*exits: str, fields: str = FIELDS) -> Walk:
    return Walk(node(fields, *exits))


def texts(walk: Walk) -> list[str]:
    assert isinstance(walk.command, Gather)
    return [sound.text for sound in walk.command.sounds]


def test_it_asks_for_one_key_that_may_come_during_the_prompt() -> None:
    walk = menu("digit:1")
    assert walk.command == Gather((Sound(text="Choose."),), 1, 1, "", 5.0, 3.0, barge_in=True)


def test_a_key_with_an_edge_is_followed_and_kept() -> None:
    walk = menu("digit:1", "digit:#").step("digit:1")
    assert walk.at == "digit:1" and walk.variables["digit"] == "1"
    assert menu("digit:1", "digit:#").step("digit:#").at == "digit:#"


def test_an_outside_edge_may_say_done_with_digits() -> None:
    """S004-31: `{outcome, data}`."""
    assert menu("digit:1").step("done", digits="1").at == "digit:1"


def test_a_key_without_an_edge_is_a_failure_and_the_last_one_leaves_by_invalid() -> None:
    walk = menu("digit:1", "invalid").step("digit:9")
    assert texts(walk) == ["Wrong.", "Again."]
    assert walk.step("invalid").at == "invalid"


def test_silence_is_asked_again_and_the_last_one_leaves_by_timeout() -> None:
    walk = menu("digit:1", "timeout").step("timeout")
    assert texts(walk) == ["Again."]
    assert walk.step("timeout").at == "timeout"


def test_failures_and_silences_are_counted_apart() -> None:
    assert menu("timeout", "invalid").step("timeout").step("digit:5").at == "it"


def test_without_a_reprompt_the_prompt_comes_again() -> None:
    assert texts(menu("timeout", fields="kind: menu\nprompt: Choose.").step("timeout")) == ["Choose."]


def test_what_cannot_be_asked_leaves_by_failed() -> None:
    assert menu("failed").step("failed").at == "failed"


def test_several_digits_may_be_a_choice() -> None:
    walk = menu("digit:12", fields="kind: menu\nprompt: x\nmax_digits: 2\nterminators: '#'\nvariable: choice")
    assert walk.step("digit:12").at == "digit:12" and walk.variables["choice"] == "12"
