"""Every line of seed 004 has a test that names it; lines that wait for theirs are listed, with the reason."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
LINES = range(1, 83)
_NAMED = re.compile(r"S004-([0-9]{2})(?:…([0-9]{2}))?")

WITHOUT: dict[int, str] = {}
"Line → what it waits for."


def named() -> set[int]:
    found: set[int] = set()
    for path in TESTS.rglob("test_*.py"):
        if path != Path(__file__):
            for first, last in _NAMED.findall(path.read_text()):
                found |= set(range(int(first), int(last or first) + 1))
    return found


def test_every_line_is_named_by_a_test_or_listed() -> None:
    missing = sorted(set(LINES) - named() - WITHOUT.keys())
    assert not missing, f"no test names {', '.join(f'S004-{line:02}' for line in missing)}"


def test_the_list_holds_only_lines_without_a_test() -> None:
    found = named()
    stale = [line for line in WITHOUT if line in found and line not in _ranges()]
    assert not stale, "these have a test now: take them off"


def _ranges() -> set[int]:
    """Lines that are named by a range alone, which a module's docstring may do for its whole subject."""
    single: set[int] = set()
    for path in TESTS.rglob("test_*.py"):
        if path != Path(__file__):
            single |= {int(first) for first, last in _NAMED.findall(path.read_text()) if not last}
    return set(LINES) - single
