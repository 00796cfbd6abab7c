"""The flows of the configuration, read and read again."""

from pathlib import Path

import pytest

from config.error import ConfigError
from config.load import parse
from controlplane.service.flow import FlowLibrary
from edge.directory import AccountId
from edge.flow.builtin import BUILTIN

ACC = AccountId("a")
GOOD = """
nodes:
  hello: {kind: say, text: "Hello.", next: menu}
  menu: {kind: menu, prompt: {text: Wähle., voice: de}, invalid: {name: invalid}, next: {default: end}}
  who: {kind: say, text: "You are {{ caller }}.", next: end}
  end: {kind: hangup}
"""


def library(folder: Path, text: str = GOOD, more: str = "", **environ: str) -> FlowLibrary:
    (folder / "f.yaml").write_text(text)
    account = f"id: a, domain: d, timezone: Europe/Berlin, flows: {{main: f.yaml{more}}}"
    config = f"accounts: [{{{account}, users: [{{number: '1001'}}]}}]"
    return FlowLibrary.load(parse(config, "t.yaml", folder, {}), environ)


def test_an_account_has_its_flows_zone_and_schedules(tmp_path: Path) -> None:
    program = library(tmp_path).program(ACC)
    assert program.flows["main"].name == "main" and program.timezone == "Europe/Berlin"
    assert library(tmp_path).program(AccountId("other")).flows == {}


def test_what_can_be_spoken_ahead_is_known(tmp_path: Path) -> None:
    made = library(tmp_path)
    ours = [
        prompt
        for flow in BUILTIN.flows.values()
        for node in flow.nodes.values()
        for prompt in node.data.prompts()
    ]
    assert list(made.texts())[:2] == [("Hello.", "en-us", "a"), ("Wähle.", "de", "a")]
    assert list(made.names()) == ["invalid", *(prompt.name for prompt in ours if prompt.name)]
    assert len(list(made.texts())) == 2 + len([prompt for prompt in ours if prompt.text is not None])


def test_warnings_are_kept_and_errors_refuse_the_start(tmp_path: Path) -> None:
    assert [w.what for w in library(tmp_path).warnings] == ["no way leads to who"]
    with pytest.raises(ConfigError, match="no such agent: bot"):
        library(tmp_path, "nodes: {a: {kind: agent, agent: bot, next: b}, b: {kind: hangup}}")
    with pytest.raises(ConfigError, match="did you mean invalid"):
        library(tmp_path, "nodes: {a: {kind: play, prompt: {name: invalidd}, next: b}, b: {kind: hangup}}")


def test_the_environment_is_the_operators(tmp_path: Path) -> None:
    text = 'nodes: {a: {kind: webhook, url: "https://${HOST}/", next: b}, b: {kind: hangup}}'
    assert library(tmp_path, text, HOST="crm.example").program(ACC).flows
    with pytest.raises(ConfigError, match="HOST is not set"):
        library(tmp_path, text)


def test_flows_that_enter_one_another_refuse_the_start(tmp_path: Path) -> None:
    other = "nodes: {a: {kind: subflow, flow: main, next: b}, b: {kind: hangup}}"
    (tmp_path / "g.yaml").write_text(other)
    round = other.replace("main", "other")
    with pytest.raises(ConfigError, match="the flow enters itself: main → other → main"):
        library(tmp_path, round, more=", other: g.yaml")
    (tmp_path / "g.yaml").write_text(GOOD)
    made = library(tmp_path, round, more=", other: g.yaml")
    (tmp_path / "g.yaml").write_text(other)
    assert len(made.reload()) == 2, "also when it comes about while we run"
    assert made.program(ACC).flows["other"].entry != "a", "the former one stays in use"


def test_a_bad_file_keeps_the_old_flow_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(GOOD)
    made = library(tmp_path, more=", other: g.yaml")
    before = made.program(ACC)
    (tmp_path / "f.yaml").write_text(GOOD.replace("Hello.", "Good day."))
    (tmp_path / "g.yaml").write_text("nodes: {a: {kind: sing}}")
    (problem,) = made.reload()
    assert problem.file.endswith("g.yaml") and problem.line == 1
    after = made.program(ACC)
    assert after.flows["main"].version != before.flows["main"].version
    assert after.flows["other"] is before.flows["other"]


def test_a_file_that_has_gone_keeps_its_flow(tmp_path: Path) -> None:
    made = library(tmp_path)
    (tmp_path / "f.yaml").unlink()
    (problem,) = made.reload()
    assert "cannot be read" in problem.what and "main" in made.program(ACC).flows
