"""The flow machine: its way through the graph, its guards, and that it always ends (S004-29…37)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import FlowLimits
from edge.flow.command import Dial, Gather, Hangup, Noop, Play
from edge.flow.document import read_flow
from edge.flow.machine import Node, Program, begin, step, target_of
from edge.flow.node.hangup import HangupNode
from edge.flow.node.table import KINDS
from edge.flow.scene import Outcome
from tests.support.flow import MONDAY_NOON, Walk, program

MENU = """
nodes:
  start: {kind: entry, next: menu}
  menu:
    kind: menu
    prompt: Press 1.
    next: {"digit:1": yes, default: bye}
  yes: {kind: say, text: "Yes.", next: bye}
  bye: {kind: hangup}
"""


def test_a_call_begins_at_the_entry_and_stops_at_the_first_command() -> None:
    walk = Walk(MENU)
    assert isinstance(walk.command, Gather) and walk.at == "menu" and walk.issued.seq == 1
    assert walk.left == [("start", "done")]


def test_the_same_state_and_outcome_give_the_same_command() -> None:
    walk = Walk(MENU)
    first = step(walk.state, Outcome("digit:1"), 0)
    again = step(walk.state, Outcome("digit:1"), 0)
    assert first[1] == again[1] and first[0].variables == again[0].variables
    assert walk.state.issued.seq == 1


def test_an_outcome_goes_by_its_edge_then_by_default_then_hangs_up() -> None:
    """S004-36."""
    assert Walk(MENU).step("digit:1").at == "yes"
    assert Walk(MENU).step("failed").command == Hangup()
    data = HangupNode()
    assert target_of(Node("n", data, {"done": "a"}), "default") == "a"
    assert target_of(Node("n", data, {"default": "a"}), "done") == "a"
    lost = Walk("nodes:\n  a: {kind: say, text: x}").step("done")
    assert lost.command == Hangup() and lost.state.ended and lost.left == [("a", "done")]


def test_a_step_after_the_end_is_hangup_again() -> None:
    """S004-36."""
    walk = Walk(MENU).step("failed")
    issued = walk.issued
    assert walk.step("digit:1").issued == issued and isinstance(walk.command, Hangup)


def test_a_caller_who_hangs_up_ends_the_flow() -> None:
    walk = Walk(MENU).step("hangup")
    assert walk.state.ended and walk.left == [("menu", "hangup")]


def test_every_command_has_its_own_number() -> None:
    walk = Walk(MENU)
    numbers = [walk.issued.seq, walk.step("digit:9").issued.seq, walk.step("digit:1").issued.seq]
    assert numbers == [1, 2, 3]


def test_a_loop_without_media_is_ended_after_200_nodes_and_says_so() -> None:
    """S004-37."""
    walk = Walk(
        "nodes:\n  a: {kind: setVariable, variable: n, value: '{{ default(n, 0) + 1 }}', next: b}\n"
        "  b: {kind: noop, next: a}"
    )
    assert walk.command == Hangup("congestion") and "200 nodes" in walk.state.fault
    assert walk.variables["n"] == 100


def test_what_fails_at_once_counts_as_nothing_heard() -> None:
    walk = Walk("nodes:\n  a: {kind: dial, to: '1002', next: a}", {})
    for _ in range(250):
        if walk.state.ended:
            break
        walk.step("no_answer")
    assert walk.state.fault


def test_what_was_heard_starts_the_count_anew() -> None:
    limits = FlowLimits(steps_without_media=3)
    walk = Walk(
        program("nodes:\n  a: {kind: say, text: x, next: b}\n  b: {kind: noop, next: a}", limits=limits)
    )
    for _ in range(20):
        walk.step("done")
    assert isinstance(walk.command, Play)


def test_a_sub_flow_returns_where_its_outcome_has_no_edge() -> None:
    source = program(
        """
nodes:
  ask: {kind: subflow, flow: question, arguments: {what: "Sure?"}, next: {"digit:1": good, default: bad}}
  good: {kind: say, text: good}
  bad: {kind: say, text: bad}
""",
        question="nodes:\n"
        "  q: {kind: menu, prompt: '{{ what }}', next: {'digit:1': back, 'digit:2': back2}}\n"
        "  back: {kind: noop}\n  back2: {kind: say, text: two}",
    )
    walk = Walk(source)
    assert isinstance(walk.command, Gather) and walk.command.sounds[0].text == "Sure?"
    assert walk.left == [("ask", "entered")]
    walk.step("timeout").step("timeout").step("timeout")
    assert walk.at == "bad" and walk.left == [("q", "timeout"), ("ask", "timeout")]
    assert Walk(source).step("digit:1").at == "bad"  # left by `done`, which leads to default
    assert Walk(source).step("digit:2").step("done").at == "bad"


def test_sub_flows_within_each_other_are_bounded() -> None:
    walk = Walk(
        "nodes:\n  again: {kind: subflow, flow: main, next: {failed: sorry}}\n  sorry: {kind: say, text: x}"
    )
    assert walk.at == "sorry"
    assert (
        Walk("nodes:\n  a: {kind: subflow, flow: nowhere, next: {failed: b}}\n  b: {kind: say, text: x}").at
        == "b"
    )


def test_a_hangup_in_a_sub_flow_ends_the_call() -> None:
    source = program(
        "nodes:\n  a: {kind: subflow, flow: bye, next: b}\n  b: {kind: say, text: x}",
        bye="nodes:\n  h: {kind: hangup}",
    )
    assert Walk(source).state.ended


def test_a_call_keeps_the_program_that_it_began_with() -> None:
    walk = Walk(MENU)
    assert walk.step("digit:1").state.program is walk.program


def test_secret_variables_are_masked_in_what_is_traced() -> None:
    walk = Walk(
        "nodes:\n  pin: {kind: collect, variable: pin, prompt: PIN, secret: true, next: told}\n"
        "  told: {kind: say, text: 'It is {{ pin }}'}"
    ).step("digit:4711")
    (visit,) = walk.state.visits
    assert visit.data == {"pin": "***"} and walk.variables["pin"] == "4711"
    assert walk.state.masked("It is 4711") == "It is ***"


def test_what_a_node_changed_is_told_with_it() -> None:
    walk = Walk(
        "nodes:\n  a: {kind: setVariable, values: {x: 1}, next: b}\n  b: {kind: say, text: '{{ x }}'}"
    )
    assert [dict(visit.data) for visit in walk.state.visits] == [{"x": "1"}]


def test_an_unknown_flow_does_not_begin() -> None:
    assert begin(Program(), "main", {}, 0) is None


# Random flows, random outcomes.

FIELDS: dict[str, dict[str, Any]] = {
    "play": {"prompt": "x"},
    "say": {"text": "{{ x }}!"},
    "music": {"prompt": {"file": "m.wav"}},
    "menu": {"prompt": "x"},
    "collect": {"variable": "x", "pattern": "[0-9]+"},
    "timeCondition": {"schedule": "s"},
    "condition": {"expression": "x == 1"},
    "setVariable": {"variable": "x", "value": "{{ default(x, 0) + 1 }}"},
    "webhook": {"url": "https://h.example/{{ x }}", "body": {"a": "{{ x }}"}},
    "dial": {"to": ["1002", "{{ x }}"]},
    "forward": {"number": "1002"},
    "mailbox": {"mailbox": "1002"},
    "enqueue": {"queue": "q", "callback": {"digit": "2"}},
    "callback": {"queue": "q"},
    "agent": {"agent": "a", "exit_digits": "0"},
    "voicemail": {"mailbox": "1001"},
    "record": {},
    "conference": {"room": "r"},
    "recordCall": {"turn": "on"},
    "sendDigits": {"digits": "12"},
    "subflow": {"flow": "main"},
}
OUTCOMES = ["done", "default", "timeout", "invalid", "failed", "digit:1", "digit:12", "digit:", "digit:*#",
            "answered", "busy", "no_answer", "error", "", "in_hours", "\x00", "true"]  # fmt: skip


@st.composite
def flows(draw: st.DrawFn) -> Program:
    count = draw(st.integers(1, 8))
    ids = [f"n{number}" for number in range(count)]
    nodes = {}
    for id in ids:
        kind = draw(st.sampled_from(sorted(KINDS)))
        ways = draw(st.dictionaries(st.sampled_from(OUTCOMES[:12]), st.sampled_from(ids), max_size=4))
        nodes[id] = {"kind": kind, **FIELDS.get(kind, {}), "next": ways}
    return Program(
        {"main": read_flow(json.dumps({"entry": ids[0], "nodes": nodes}), "f.json", name="main").flow}
    )


@given(
    flows(),
    st.lists(
        st.tuples(
            st.sampled_from(OUTCOMES),
            st.dictionaries(
                st.sampled_from(["body", "status", "key", "digits"]),
                st.text(max_size=5) | st.none() | st.integers(),
            ),
        )
    ),
)
def test_random_flows_and_outcomes_never_raise_and_a_hangup_always_ends_them(
    made: Program, outcomes: list[tuple[str, dict[str, Any]]]
) -> None:
    begun = begin(made, "main", {"x": None}, MONDAY_NOON)
    assert begun is not None
    state, issued = begun
    for name, data in outcomes:
        before = state.issued.seq
        ended = state.ended
        state, issued = step(state, Outcome(name, data), MONDAY_NOON)
        assert issued.seq == before if ended else issued.seq == before + 1
        assert state.ended == isinstance(issued.command, Hangup)
        assert len(state.visits) <= 2 * 201 + 8, "a node is entered once, and a sub-flow left once more"
        issued.wire()
    state, issued = step(state, Outcome("hangup"), MONDAY_NOON)
    assert state.ended and isinstance(issued.command, Hangup)


@given(flows(), st.sampled_from(["failed", "no_answer", "busy", "error"]))
def test_a_flow_in_which_nothing_succeeds_ends_by_itself(made: Program, outcome: str) -> None:
    begun = begin(made, "main", {}, MONDAY_NOON)
    assert begun is not None
    state, _ = begun
    for _ in range(10_000):
        if state.ended:
            break
        state, _ = step(state, Outcome(outcome), MONDAY_NOON)
    assert state.ended


@pytest.mark.parametrize(("kind", "command"), [("dial", Dial), ("webhook", Noop)])
def test_commands_are_those_of_the_wire(kind: str, command: type) -> None:
    walk = Walk(json.dumps({"nodes": {"a": {"kind": kind, **FIELDS[kind]}}}))
    assert isinstance(walk.command, command)
