"""`tandem calls`: those that are up and were, or what was turned away before it became one."""

import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from config.error import ConfigError
from controlplane.cli import say
from controlplane.cli.control import NotRunning, accounts, ask, data_folder, named
from controlplane.cli.screen import console, grid


def run(
    config: Path | None,
    data: Path | None,
    environ: Mapping[str, str],
    *,
    limit: int,
    account: str | None,
    refused: bool = False,
    json: bool,
) -> int:
    query = {"limit": str(limit)} | ({} if account is None else {"accountId": account})
    target = f"/{'refused' if refused else 'calls'}?{urllib.parse.urlencode(query)}"
    try:
        folder = data_folder(config, data, environ)
        status, answer = ask(folder, target)
        # An account that is no more may still have calls.
        if account is not None and status == 200 and not any(answer.values()):
            known = accounts(folder)
            if account not in known:
                why = f"there is no account {account} ({named(known)})"
                return say.refuse(why, json=json, code="no_such_account")
    except (NotRunning, ConfigError) as error:
        return say.refuse(str(error), json=json, code="not_running")
    if status != 200:
        return say.refuse(str(answer.get("detail", status)), json=json)
    if json:
        say.as_json(answer)
    else:
        console().print(refused_table(answer) if refused else table(answer))
    return 0


def refused_table(answer: dict[str, Any]) -> Table:
    rows = []
    for row in answer["refused"]:
        why = f"{row['status']} {row['code']}: {row['text']}"
        cells = (row["sip_call_id"], row["method"], row["who"], row["source"], row["to"], why, row["fix"])
        rows.append((say.moment(row["ts"]), *cells))
    return grid(("when", "SIP Call-ID", "asked", "from", "source", "to", "why", "fix"), rows)


def table(answer: dict[str, list[dict[str, Any]]]) -> Table:
    rows = [
        (say.moment(row["started_at"]), row["id"], row["caller"], row["callee"], "", "", "live")
        for row in answer["live"]
    ]
    for row in answer["ended"]:
        result = row["disposition"] + (f" ({row['cause']})" if row["cause"] != row["disposition"] else "")
        if row["sip_status"] >= 300:
            result += f", {row['sip_status']}"
        rows.append(
            (
                say.moment(row["started_at"]),
                row["id"],
                row["caller"],
                row["callee"],
                row["target"],
                say.duration(row["answered_at"], row["ended_at"]),
                result,
            )
        )
    return grid(("started", "call", "from", "to", "target", "length", "result"), rows, whole=("call",))
