"""Asks the daemon, and prints what it answered as a table or as JSON: for commands that do no more."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from config.error import ConfigError
from controlplane.cli import say
from controlplane.cli.control import NotRunning, ask, data_folder
from controlplane.cli.screen import console

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
            console().print(show(answer), markup=False)
        return 0
