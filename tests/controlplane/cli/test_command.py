"""The commands and their options (design §6)."""

import subprocess
import sys

import pytest

from tests.support.operator import tandem


@pytest.mark.parametrize("command", ["serve", "check-config", "call", "calls", "trace", "doctor"])
def test_every_command_explains_itself_and_speaks_json(command: str) -> None:
    result = tandem(command, "--help")
    assert result.exit_code == 0 and "--json" in result.output


@pytest.mark.parametrize(
    "words", [("nothing",), ("trace",), ("calls", "--limit", "x"), ("calls", "--limit", "0")]
)
def test_bad_usage_is_2(words: tuple[str, ...]) -> None:
    assert tandem(*words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "hint"),
    [(("agents", "paus"), "did you mean pause?"), (("bans", "x"), "the commands are add, list, remove")],
)
def test_who_names_no_command_is_told_which_there_are(words: tuple[str, ...], hint: str) -> None:
    result = tandem(*words)
    assert result.exit_code == 2 and hint in result.stderr


def test_the_version_is_the_packages() -> None:
    assert tandem("--version").output.strip().count(".") == 2


def test_help_is_quick_because_it_imports_nothing_of_ours() -> None:
    heavy = {"sqlalchemy", "pydantic", "starlette", "numpy"}
    code = f"import sys, controlplane.cli; sys.exit(not {heavy}.isdisjoint(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
