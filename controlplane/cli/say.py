"""How commands talk: tables for people, JSON for programs, one line on stderr when something is refused."""

import sys
from datetime import UTC, datetime
from typing import Any

import orjson


def as_json(value: Any) -> None:
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")


def refuse(text: str, *, json: bool, code: str = "refused") -> int:
    """Say why it was refused; the exit status."""
    if json:
        as_json({"error": code, "detail": text})
    else:
        sys.stderr.write(f"tandem: {text}\n")
    return 1


def moment(ms: object) -> str:
    """`2026-11-22 09:33:15.120` of ms UTC, in local time; empty for None."""
    if not isinstance(ms, int):
        return ""
    when = datetime.fromtimestamp(ms / 1000, UTC).astimezone()
    return f"{when:%Y-%m-%d %H:%M:%S}.{ms % 1000:03}"


def duration(start: object, end: object) -> str:
    """`1:02:03` between two moments [ms]; empty where one is missing."""
    if not isinstance(start, int) or not isinstance(end, int):
        return ""
    minutes, seconds = divmod(max(0, end - start) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
