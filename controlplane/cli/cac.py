"""`tandem cac show|reset ACCOUNT` (S004-57…61)."""

import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.error import ConfigError
from controlplane.cli import say
from controlplane.cli.control import NotRunning, ask, data_folder


def show(
    config: Path | None, data: Path | None, environ: Mapping[str, str], account: str, *, json: bool
) -> int:
    target = f"/cac?{urllib.parse.urlencode({'accountId': account})}"
    return _ask(config, data, environ, target, channels, json=json)


def reset(
    config: Path | None, data: Path | None, environ: Mapping[str, str], account: str, *, json: bool
) -> int:
    return _ask(config, data, environ, "/cac/reset", changes, json=json, body={"accountId": account})


def channels(answer: dict[str, Any]) -> Table:
    """What is in use, of how much."""
    made = _table("counter", "in use", "limit")
    limits = answer["limits"]
    for direction, count in answer["counters"].items():
        _row(made, f"calls {direction}", count, limits[f"max_{direction}"])
    for kind in ("users", "dids", "trunks"):
        for name, held in answer[kind].items():
            _row(made, f"{kind[:-1]} {name}", held["count"], held["limit"])
    for window in answer["windows"]:
        name = f"{window['kind']} {window['id']} {window['direction']} in {window['period']:g} s"
        _row(made, name, window["count"], window["limit"])
    for call in answer["calls"]:
        text = f"{call['from']} → {call['to']} ({call['direction']}) since {say.moment(call['since'] * 1000)}"
        made.add_row(Text(call["id"]), Text(text), "")
    return made


def changes(answer: dict[str, Any]) -> Table:
    """Counters before and after a reset."""
    made = _table("counter", "before", "after")
    before, after = answer["before"], answer["after"]
    for direction, count in before["counters"].items():
        made.add_row(f"calls {direction}", str(count), str(after["counters"][direction]))
    for kind in ("users", "dids", "trunks"):
        for name, held in before[kind].items():
            count = after[kind].get(name, {"count": 0})["count"]
            made.add_row(Text(f"{kind[:-1]} {name}"), str(held["count"]), str(count))
    made.add_row("rate windows", str(len(before["windows"])), str(len(after["windows"])))
    made.add_row("calls that held channels without being live", str(answer["repaired"]), "0")
    return made


def _ask(
    config: Path | None,
    data: Path | None,
    environ: Mapping[str, str],
    target: str,
    shown: Callable[[dict[str, Any]], Table],
    *,
    json: bool,
    body: object = None,
) -> int:
    try:
        folder = data_folder(config, data, environ)
        status, answer = ask(folder, target, "GET" if body is None else "POST", body)
    except (NotRunning, ConfigError) as error:
        return say.refuse(str(error), json=json, code="not_running")
    if status != 200:
        return say.refuse(str(answer.get("detail", status)), json=json, code=str(answer.get("error")))
    if json:
        say.as_json(answer)
    else:
        Console(highlight=False).print(shown(answer))
    return 0


def _table(*headings: str) -> Table:
    made = Table(box=None, pad_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made


def _row(table: Table, name: str, count: int, limit: int | None) -> None:
    table.add_row(Text(name), str(count), "none" if limit is None else str(limit))
