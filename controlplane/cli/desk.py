"""Asks the daemon, and prints what it answered as a table or as JSON: for commands that do no more."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.error import ConfigError
from controlplane.cli import say
from controlplane.cli.control import NotRunning, ask, data_folder

Show = Callable[[Any], Table | str]


class Desk:
    def __init__(
        self, config: Path | None, data: Path | None, environ: Mapping[str, str], *, json: bool
    ) -> None:
        self._place = (config, data, environ)
        self.json = json

    def ask(self, target: str, show: Show, method: str = "GET", body: object = None) -> int:
        """The exit status."""
        try:
            status, answer = ask(data_folder(*self._place), target, method, body)
        except (NotRunning, ConfigError) as error:
            return say.refuse(str(error), json=self.json, code="not_running")
        if status >= 300:
            code = str(answer.get("error", "refused"))
            return say.refuse(str(answer.get("detail", status)), json=self.json, code=code)
        if self.json:
            say.as_json(answer)
        else:
            Console(highlight=False, soft_wrap=True, emoji=False).print(show(answer), markup=False)
        return 0


def table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    made = Table(box=None, pad_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold")
    for row in rows:
        # What people and peers have written is no markup.
        made.add_row(*map(Text, row))
    return made
