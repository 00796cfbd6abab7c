"""The kinds that there are (S004-38)."""

import pytest

from config.schedule import Schedule
from edge.flow.command import Hangup
from edge.flow.node.table import KINDS, kind_named
from edge.flow.scene import Outcome
from tests.support.flow import Walk, node, program


def test_all_kinds_of_the_seed_are_there() -> None:
    """S004-38."""
    plain = "entry,play,say,menu,collect,timeCondition,dial,forward,enqueue,voicemail,record,conference"
    for kind in plain.split(","):
        assert kind in KINDS
    for kind in ("setVariable", "condition", "webhook", "http", "agent", "hangup"):
        assert kind_named(kind) in KINDS


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("time_condition", "timeCondition"),
        ("SetVariable", "setVariable"),
        ("http", "webhook"),
        ("sing", None),
    ],
)
def test_both_spellings_are_one_kind(written: str, name: str | None) -> None:
    assert kind_named(written) == name


def test_every_kind_says_what_it_does_on_entry() -> None:
    for kind in KINDS.values():
        assert "enter" in vars(kind), kind


# Every kind and every way out of it: the fields, then the outcomes of commands until it is left.

DIAL, PIN = "kind: dial\nto: '1002'", "kind: collect\nvariable: pin\nprompt: PIN?\nmax_tries: 1"
MENU = "kind: menu\nprompt: One?\nmax_timeouts: 1\nmax_failures: 1"
MUSIC = "kind: music\nprompt: {name: hold-music}"
CALLBACK, MAILBOX = "kind: callback\nqueue: q", "kind: mailbox\nmailbox: '1001'"
WAYS: dict[tuple[str, str], tuple[str, list[str]]] = {
    ("entry", "done"): ("kind: entry", []),
    ("noop", "done"): ("kind: noop", []),
    ("play", "done"): ("kind: play\nprompt: Hello.", ["done"]),
    ("play", "failed"): ("kind: play\nprompt: Hello.", ["failed"]),
    ("say", "done"): ("kind: say\ntext: Hello.", ["done"]),
    ("say", "failed"): ("kind: say\ntext: Hello.", ["failed"]),
    ("music", "done"): (MUSIC, ["done"]),
    ("music", "failed"): (MUSIC, ["failed"]),
    ("menu", "digit:1"): (MENU, ["digit:1"]),
    ("menu", "timeout"): (MENU, ["timeout"]),
    ("menu", "invalid"): (MENU, ["digit:9"]),
    ("menu", "failed"): (MENU, ["failed"]),
    ("collect", "done"): (PIN, ["digit:4711"]),
    ("collect", "timeout"): (PIN, ["timeout"]),
    ("collect", "invalid"): (PIN + "\npattern: '[1-3]+'", ["digit:4711"]),
    ("collect", "failed"): (PIN, ["failed"]),
    ("timeCondition", "in_hours"): ("kind: timeCondition\nschedule: open", []),
    ("timeCondition", "out_of_hours"): ("kind: timeCondition\nschedule: closed", []),
    ("timeCondition", "holiday"): ("kind: timeCondition\nschedule: holiday", []),
    ("condition", "true"): ("kind: condition\nexpression: 1 < 2", []),
    ("condition", "false"): ("kind: condition\nexpression: 1 > 2", []),
    ("setVariable", "done"): ("kind: setVariable\nvariable: x\nvalue: 1", []),
    ("webhook", "done"): ("kind: webhook\nurl: https://h.example", ["done"]),
    ("webhook", "failed"): ("kind: webhook\nurl: https://h.example", ["failed"]),
    **{("dial", way): (DIAL, [way]) for way in ("answered", "no_answer", "busy", "failed")},
    **{
        ("forward", way): ("kind: forward\nnumber: '1002'", [way])
        for way in ("answered", "no_answer", "busy", "failed")
    },
    **{
        ("enqueue", way): ("kind: enqueue\nqueue: q\nexit_digits: '1'", [way])
        for way in ("answered", "timeout", "no_agents", "abandoned", "failed", "digit:1")
    },
    ("enqueue", "callback"): (
        "kind: enqueue\nqueue: q\ncallback: {digit: '2'}",
        ["digit:2", "digit:1", "done", "done"],
    ),
    ("callback", "done"): (CALLBACK, ["digit:1", "done", "done"]),
    ("callback", "declined"): (CALLBACK, ["timeout", "timeout", "timeout"]),
    ("callback", "failed"): (CALLBACK, ["digit:1", "failed", "done"]),
    **{
        ("agent", way): ("kind: agent\nagent: a\nexit_digits: '1'", [way])
        for way in ("done", "transferred", "no_answer", "failed", "digit:1")
    },
    ("voicemail", "done"): ("kind: voicemail\nmailbox: '1001'", ["done", "done"]),
    ("voicemail", "failed"): ("kind: voicemail\nmailbox: '1001'", ["done", "failed"]),
    ("mailbox", "done"): (MAILBOX, ["done", "timeout"]),
    ("mailbox", "failed"): (MAILBOX, ["failed", "done"]),
    ("record", "done"): ("kind: record", ["done"]),
    ("record", "failed"): ("kind: record", ["failed"]),
    ("recordCall", "done"): ("kind: recordCall\nturn: 'on'", ["done"]),
    ("recordCall", "failed"): ("kind: recordCall\nturn: 'on'", ["failed"]),
    ("conference", "done"): ("kind: conference\nroom: r", ["done"]),
    ("conference", "failed"): ("kind: conference\nroom: r", ["failed"]),
    ("sendDigits", "done"): ("kind: sendDigits\ndigits: '12'", ["done"]),
    ("sendDigits", "failed"): ("kind: sendDigits\ndigits: '12'", ["failed"]),
    ("subflow", "digit:1"): ("kind: subflow\nflow: inner", ["digit:1"]),
}
SCHEDULES = {
    "open": Schedule(force="open"),
    "closed": Schedule(force="closed"),
    "holiday": Schedule.model_validate({"holidays": [{"date": "01-05"}]}),
}


def it(fields: str, *exits: str) -> Walk:
    inner = """
nodes:
  m: {kind: enqueue, queue: q, exit_digits: "1", next: {answered: h}}
  h: {kind: hangup}
"""
    source = program(node(fields, *exits), schedules=SCHEDULES, inner=inner)
    return Walk(source, {"caller": "+12025550199"})


def test_every_way_out_of_every_kind_has_its_walk() -> None:
    needed = {(kind, way) for kind, data in KINDS.items() for way in data.OUTCOMES}
    needed |= {(kind, "digit:1") for kind, data in KINDS.items() if data.DIGITS}
    assert WAYS.keys() == needed


@pytest.mark.parametrize(("kind", "way"), WAYS, ids=[f"{kind} by {way}" for kind, way in WAYS])
def test_a_node_is_left_by_the_edge_of_its_outcome(kind: str, way: str) -> None:
    """S004-35, S004-36: by no other edge, though all the others and a default are there."""
    fields, outcomes = WAYS[kind, way]
    exits = {*(other for of, other in WAYS if of == kind), "default"}
    walk = it(fields, *exits)
    for outcome in outcomes:
        assert walk.at in ("it", "m") and not walk.state.ended
        walk.step(outcome)
    assert (walk.at, walk.left[-2]) == (way, ("it", way)) and walk.state.ended


@pytest.mark.parametrize(("kind", "way"), WAYS, ids=[f"{kind} by {way}" for kind, way in WAYS])
def test_an_outcome_without_an_edge_goes_by_default_and_else_ends_the_call(kind: str, way: str) -> None:
    """S004-36."""
    fields, outcomes = WAYS[kind, way]
    edges = ("digit:1",) if kind == "menu" and way == "digit:1" else ()
    for exits, at in ((("default", *edges), "default"), (edges, "it")):
        walk = it(fields, *exits)
        for outcome in outcomes:
            walk.step(outcome)
        assert walk.state.ended and isinstance(walk.command, Hangup)
        silent = way == "callback" or (kind, way) == ("timeCondition", "holiday")
        assert walk.at in ({at, *edges} | ({"it"} if silent else set()))


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in WAYS}))
def test_a_caller_may_hang_up_in_every_command_of_every_kind(kind: str) -> None:
    for of, way in WAYS:
        fields, outcomes = WAYS[of, way]
        for count in range(len(outcomes) if of == kind else 0):
            walk = it(fields, "default")
            for outcome in outcomes[:count]:
                walk.step(outcome)
            walk.step("hangup")
            assert walk.state.ended and walk.issued.command == Hangup()
            assert walk.left[-1][1] == Outcome("hangup").name
