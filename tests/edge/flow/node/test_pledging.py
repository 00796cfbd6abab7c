"""The talk with a caller who wants to be called back: which number, and whether it is promised."""

import pytest

from edge.flow.command import Gather, Noop, Play, Pledge
from tests.support.flow import MONDAY_NOON, Walk, node

FIELDS = "kind: callback\nqueue: support"


def talk(more: str = "", **variables: object) -> Walk:
    given = {
        "caller": "+12025550199",
        "caller_name": "Ann",
        "did": "12025550100",
        "call_id": "call_1",
        **variables,
    }
    return Walk(node(f"{FIELDS}\n{more}", "done", "declined", "failed"), given)  # type: ignore[arg-type]


def text(walk: Walk) -> str:
    assert isinstance(walk.command, Gather | Play)
    return " ".join(sound.text for sound in walk.command.sounds)


def pledged(walk: Walk) -> Pledge:
    assert isinstance(walk.command, Noop) and isinstance(walk.command.fetch, Pledge)
    return walk.command.fetch


def test_a_caller_with_a_number_agrees_by_one_key() -> None:
    walk = talk("priority: 4")
    assert "1 2 0 2 5 5 5 0 1 9 9" in text(walk)
    made = pledged(walk.step("digit:1"))
    assert made == Pledge(
        "support", "+12025550199", "call_1", "Ann", "12025550100", since=MONDAY_NOON, priority=4
    )
    assert "We will call you" in text(walk.step("done", id="cb_1"))
    assert walk.variables["callback_id"] == "cb_1" and walk.variables["callback_number"] == "+12025550199"
    assert walk.step("done").at == "done"


def test_another_number_is_keyed_in_and_read_back() -> None:
    walk = talk().step("digit:2")
    assert isinstance(walk.command, Gather) and walk.command.terminators == "#"
    assert "2 0 2 5 5 5 0 1 0 1" in text(walk.step("digit:2025550101"))
    walk.step("digit:2")
    assert "enter the number" in text(walk)
    walk.step("digit:2025550102")
    assert pledged(walk.step("digit:1")).number == "2025550102"


@pytest.mark.parametrize("hidden", [{"caller": "anonymous"}, {"caller": ""}, {"caller_private": True}])
def test_a_caller_without_a_number_or_who_hides_it_keys_one_in(hidden: dict[str, object]) -> None:
    walk = talk(**hidden)
    assert "enter the number" in text(walk) and "5 5 5" not in text(walk)
    assert pledged(walk.step("digit:2025550101").step("digit:1")).number == "2025550101"


def test_a_colleague_is_told_apart_from_who_calls_from_outside() -> None:
    assert pledged(talk(direction="internal", caller="1001").step("digit:1")).inside
    assert not pledged(talk(direction="in").step("digit:1")).inside


def test_silence_and_wrong_keys_are_forgiven_twice() -> None:
    for wrong in ("timeout", "digit:7", "invalid"):
        walk = talk()
        assert not walk.step(wrong).state.ended and not walk.step(wrong).state.ended
        assert walk.step(wrong).at == "declined"


def test_numbers_too_short_too_long_or_with_a_star_are_asked_for_again() -> None:
    for wrong in ("digit:123456", "digit:1234567890123456", "digit:20255*0101"):
        walk = talk(caller="").step(wrong)
        assert "enter the number" in text(walk)
        assert walk.step(wrong).step(wrong).at == "declined"


def test_no_other_number_where_the_flow_wants_none() -> None:
    walk = talk("other_number: false").step("digit:2")
    assert "5 5 5" in text(walk)


def test_a_refusal_is_told_and_leads_on() -> None:
    walk = talk().step("digit:1").step("failed", code="too_often")
    assert "sorry" in text(walk)
    assert walk.step("done").at == "failed"


def test_words_are_the_flows_own_where_it_has_some() -> None:
    assert text(talk('ask: "On {{ callback_number }}?"')) == "On +12025550199?"
    assert text(talk("enter_number: Which?", caller="")) == "Which?"


def test_digits_out_of_order_are_refused() -> None:
    with pytest.raises(Exception, match="min_digits is above max_digits"):
        talk("min_digits: 9\nmax_digits: 8")


def test_a_caller_who_hangs_up_in_between_is_promised_nothing() -> None:
    walk = talk().step("hangup")
    assert walk.state.ended
