"""`tandem trace CALL_ID`: the SIP ladder, then every row, then why somebody was not heard."""

import json as text_json
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.error import ConfigError
from controlplane.cli import say
from controlplane.cli.control import NotRunning, ask, data_folder
from controlplane.cli.ladder import label, ladder
from controlplane.cli.ladder_svg import ladder_svg


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
        fix = "; `tandem calls` lists them" if code == "no_such_call" else ""
        return say.refuse(f"{answer.get('detail', status)}{fix}", json=json, code=code)
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
    console = Console(highlight=False, soft_wrap=True)
    for line in ladder(rows):
        console.print(Text(line))
    console.print()
    console.print(table(rows))
    for line in silences(rows):
        console.print(Text(line))
    return 0


def silences(rows: list[dict[str, Any]]) -> list[str]:
    """Why a side was not heard, and what to change, last of all, where it is seen."""
    found = (row["data"] for row in rows if row["event"] == "NoAudio" and isinstance(row.get("data"), dict))
    return [f"No audio from the {why['side']}: {why['detail']}. Fix: {why['fix']}." for why in found]


def table(rows: list[dict[str, Any]]) -> Table:
    made = Table(box=None, pad_edge=False)
    for heading in ("ms", "layer", "event", "outcome", "detail"):
        made.add_column(heading, overflow="fold")
    start = rows[0]["ts"] if rows else 0
    for row in rows:
        event = label(row) if row["layer"] == "sip" else row["event"]
        made.add_row(*map(Text, (str(row["ts"] - start), row["layer"], event, row["outcome"], _detail(row))))
    return made


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
