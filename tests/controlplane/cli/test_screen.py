"""Tables on terminals and in pipes."""

import io
import sys

import pytest
from rich.console import Console

from controlplane.cli.screen import console, grid

ID = "call_01m8me60tp5j9rbagxea3p2exp"


def printed(width: int, *rows: tuple[str, str], whole: tuple[str, ...] = ()) -> list[str]:
    terminal = Console(width=width, soft_wrap=True)
    with terminal.capture() as capture:
        terminal.print(grid(("call", "detail"), rows, whole))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_what_people_wrote_is_no_markup() -> None:
    assert "[bold]x" in printed(80, ("[bold]x", ""))[1]


def test_what_is_copied_is_never_broken() -> None:
    row = (ID, "a long story of what became of it")
    assert any(ID in line for line in printed(45, row, whole=("call",)))
    assert not any(ID in line for line in printed(45, row))


def test_where_there_is_nothing_it_says_so() -> None:
    assert [line.strip() for line in printed(45)][-1] == "none"


def test_a_pipe_gets_no_spaces_behind_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    console().print(grid(("call", "detail"), [(ID, "short"), (ID, "a long story of what became of it")]))
    lines = pipe.getvalue().splitlines()
    assert len(lines) == 3 and all(line == line.rstrip() for line in lines)


def test_a_pipe_gets_each_row_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert console().width == 2_000
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert console().width < 2_000
