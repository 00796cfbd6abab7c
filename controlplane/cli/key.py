"""`tandem keys`."""

from typing import Any

from rich.table import Table

from controlplane.cli import say
from controlplane.cli.desk import Desk
from controlplane.cli.screen import grid


def create(desk: Desk, name: str, scopes: tuple[str, ...], account: str, expires: str | None) -> int:
    body = {"name": name, "scopes": list(scopes), "account": account, "expires": expires}
    return desk.ask("/keys", _once, "POST", {key: value for key, value in body.items() if value is not None})


def show(desk: Desk) -> int:
    return desk.ask("/keys", key_table)


def rotate(desk: Desk, id: str, grace: str | None) -> int:
    return desk.ask(f"/keys/{id}/rotate", _once, "POST", {} if grace is None else {"grace": grace})


def revoke(desk: Desk, id: str) -> int:
    return desk.ask(f"/keys/{id}", lambda gone: f"{gone['id']} ({gone['name']}) is revoked", "DELETE")


def key_table(answer: dict[str, list[dict[str, Any]]]) -> Table:
    rows = [
        (
            row["id"],
            row["name"],
            row["status"],
            row["account"] or "all",
            " ".join(row["scopes"]),
            _moment(row["used_at"]),
            _moment(row["expires_at"]),
        )
        for row in answer["keys"]
    ]
    return grid(("id", "name", "status", "account", "scopes", "last used", "until"), rows, whole=("id",))


def _moment(wall_ms: int | None) -> str:
    return "never" if wall_ms is None else say.moment(wall_ms)


def _once(made: dict[str, Any]) -> str:
    return (
        f"{made['key']}\nKeep it: it is not shown again. To rotate or revoke it, name its id, {made['id']}."
    )
