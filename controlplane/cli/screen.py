"""Tables for people: as wide as their terminal, and unbroken where the output goes into a pipe or a file."""

import re
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import IO, Any, Final, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

UNBROKEN: Final = 2_000
"Columns of what is no terminal: `grep` and the clipboard want a row in one line."


def console() -> Console:
    if sys.stdout.isatty():
        return Console(highlight=False, soft_wrap=True, emoji=False)
    out = cast(IO[str], _Unpadded(sys.stdout))
    return Console(file=out, highlight=False, soft_wrap=True, emoji=False, width=UNBROKEN)


class _Unpadded:
    """A file whose lines end with their last word: tables fill them up with spaces."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        self._file.write(re.sub(r" +$", "", text, flags=re.MULTILINE))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


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
