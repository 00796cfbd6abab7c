"""`tandem bans` and `tandem allow`."""

import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.error import ConfigError
from controlplane.cli import say
from controlplane.cli.control import NotRunning, ask, data_folder

BANS = "/security/bans"
ALLOW = "/security/allow"


class Desk:
    """Asks the daemon of `data`, and says what it answered."""

    def __init__(
        self, config: Path | None, data: Path | None, environ: Mapping[str, str], *, json: bool
    ) -> None:
        self._place = (config, data, environ)
        self._json = json

    def bans(self, *, status: str, query: str, flagged: bool, limit: int) -> int:
        asked = {"status": status, "q": query, "flagged": str(int(flagged)), "limit": str(limit)}
        return self._ask(f"{BANS}?{urllib.parse.urlencode(asked)}", ban_table)

    def ban(self, network: str, seconds: float, note: str) -> int:
        body = {"ip": network, "seconds": seconds, "note": note}
        return self._ask(BANS, lambda made: f"{made['ip']} is banned", "POST", body)

    def lift(self, network: str) -> int:
        return self._ask(_of(BANS, network), lambda gone: f"{gone['ip']} is not banned any more", "DELETE")

    def allowed(self) -> int:
        return self._ask(ALLOW, allow_table)

    def allow(self, network: str, note: str) -> int:
        body = {"ip": network, "note": note}
        return self._ask(ALLOW, lambda made: f"{made['ip']} is allowed", "POST", body)

    def disallow(self, network: str) -> int:
        return self._ask(_of(ALLOW, network), lambda gone: f"{gone['ip']} is not allowed any more", "DELETE")

    def _ask(
        self, target: str, show: Callable[[Any], Table | str], method: str = "GET", body: object = None
    ) -> int:
        try:
            status, answer = ask(data_folder(*self._place), target, method, body)
        except (NotRunning, ConfigError) as error:
            return say.refuse(str(error), json=self._json, code="not_running")
        if status >= 300:
            code = str(answer.get("error", "refused"))
            return say.refuse(str(answer.get("detail", status)), json=self._json, code=code)
        if self._json:
            say.as_json(answer)
        else:
            Console(highlight=False).print(show(answer))
        return 0


def ban_table(answer: dict[str, list[dict[str, Any]]]) -> Table:
    rows = [
        (
            row["ip"] + (" (!)" if row["flagged"] else ""),
            row["reason"],
            row["status"],
            str(row["count"]),
            say.moment(row["first_seen"]),
            say.moment(row["expires_at"]),
            row["node"],
            row["note"] or row["user_agent"],
        )
        for row in answer["bans"]
    ]
    return _table(("source", "reason", "status", "count", "since", "until", "node", "note"), rows)


def allow_table(answer: dict[str, list[dict[str, Any]]]) -> Table:
    rows = [(row["ip"], row["source"], say.moment(row["created_at"]), row["note"]) for row in answer["allow"]]
    return _table(("source", "from", "since", "note"), rows)


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    made = Table(box=None, pad_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold")
    for row in rows:
        # Notes and User-Agents are no markup.
        made.add_row(*map(Text, row))
    return made


def _of(resource: str, network: str) -> str:
    return f"{resource}/{urllib.parse.quote(network, safe='')}"
