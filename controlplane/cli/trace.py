"""`tandem trace CALL_ID`: the SIP ladder, then every row, then why somebody was not heard."""

import json as text_json
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from config.error import ConfigError
from controlplane.cli import say
from controlplane.cli.control import NotRunning, ask, data_folder
from controlplane.cli.ladder import label, ladder
from controlplane.cli.ladder_svg import ladder_svg
from controlplane.cli.screen import console, grid


def run(
    config: Path | None,
    data: Path | None,
    environ: Mapping[str, str],
    call_id: str,
    *,
    json: bool,
    svg: Path | None = None,
) -> int:
    try:
        target = f"/calls/{urllib.parse.quote(call_id, safe='')}/trace"
        status, answer = ask(data_folder(config, data, environ), target)
    except (NotRunning, ConfigError) as error:
        return say.refuse(str(error), json=json, code="not_running")
    if status != 200:
        code = str(answer.get("error"))
        text = str(answer.get("detail", status))
        if code == "no_such_call":
            text = f"there is no call {call_id}; `tandem calls` lists them"
        return say.refuse(text, json=json, code=code)
    if svg is not None:
        try:
            svg.write_text(ladder_svg(answer["events"], f"Call {call_id}"), "utf-8")
        except OSError as error:
            return say.refuse(f"{svg}: {error.strerror}", json=json, code="not_written")
    if json:
        say.as_json(answer)
        return 0
    if svg is not None:
        print(f"the ladder is in {svg}")
        return 0
    rows = answer["events"]
    screen = console()
    for line in ladder(rows):
        screen.print(Text(line))
    screen.print()
    screen.print(table(rows))
    for line in silences(rows):
        screen.print(Text(line))
    return 0


def silences(rows: list[dict[str, Any]]) -> list[str]:
    """Why a side was not heard, and what to change, last of all, where it is seen."""
    found = (row["data"] for row in rows if row["event"] == "NoAudio" and isinstance(row.get("data"), dict))
    return [f"No audio from the {why['side']}: {why['detail']}. Fix: {why['fix']}." for why in found]


def table(rows: list[dict[str, Any]]) -> Table:
    start = rows[0]["ts"] if rows else 0
    return grid(
        ("ms", "layer", "event", "outcome", "detail"),
        [
            (
                str(row["ts"] - start),
                row["layer"],
                label(row) if row["layer"] == "sip" else row["event"],
                row["outcome"],
                _detail(row),
            )
            for row in rows
        ],
    )


def _detail(row: dict[str, Any]) -> str:
    """`name=value …`, without the message that the ladder shows."""
    data = row.get("data")
    if not isinstance(data, dict):
        return ""
    shown = {key: value for key, value in data.items() if key != "message"}
    parts = (
        f"{key}={value if isinstance(value, str) else text_json.dumps(value, ensure_ascii=False)}"
        for key, value in shown.items()
    )
    return " ".join(parts)
