"""Rules of the house that no linter knows (`style.md` §2)."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from config.docstring import fields
from config.schema import Limits

ROOT = Path(__file__).resolve().parents[2]
PLANES = ("config", "media", "edge", "controlplane")
LINES = 400
"A longer module hides a second noun."

NOWHERE = re.compile(r"\b(utils?|commons?|helpers?|misc)\b")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError|placeholder)\b|\bfor now\b|\bstub\b")
POSSESSIVE_GROUP = re.compile(r"\)[*+?]\+")
RULER = re.compile(r"#\s*[-=~*#]{4,}")


def tracked(*patterns: str) -> list[Path]:
    """Files of the checkout that git knows, or would not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).is_file()]


def product() -> list[Path]:
    return [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in PLANES]


def test_no_folder_or_module_is_called_after_nothing() -> None:
    unnamed = [path for path in tracked("*.py") if NOWHERE.search(path.relative_to(ROOT).as_posix())]
    assert not unnamed, "utils, common and helpers name nothing: use the noun of the RFC"


@pytest.mark.parametrize("path", product(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_finished_short_and_plain(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= LINES, f"{len(lines)} lines: look for the second noun"
    for number, line in enumerate(lines, 1):
        assert not UNFINISHED.search(line), f"line {number}: {line.strip()}"
        assert not RULER.search(line), f"line {number} is decoration"


@pytest.mark.parametrize("path", product(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text())
    if path.name != "__init__.py":
        assert ast.get_docstring(tree), "no module docstring"


def test_no_group_of_a_regular_expression_is_possessive() -> None:
    """Python before 3.11.5 goes on where a failed round of one stopped (gh-106052): Debian 12 has 3.11.2."""
    found = [path.name for path in product() if POSSESSIVE_GROUP.search(path.read_text())]
    assert not found, "let characters be possessive, and groups give back whole rounds"


def test_every_limit_says_what_it_bounds() -> None:
    """All bounds stand in `config.schema.Limits`, each with a default and a sentence."""
    for section in Limits.model_fields.values():
        assert section.annotation is not None
        said = fields(section.annotation)
        for name, field in section.annotation.model_fields.items():
            assert said.get(name), f"{name} has no docstring"
            assert not field.is_required(), f"{name} has no default"


def test_every_test_asserts_something() -> None:
    idle = [
        path.relative_to(ROOT)
        for path in tracked("tests/*.py")
        if path.name.startswith("test_") and not re.search(r"\bassert|raises\(", path.read_text())
    ]
    assert not idle


def test_no_committed_file_holds_both_sides_of_a_merge() -> None:
    marks = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
    assert not [path.relative_to(ROOT) for path in tracked() if marks.search(path.read_bytes())]


def test_every_script_of_the_shell_can_be_read() -> None:
    scripts = [
        path for path in tracked(".ci/*", "scripts/*") if path.read_bytes().startswith(b"#!/usr/bin/env bash")
    ]
    assert len(scripts) > 5
    for path in scripts:
        subprocess.run(["bash", "-n", path], check=True)


def test_no_committed_file_names_the_machine_it_was_written_on() -> None:
    """Paths of a workplace and hosts of package mirrors are nobody else's business."""
    private = re.compile(rb"/(?:work|root|home/[a-z]+)/|files\.pythonhosted\.org|pypi\.org/simple")
    found = [
        path.relative_to(ROOT)
        for path in tracked()
        if path != Path(__file__) and private.search(path.read_bytes())
    ]
    assert not found
