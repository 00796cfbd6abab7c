"""What is found in a flow before a caller finds it."""

import json
import time
from pathlib import Path

from edge.flow.check import check, unchecked
from edge.flow.document import Draft, read_flow

GOOD = """
nodes:
  menu:
    kind: menu
    prompt: "Hello {{ caller }}."
    next: {"digit:1": agent, timeout: bye, invalid: bye}
  agent: {kind: agent, agent: demo, next: bye}
  bye: {kind: hangup}
"""


def findings(text: str, **outside: tuple[str, ...]) -> list[str]:
    draft = read_flow(text, "f.yaml", folder=Path("/nowhere"))
    return [
        ("error " if finding.error else "warning ") + str(finding.problem)
        for finding in check(draft, outside or None)
    ]


def test_a_good_flow_has_no_findings() -> None:
    assert findings(GOOD) == []
    assert findings(GOOD, agent=("demo",)) == []


def test_names_outside_are_looked_up_when_there_is_a_configuration() -> None:
    (found,) = findings(GOOD, agent=("demos", "x"))
    assert found == "error f.yaml:7: nodes.agent: no such agent: demo (did you mean demos?)"
    draft = read_flow(GOOD, "f.yaml")
    assert unchecked(draft) == [("agent", "demo")]


def test_a_public_number_needs_an_outside_line() -> None:
    text = 'nodes: {d: {kind: dial, to: ["1002", "+14155550100"], next: h}, h: {kind: hangup}}'
    assert findings(text, number=("1002",), trunk=("carrier",)) == []
    (found,) = findings(text, number=("1002",))
    assert "no such user, extension or outside line for: +14155550100" in found


def test_a_way_out_that_never_happens_is_an_error() -> None:
    (found,) = findings("nodes: {a: {kind: say, text: x, next: {timeot: a, default: a}}}")
    assert found.startswith("error f.yaml:1: nodes.a.next.timeot: say is never left by timeot")
    (found,) = findings('nodes: {a: {kind: menu, prompt: x, next: {"digit:12": a, default: a}}}')
    assert "never typed: the menu takes 1 to 1 digits" in found
    (found,) = findings("nodes: {a: {kind: hangup, next: a}}")
    assert "hangup has no way out" in found
    assert findings(
        "nodes: {a: {kind: condition, cases: {big: 'x > 1'}, next: {big: b, default: b}}, "
        "b: {kind: hangup}, c: {kind: noop, next: b}}"
    )[-1].startswith("warning")


def test_a_loop_without_media_is_an_error_and_one_with_media_is_not() -> None:
    (found,) = findings("nodes: {a: {kind: noop, next: b}, b: {kind: noop, next: a}}")
    assert found.startswith("error") and "a loop without media: a → b → a" in found
    assert findings("nodes: {a: {kind: noop, next: b}, b: {kind: say, text: x, next: a}}") == []
    (found,) = findings("nodes: {a: {kind: noop, next: b}, b: {kind: noop, next: b}}")
    assert "b → b" in found


def test_a_flow_that_enters_itself_unheard_is_an_error_and_after_a_prompt_a_warning() -> None:
    (found,) = findings("nodes: {a: {kind: subflow, flow: flow, next: h}, h: {kind: hangup}}")
    assert found.startswith("error") and "the flow enters itself: flow → flow" in found
    menu = "a: {kind: say, text: x, next: b}, b: {kind: subflow, flow: flow, next: h}, h: {kind: hangup}"
    (found,) = findings(f"nodes: {{{menu}}}")
    assert found.startswith("warning") and "lead back by an edge" in found


def test_a_circle_of_flows_is_found_from_each_of_them() -> None:
    def flow(name: str, *inner: str) -> Draft:
        nodes = "".join(f"s{i}: {{kind: subflow, flow: {one}, next: h}}, " for i, one in enumerate(inner))
        ways = "".join(f"'{i}': s{i}, " for i in range(len(inner)))
        first = f"a: {{kind: condition, cases: {{'0': 'true', '1': 'true'}}, next: {{{ways}default: h}}}}, "
        return read_flow(f"nodes: {{{first}{nodes}h: {{kind: hangup}}}}", f"{name}.yaml", name=name)

    drafts = [flow("one", "two", "leaf"), flow("two", "three"), flow("three", "leaf", "one"), flow("leaf")]
    flows = {draft.flow.name: draft.flow for draft in drafts}
    circles = [
        [str(found.problem) for found in check(draft, flows=flows) if "enters itself" in found.problem.what]
        for draft in drafts
    ]
    assert [len(found) for found in circles] == [1, 1, 1, 0]
    assert "one → two → three → one" in circles[0][0] and "two → three → one → two" in circles[1][0]


def test_a_missing_file_is_an_error() -> None:
    (found,) = findings("nodes: {a: {kind: play, prompt: {file: hello.wav}, next: b}, b: {kind: hangup}}")
    assert "no such file: /nowhere/hello.wav" in found


def test_unreachable_nodes_and_dead_ends_are_warnings() -> None:
    found = findings("nodes:\n  a: {kind: say, text: x}\n  b: {kind: hangup}")
    assert [line.split(" (")[0] for line in found] == [
        "warning f.yaml:2: nodes.a: a has no way out: the call hangs up after it",
        "warning f.yaml:3: nodes.b: no way leads to b",
    ]
    (found_one,) = findings('nodes: {m: {kind: menu, prompt: x, next: {"digit:1": h}}, h: {kind: hangup}}')
    assert "m leads nowhere on timeout, invalid" in found_one


def test_a_holiday_goes_the_way_of_closed_without_a_warning() -> None:
    text = "nodes: {t: {kind: timeCondition, schedule: s, next: {in_hours: h, out_of_hours: h}}, "
    text += "h: {kind: hangup}}"
    assert findings(text) == []


def test_a_variable_that_nothing_sets_is_a_warning() -> None:
    (found,) = findings("nodes: {a: {kind: say, text: '{{ callr }}', next: h}, h: {kind: hangup}}")
    assert "the variable callr is never set (did you mean caller?)" in found
    assert (
        findings("{variables: {x: 1}, nodes: {a: {kind: say, text: '{{ x }}', next: h}, h: {kind: hangup}}}")
        == []
    )


def test_variables_that_another_flow_hands_over_are_known() -> None:
    inner = read_flow("nodes: {a: {kind: say, text: '{{ what }}', next: h}, h: {kind: hangup}}", "inner.yaml")
    outer = read_flow(
        "nodes: {s: {kind: subflow, flow: inner, arguments: {what: x}, next: h}, h: {kind: hangup}}", "o"
    )
    assert len(check(inner)) == 1
    assert check(inner, flows={"outer": outer.flow}) == []


def test_a_large_flow_is_checked_in_a_moment() -> None:
    nodes = {
        f"n{i}": {
            "kind": "say",
            "text": f"{{{{ x{i} }}}}",
            "next": {"wrong": "n0", "default": f"n{(i + 1) % 1000}"},
        }
        for i in range(1_000)
    }
    variables = {f"v{i}": 1 for i in range(900)}
    draft = read_flow(json.dumps({"nodes": nodes, "variables": variables}), "f.json")
    start = time.process_time()
    assert len(check(draft)) == 200
    assert time.process_time() - start < 5.0


def test_a_file_that_is_no_sound_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "hello.wav").write_text("not a sound")
    text = (
        f"nodes: {{a: {{kind: play, prompt: {{file: {tmp_path}/hello.wav}}, next: b}}, b: {{kind: hangup}}}}"
    )
    (found,) = findings(text)
    assert found.startswith("error") and "cannot be played" in found and "WAV" in found


def test_nothing_to_hear_is_a_warning() -> None:
    found = findings(
        "nodes:\n  a: {kind: menu, next: {'digit:1': b, default: b}}\n"
        "  b: {kind: say, text: ' ', next: c}\n  c: {kind: hangup}"
    )
    assert [line.split(" (")[0] for line in found] == [
        "warning f.yaml:2: nodes.a: a asks without a prompt: its caller hears nothing",
        "warning f.yaml:3: nodes.b: b has an empty text: nothing is heard",
    ]


def test_a_variable_in_single_braces_would_be_spoken_as_it_stands() -> None:
    (found,) = findings("nodes: {a: {kind: say, text: 'Hello {caller}', next: b}, b: {kind: hangup}}")
    assert "{caller} is spoken as it stands (a variable is written {{ caller }})" in found
    assert findings("nodes: {a: {kind: say, text: '{{ caller }}', next: b}, b: {kind: hangup}}") == []


def test_a_bare_digit_as_a_way_out_is_told_how_it_is_written() -> None:
    (found,) = findings("nodes: {m: {kind: menu, prompt: x, next: {1: b, default: b}}, b: {kind: hangup}}")
    assert found.endswith('menu is never left by 1 (write "digit:1")')
    (found,) = findings("nodes: {a: {kind: hangup, next: a}}")
    assert "remove it" in found


def test_hours_whose_time_zone_nobody_has_named_are_a_warning() -> None:
    text = "nodes: {t: {kind: timeCondition, schedule: s, next: {default: h}}, h: {kind: hangup}}"
    (found,) = findings(text, schedule=("s",), zoneless=("s",))
    assert found.startswith("warning") and "the hours of s are UTC" in found
    assert findings(text, schedule=("s",)) == []


CALLBACKS = """
nodes:
  q: {kind: enqueue, queue: s, callback: {digit: "2"}, next: {default: c}}
  c: {kind: callback, queue: s, next: {default: h}}
  h: {kind: hangup}
"""


def test_callbacks_to_any_number_of_the_world_are_a_warning() -> None:
    found = findings(CALLBACKS, queue=("s",), trunk=("carrier",), unbounded=("s",))
    assert [line.split(" (")[0] for line in found] == [
        f"warning f.yaml:{line}: nodes.{node}: "
        "callbacks of the queue s may be asked for to any number of the world"
        for line, node in ((3, "q"), (4, "c"))
    ]
    assert 'fraud: {country: "49"}' in found[0] and "queues.s.callback.prefixes" in found[0]
    assert findings(CALLBACKS, queue=("s",), trunk=("carrier",)) == []


def test_callbacks_without_a_line_to_call_by_are_a_warning() -> None:
    found = findings(CALLBACKS, queue=("s",), did=("12025550123",), unbounded=("s",))
    assert len(found) == 2 and "no outside line is there" in found[0]
    assert findings(CALLBACKS, queue=("s",), unbounded=("s",)) == [], "colleagues alone call"


def test_our_own_prompts_are_names_that_are_looked_up() -> None:
    text = "nodes: {a: {kind: play, prompt: {name: godbye}, next: b}, b: {kind: hangup}}"
    assert unchecked(read_flow(text, "f.yaml")) == [("prompt", "godbye")]
    (found,) = findings(text, prompt=("goodbye",))
    assert "no such prompt: godbye (did you mean goodbye?)" in found
