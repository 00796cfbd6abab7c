"""`tandem cac show|reset ACCOUNT` (S004-57…61)."""

import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from config.error import ConfigError
from controlplane.cli import say
from controlplane.cli.control import NotRunning, ask, data_folder
from controlplane.cli.screen import console, grid


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
    limits = answer["limits"]
    rows = [
        _row(f"calls {direction}", count, limits[f"max_{direction}"])
        for direction, count in answer["counters"].items()
    ]
    for kind in ("users", "dids", "trunks"):
        for name, held in answer[kind].items():
            rows.append(_row(f"{kind[:-1]} {name}", held["count"], held["limit"]))
    for window in answer["windows"]:
        name = f"{window['kind']} {window['id']} {window['direction']} in {window['period']:g} s"
        rows.append(_row(name, window["count"], window["limit"]))
    for call in answer["calls"]:
        text = f"{call['from']} → {call['to']} ({call['direction']}) since {say.moment(call['since'] * 1000)}"
        rows.append((call["id"], text, ""))
    return grid(("counter", "in use", "limit"), rows, whole=("counter",))


def changes(answer: dict[str, Any]) -> Table:
    """Counters before and after a reset."""
    before, after = answer["before"], answer["after"]
    rows = [
        (f"calls {direction}", str(count), str(after["counters"][direction]))
        for direction, count in before["counters"].items()
    ]
    for kind in ("users", "dids", "trunks"):
        for name, held in before[kind].items():
            count = after[kind].get(name, {"count": 0})["count"]
            rows.append((f"{kind[:-1]} {name}", str(held["count"]), str(count)))
    rows.append(("rate windows", str(len(before["windows"])), str(len(after["windows"]))))
    rows.append(("calls that held channels without being live", str(answer["repaired"]), "0"))
    return grid(("counter", "before", "after"), rows)


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
        console().print(shown(answer))
    return 0


def _row(name: str, count: int, limit: int | None) -> tuple[str, str, str]:
    return name, str(count), "none" if limit is None else str(limit)
