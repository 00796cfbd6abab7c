"""`tandem users`, `tandem export` and `tandem import`."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from rich.table import Table

from controlplane.cli import say
from controlplane.cli.desk import Desk
from controlplane.cli.screen import grid

FILE_BYTES = 67_108_864
"Longest export that is read [bytes]."


def create(desk: Desk, account: str, number: str, name: str, username: str, password: str) -> int:
    device = {"username": username, "password": password}
    body: dict[str, object] = {"name": name} if name else {}
    body["devices"] = [{key: value for key, value in device.items() if value}]
    return desk.ask(f"{_users(account)}/{quote(number, safe='')}?new=1", _made, "PUT", body)


def show(desk: Desk, account: str) -> int:
    return desk.ask(_users(account), user_table)


def remove(desk: Desk, account: str, number: str) -> int:
    target = f"{_users(account)}/{quote(number, safe='')}"
    return desk.ask(target, lambda gone: f"user {gone['name']} removed and unregistered", "DELETE")


def export(desk: Desk, file: Path | None, *, secrets: bool) -> int:
    """As JSON with `--json` or into a file that ends so, else as YAML."""

    def write(found: Any) -> str:
        as_json = file is not None and file.suffix == ".json"
        text = json.dumps(found, indent=2) if as_json else yaml.safe_dump(found, sort_keys=False)
        if file is None:
            return text.rstrip()
        try:
            _put(file, text if text.endswith("\n") else f"{text}\n")
        except OSError as error:
            raise _Unwritten(f"{file}: {error.strerror}; nothing was changed; choose another file") from None
        return f"{file} written"

    if file is not None:
        desk.json = False  # the file has it
    try:
        return desk.ask(f"/configuration?secrets={int(secrets)}", write)
    except _Unwritten as why:
        return say.refuse(str(why), json=desk.json, code="not_written")


class _Unwritten(Exception):
    """One line for the operator."""


def _put(file: Path, text: str) -> None:
    """For nobody else's eyes, and whole or not at all. Raises OSError."""
    if file.exists() and not file.is_file():  # a pipe or a terminal
        file.write_text(text, encoding="utf-8")
        return
    file = file.resolve()
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def take_in(desk: Desk, file: Path, *, dry_run: bool, prune: bool) -> int:
    try:
        with file.open("rb") as stream:
            content = stream.read(FILE_BYTES + 1)
        if len(content) > FILE_BYTES:
            raise ValueError(f"longer than {FILE_BYTES} bytes")
        found = yaml.load(content, yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)
        accounts = found["accounts"]
    except OSError as error:
        return say.refuse(f"{file}: {error.strerror}", json=desk.json, code="not_an_export")
    except (TypeError, KeyError):
        text = f"{file}: not an export: it has no `accounts`; `tandem export` shows what one looks like"
        return say.refuse(text, json=desk.json, code="not_an_export")
    except (ValueError, yaml.YAMLError) as error:
        text = " ".join(str(error).split())
        return say.refuse(f"{file}: not an export: {text}", json=desk.json, code="not_an_export")
    body = {"accounts": accounts, "dry_run": dry_run, "prune": prune}
    return desk.ask("/configuration", difference, "POST", body)


def difference(found: dict[str, Any]) -> str:
    signs = (("created", "+"), ("changed", "~"), ("removed", "-"))
    lines = [f"{sign} {one}" for kind, sign in signs for one in found[kind]]
    done = "would be made" if found["dry_run"] else "made"
    changes = len(lines)
    return "\n".join([*lines, f"{changes} changes {done}, {found['unchanged']} objects unchanged"])


def user_table(answer: dict[str, list[dict[str, Any]]]) -> Table:
    rows = [
        (
            row["name"],
            str(row["value"].get("name", "")),
            ", ".join(
                str(device.get("username") or row["name"]) for device in row["value"].get("devices") or [{}]
            ),
            row["origin"],
            row.get("not_served", ""),
        )
        for row in answer["users"]
    ]
    return grid(("number", "name", "usernames", "from", "not served"), rows)


def _users(account: str) -> str:
    return f"/accounts/{quote(account, safe='')}/users"


def _made(made: dict[str, Any]) -> str:
    lines = [f"user {made['name']} created"]
    for one in made.get("generated", ()):
        lines.append(f"username {one['username']}, password {one['password']} (not shown again)")
    return "\n".join(lines)
