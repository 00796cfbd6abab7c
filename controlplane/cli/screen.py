"""Tables for people: as wide as their terminal, and unbroken where the output goes into a pipe or a file."""

import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

UNBROKEN: Final = 2_000
"Columns of what is no terminal: `grep` and the clipboard want a row in one line."


def console() -> Console:
    width = None if sys.stdout.isatty() else UNBROKEN
    return Console(highlight=False, soft_wrap=True, emoji=False, width=width)


def grid(headings: Sequence[str], rows: Iterable[Sequence[str | Text]], whole: Collection[str] = ()) -> Table:
    """What people and peers have written in `rows` is no markup.

    Args:
        headings: none of them is shown when all are empty.
        whole: headings of columns that are never broken, since they are copied: others give way.
    """
    made = Table(box=None, pad_edge=False, show_header=any(headings))
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading in whole)
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    if not made.rows:
        made.caption, made.caption_justify = "none", "left"
    return made
