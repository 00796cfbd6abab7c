"""`tandem flow check | simulate | graph | schema` (design §6)."""

import json
from pathlib import Path

import pytest

from config.load import DEFAULT_FILE
from tests.support.operator import tandem

RECEPTION = str(DEFAULT_FILE.parent / "flows/reception.yaml")
PATHS = str(DEFAULT_FILE.parent / "flows/reception.paths.yaml")
CONFIG = str(DEFAULT_FILE)


def test_the_reception_is_good_with_its_configuration() -> None:
    result = tandem("flow", "check", RECEPTION, "--config", CONFIG)
    assert (result.exit_code, result.stdout) == (0, "good\n")


def test_without_a_configuration_outside_names_are_listed_as_unchecked() -> None:
    result = tandem("flow", "check", RECEPTION)
    assert (
        result.exit_code == 0 and "not checked without --config: schedule office, agent demo" in result.stdout
    )
    found = json.loads(tandem("flow", "check", RECEPTION, "--json").stdout)
    assert found["good"] and {"kind": "agent", "name": "demo"} in found["unchecked"]


def test_what_is_wrong_has_its_line_and_fix_and_status_1(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("nodes:\n  a: {kind: noop, next: b}\n  b: {kind: noop, next: a}\n  c: {kind: hangup}\n")
    result = tandem("flow", "check", str(file))
    assert result.exit_code == 1
    assert f"error: {file}:2: nodes.a: a loop without media: a → b → a (lead it through" in result.stdout
    assert f"warning: {file}:4: nodes.c: no way leads to c" in result.stdout
    file.write_text("nodes: {a: {kind: sing}}")
    assert "no such kind of node: sing" in tandem("flow", "check", str(file)).stderr
    found = json.loads(tandem("flow", "check", str(file), "--json").stdout)
    assert not found["good"] and found["problems"][0]["line"] == 1
    assert tandem("flow", "check", str(tmp_path / "none.yaml")).exit_code == 1


def test_a_rehearsal_shows_prompts_decisions_and_variables() -> None:
    at = ("--at", "2026-01-05T12:00:00Z", "--config", CONFIG)
    result = tandem("flow", "simulate", RECEPTION, *at, "--outcome", "digit:1", "--outcome", "digit:0")
    assert result.exit_code == 0
    for part in (
        "hours (timeCondition): in_hours",
        "“Welcome. Press 1",
        "← digit:1",
        "digit='1'",
        "connecting",
    ):
        assert part in result.stdout
    night = tandem("flow", "simulate", RECEPTION, "--at", "2026-01-05T22:00:00Z", "--config", CONFIG)
    assert "Our office is closed now." in night.stdout and "It waits for an outcome" in night.stdout


def test_variables_are_brought_along_and_json_is_for_programs(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text(
        "nodes: {a: {kind: say, text: 'Hello {{ who }}', next: b}, b: {kind: hangup}}\nvariables: {who: you}"
    )
    words = (
        "flow",
        "simulate",
        str(file),
        "--set",
        "who=Ada",
        "--outcome",
        "done",
        "--outcome",
        "done",
        "--json",
    )
    stages = json.loads(tandem(*words).stdout)
    assert [stage["command"] for stage in stages] == ["play", "hangup"] and stages[0]["heard"] == [
        "Hello Ada"
    ]
    over = tandem(*words[:-1])
    assert "The call is over. 1 outcomes are left." in over.stdout
    assert tandem("flow", "simulate", str(file), "--at", "noon").exit_code == 1


def test_a_rehearsal_refuses_outcomes_that_never_come_and_variables_without_a_value(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("nodes: {a: {kind: say, text: Hello., next: b}, b: {kind: hangup}}")
    words = ("flow", "simulate", str(file))
    odd = tandem(*words, "--outcome", "bogus")
    assert odd.exit_code == 1 and "bogus: a (play) never ends so (possible are done" in odd.stderr
    for pair in ("foo", "=foo"):
        bare = tandem(*words, "--set", pair)
        assert bare.exit_code == 1 and f"--set {pair}: no variable" in bare.stderr
    assert tandem(*words, "--set", "foo=", "--outcome", "done").exit_code == 0


def test_a_flow_goes_by_the_name_that_its_account_gives_it(tmp_path: Path) -> None:
    file, config = tmp_path / "f.yaml", tmp_path / "t.yaml"
    file.write_text("nodes: {a: {kind: subflow, flow: front, next: b}, b: {kind: hangup}}")
    config.write_text("accounts: [{id: acc_a, domain: a.example, flows: {front: f.yaml}}]")
    result = tandem("flow", "check", str(file), "--config", str(config))
    assert result.exit_code == 1 and "the flow enters itself: front → front" in result.stdout


def test_expected_paths_are_judged(tmp_path: Path) -> None:
    words = ("flow", "simulate", RECEPTION, "--config", CONFIG, "--script")
    result = tandem(*words, PATHS)
    assert result.exit_code == 0 and result.stdout.count("good ") == 9
    wrong = tmp_path / "paths.yaml"
    wrong.write_text("paths: [{name: never, expect: [hangup end]}]")
    result = tandem(*words, str(wrong))
    assert result.exit_code == 1 and "WRONG never: stage 1 is" in result.stdout
    assert not json.loads(tandem(*words, str(wrong), "--json").stdout)["good"]
    wrong.write_text("paths: 3")
    assert tandem(*words, str(wrong)).exit_code == 1


@pytest.mark.parametrize(("form", "begin"), [("mermaid", "flowchart TD"), ("svg", "<svg ")])
def test_a_flow_is_drawn(form: str, begin: str) -> None:
    assert tandem("flow", "graph", RECEPTION, "--format", form).stdout.startswith(begin)
    assert json.loads(tandem("flow", "graph", RECEPTION, "--format", form, "--json").stdout)[
        "graph"
    ].startswith(begin)


def test_the_schema_is_printed() -> None:
    assert tandem("flow", "schema").stdout == (DEFAULT_FILE.parent / "flows/flow.schema.json").read_text()


def test_bad_usage_is_2() -> None:
    assert tandem("flow", "check").exit_code == 2
