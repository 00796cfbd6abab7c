"""Flow documents: two spellings of one thing, and every mistake with its place (S004-38)."""

import json
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.error import ConfigError
from config.schema import FlowLimits
from edge.flow.document import read_flow
from edge.flow.json_schema import json_schema
from edge.flow.node.menu import Menu

SHORT = """
name: reception
entry: menu
variables: {tries: 0}
nodes:
  menu:
    kind: menu
    prompt: Press 1.
    max_failures: 2
    timeout: 4s
    next: {"digit:1": bye, default: bye}
  bye: {kind: hangup}
"""
LONG = {
    "name": "reception",
    "entry": "menu",
    "variables": {"tries": 0},
    "nodes": [
        {
            "id": "menu",
            "type": "menu",
            "position": {"x": 1, "y": 2},
            "data": {"kind": "menu", "promptText": "Press 1.", "maxFailures": 2, "timeoutSec": 4},
        },
        {"id": "bye", "type": "hangup"},
    ],
    "edges": [
        {"id": "e1", "source": "menu", "sourceHandle": "digit:1", "target": "bye"},
        {"source": "menu", "target": "bye"},
    ],
}


def wrong(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_flow(text, "f.yaml")
    return str(caught.value)


def test_the_shorthand_and_the_json_are_the_same_flow() -> None:
    short, long = read_flow(SHORT, "f.yaml").flow, read_flow(json.dumps(LONG), "f.json").flow
    assert (short.name, short.entry, short.variables) == (long.name, long.entry, long.variables)
    for id, node in short.nodes.items():
        assert node.edges == long.nodes[id].edges and type(node.data) is type(long.nodes[id].data)
    for flow in (short, long):
        menu = flow.nodes["menu"].data
        assert isinstance(menu, Menu) and (menu.max_failures, menu.timeout) == (2, 4.0)
        assert (
            menu.prompt is not None and menu.prompt.text is not None and menu.prompt.text.text == "Press 1."
        )
    assert short.version != long.version


def test_without_an_entry_the_entry_node_or_the_first_one_begins() -> None:
    assert read_flow("nodes: {a: {kind: noop, next: b}, b: {kind: entry, next: a}}", "f").flow.entry == "b"
    assert read_flow("nodes: {a: {kind: noop}}", "f").flow.entry == "a"


def test_prompt_files_start_at_the_folder_of_the_document(tmp_path: Path) -> None:
    draft = read_flow("nodes: {a: {kind: play, prompt: {file: a.wav}}}", "f", folder=tmp_path)
    (prompt,) = draft.flow.nodes["a"].data.prompts()
    assert prompt.file == str(tmp_path / "a.wav")


def test_the_environment_is_expanded_in_scalars() -> None:
    text = 'nodes: {a: {kind: webhook, url: "https://x.example/", headers: {Authorization: "Bearer ${KEY}"}}}'
    draft = read_flow(text, "f", environ={"KEY": "s3cret"})
    assert "s3cret" not in repr(draft.flow.nodes["a"].data)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("[]", "not a flow"),
        ("name: x", "nodes: missing"),
        ("nodes: 3", "not nodes"),
        ("nodes: {}", "there are no nodes"),
        ("nodes: {a: {kind: says, text: x}}", "no such kind of node: says (did you mean say?)"),
        ("nodes: {a: {text: x}}", "the kind is missing"),
        ("nodes: {a: {kind: say}}", "say needs text (add text: …)"),
        ("nodes: {a: {kind: say, text: x, voise: y}}", "unknown key (did you mean voice?)"),
        ("nodes: {a: {kind: say, text: [x]}}", "must be text"),
        ("nodes: {a: {kind: say, text: 'x {{ y + }}'}}", "a value is missing"),
        ("nodes: {a: {kind: condition, expression: 'x =! 1'}}", "is not understood"),
        ("nodes: {a: {kind: noop, next: b}, c: {kind: noop}}", "nodes.a.next: no such node: b"),
        ("nodes: {a: {kind: noop, next: [b]}}", "not the next node"),
        ("nodes: {a: 3}", "not a node"),
        ("nodes: [{kind: noop}]", "a node has an id"),
        ("nodes: [{id: a, type: noop}, {id: a, type: noop}]", "the id a is taken already"),
        ("nodes: [{id: a, type: noop, kind: x}]", "fields of a kind belong into data"),
        ("nodes: [{id: a, type: noop, data: 3}]", "not a mapping"),
        ("{nodes: [{id: a, type: noop}], edges: [{source: b, target: a}]}", "no such node: b"),
        ("{nodes: [{id: a, type: noop}], edges: [{source: a}]}", "not an edge"),
        ("{nodes: [{id: a, type: noop}], edges: 3}", "not a list"),
        (
            "{nodes: [{id: a, type: noop}], edges: [{source: a, target: a}, {source: a, target: a}]}",
            "two ways out by default",
        ),
        ("{entry: b, nodes: {a: {kind: noop}}}", "entry: no such node: b"),
        ("nodes: {a: {kind: entry}, b: {kind: entry}}", "a second entry"),
        ("{node: {}, nodes: {a: {kind: noop}}}", "unknown key (did you mean nodes?)"),
        ("{variables: {1x: 1}, nodes: {a: {kind: noop}}}", "not a name"),
        ("{variables: 3, nodes: {a: {kind: noop}}}", "not a mapping"),
        ("nodes: {a: {kind: play, prompt: {text: x, file: y}}}", "one of text, file and name"),
        ("nodes: {a: {kind: play, prompt: {txt: x}}}", "not a prompt"),
        ("nodes: {a: {kind: play, prompt: {text: x, voice: ../../x}}}", "not a voice"),
        ("nodes: {a: {kind: say, text: x, voice: alice}}", "write one such as en-us or de+f2"),
        ("nodes: {a: {kind: say, text: 'Hello {{ caller'}}", "{{ is never closed by }}"),
        ("nodes: {a: {kind: menu, prompt: x, timeout: 5000}}", "too large: 5000 (write at most 120)"),
        ("nodes: {a: {kind: menu, prompt: x, min_digits: 3, max_digits: 2}}", "min_digits is above"),
        ("nodes: {a: {kind: dial, to: []}}", "too few entries (give at least 1)"),
        ("nodes: {a: {kind: hangup, cause: bussy}}", "not one of the choices: bussy (did you mean busy?)"),
        ("nodes: {a: {kind: collect, variable: my name}}", "use letters, digits and _"),
        ("nodes: {a: {kind: agent, agent: x, exit_digits: 1 2}}", "in quotes and without spaces"),
        ("nodes: {a: {kind: noop, next: zz}}", "no such node: zz (the nodes are a)"),
        ("nodes: {a: {kind: condition, expression: 'x && y'}}", "write and"),
    ],
)
def test_every_mistake_has_its_place_and_its_remedy(text: str, says: str) -> None:
    told = wrong(text)
    assert says in told and told.startswith("f.yaml:"), told


def test_all_mistakes_are_told_at_once_in_order_of_lines() -> None:
    told = wrong("nodes:\n  a: {kind: say, next: nowhere}\n  b: {kind: sing}\n")
    assert [line.split(":")[1] for line in told.splitlines()] == ["2", "2", "3"]


def test_the_number_of_nodes_is_bounded() -> None:
    text = json.dumps({"nodes": {f"n{i}": {"kind": "noop"} for i in range(5)}})
    with pytest.raises(ConfigError, match="more than 4 nodes"):
        read_flow(text, "f", limits=FlowLimits(nodes=4))


def test_a_thousand_nodes_are_read_in_a_moment() -> None:
    nodes = {f"n{i}": {"kind": "say", "text": "x", "next": f"n{(i + 1) % 1000}"} for i in range(1_000)}
    assert len(read_flow(json.dumps({"nodes": nodes}), "f").flow.nodes) == 1_000


def test_a_document_full_of_mistakes_is_refused_in_a_moment() -> None:
    nodes = {f"n{i}": {"kind": "noop", "next": {f"o{j}": f"m{i}" for j in range(20)}} for i in range(1_000)}
    edges = [{"source": f"x{i}", "target": "n1"} for i in range(20_000)]
    start = time.process_time()
    for document in ({"nodes": nodes}, {"nodes": {"n1": {"kind": "noop"}}, "edges": edges}):
        with pytest.raises(ConfigError) as caught:
            read_flow(json.dumps(document), "f.json")
        assert len(caught.value.problems) == 100
    assert time.process_time() - start < 5.0


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "nodes",
                        "edges",
                        "id",
                        "kind",
                        "data",
                        "type",
                        "next",
                        "menu",
                        "entry",
                        "prompt",
                        "text",
                        "source",
                        "target",
                        "variables",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
def test_whatever_is_written_is_a_flow_or_a_list_of_problems(document: object) -> None:
    try:
        draft = read_flow(json.dumps(document), "f.json")
    except ConfigError as error:
        assert error.problems
    else:
        assert draft.flow.entry in draft.flow.nodes


def test_what_may_be_a_key_is_not_shown() -> None:
    told = wrong(
        "nodes: {a: {kind: webhook, url: 'https://h.example', headers: {Authorization: {x: hunter2}}}}"
    )
    assert "hunter2" not in told


def test_what_an_editor_keeps_of_its_drawing_is_passed_over() -> None:
    """S004-38: the export of React Flow as it is."""
    drawn: dict[str, Any] = {
        "nodes": [
            {"id": "a", "type": "say", "position": {"x": 1, "y": 2}, "data": {"text": "x", "label": "Hello"},
             "width": 10, "height": 4, "selected": False, "measured": {"width": 10}},
            {"id": "b", "type": "hangup", "data": {}},
        ],
        "edges": [{"id": "e1", "source": "a", "target": "b", "type": "smoothstep", "animated": True}],
        "viewport": {"x": 0, "y": 0, "zoom": 1},
    }  # fmt: skip
    flow = read_flow(json.dumps(drawn), "f.json").flow
    assert flow.nodes["a"].edges == {"default": "b"}
    for node in drawn["nodes"]:
        node["data"]["kind"] = node["type"]
    jsonschema.validate(drawn, json_schema())
