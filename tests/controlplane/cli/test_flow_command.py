"""Commands for call flows: there, and quick to explain themselves."""

import json
from pathlib import Path

import pytest

from tests.support.operator import tandem


@pytest.mark.parametrize("word", ["check", "simulate", "graph"])
def test_a_command_says_what_it_does(word: str) -> None:
    result = tandem("flow", word, "--help")
    assert result.exit_code == 0 and "--json" in result.output
    assert tandem("flow", word).exit_code == 2


def test_the_schema_is_printed_for_editors() -> None:
    assert json.loads(tandem("flow", "schema").stdout)["$schema"].startswith("http")


def test_a_script_walks_paths_instead_of_outcomes(tmp_path: Path) -> None:
    flow, script = tmp_path / "f.yaml", tmp_path / "s.yaml"
    flow.write_text("nodes:\n  bye: {kind: hangup}\n")
    script.write_text("paths: 7\n")
    result = tandem("flow", "simulate", str(flow), "--script", str(script))
    assert result.exit_code == 1 and "s.yaml" in result.output
