"""gather: keys and their times."""

from edge.flow.machine import Program
from media import port
from tests.support.flow import program
from tests.support.flow_call import FlowCall


def collect(fields: str = "", before: str = "") -> FlowCall:
    made: Program = program(
        "nodes:\n"
        + (f"  pre: {{kind: say, text: {before}, next: it}}\n" if before else "")
        + "  it: {kind: collect, variable: x, max_tries: 1, prompt: Number., "
        + f"min_digits: 2, max_digits: 4, timeout: 5, inter_digit_timeout: 3{fields}, "
        + "next: {done: good, timeout: late, invalid: bad}}\n"
        + "  good: {kind: say, text: 'It is {{ x }}'}\n  late: {kind: say, text: late}\n"
        + "  bad: {kind: say, text: bad}\n"
    )
    return FlowCall(made)


def test_the_last_key_that_fits_completes_the_number() -> None:
    call = collect()
    call.hears()
    call.press("1234")
    assert call.hears() == ["It is 1234"]


def test_a_terminator_completes_it_and_is_no_part_of_it() -> None:
    call = collect()
    call.press("12#")
    assert call.at == "good" and call.hears()[-1] == "It is 12"


def test_a_pause_completes_what_is_long_enough_and_refuses_what_is_not() -> None:
    call = collect()
    call.press("12")
    call.bench.advance(2.9)
    assert call.at == "it"
    call.bench.advance(0.1)
    assert call.at == "good"
    call = collect()
    call.press("1")
    call.bench.advance(3.0)
    assert call.at == "bad"


def test_the_time_for_the_first_key_begins_after_the_prompt() -> None:
    call = collect()
    call.bench.advance(60.0)
    assert call.at == "it"
    call.played(call.playing()[0])
    call.bench.advance(4.9)
    assert call.at == "it"
    call.bench.advance(0.1)
    assert call.at == "late"


def test_each_key_gives_new_time() -> None:
    call = collect()
    for _ in range(3):
        call.press("1")
        call.bench.advance(2.9)
    assert call.at == "it"


def test_without_barge_in_keys_count_only_after_the_prompt() -> None:
    call = collect(", barge_in: false", before="Wait.")
    call.press("99")
    call.played(call.playing()[0])
    call.press("99")
    assert call.at == "it" and not call.bench.commanded(port.StopPlay)
    call.played(call.playing()[0])
    call.press("12#")
    assert call.hears() == ["It is 12"]


def test_a_prompt_that_cannot_be_heard_does_not_cost_the_choice() -> None:
    call = collect()
    call.played(call.playing()[0], 0, "unreadable")
    call.press("77#")
    assert call.at == "good"


def test_what_was_typed_before_saves_the_prompt() -> None:
    call = collect(before="Welcome.")
    call.press("12")
    call.played(call.playing()[0])
    assert call.at == "it" and call.playing() == []
    call.bench.advance(3.0)
    assert call.at == "good"


def test_a_terminator_alone_is_a_key_like_others() -> None:
    call = FlowCall(
        "nodes: {m: {kind: menu, terminators: '#', max_digits: 2, next: {'digit:#': h}}, "
        "h: {kind: say, text: x}}"
    )
    call.press("#")
    assert call.at == "h"
