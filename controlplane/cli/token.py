"""`tandem users token`, `end-tokens` and `rotate-token-key`."""

from typing import Any
from urllib.parse import quote

from controlplane.cli import say
from controlplane.cli.desk import Desk


def give(desk: Desk, account: str, user: str, ttl: str | None) -> int:
    return desk.ask(_of(account, user), _once, "POST", {} if ttl is None else {"ttl": ttl})


def end(desk: Desk, account: str, user: str) -> int:
    return desk.ask(
        _of(account, user), lambda gone: f"all tokens of {gone['user_id']} are invalid now", "DELETE"
    )


def rotate(desk: Desk, grace: str | None) -> int:
    return desk.ask("/token-key/rotate", _rotated, "POST", {} if grace is None else {"grace": grace})


def _of(account: str, user: str) -> str:
    return f"/accounts/{quote(account, safe='')}/users/{quote(user, safe='')}/token"


def _once(made: dict[str, Any]) -> str:
    until = say.moment(made["expires_at"])
    return (
        f"{made['access_token']}\nToken of user {made['number']}, valid until {until}. It is not shown again."
    )


def _rotated(made: dict[str, Any]) -> str:
    if not made["older_keys"]:
        return f"{made['id']} signs new tokens; older ones are invalid now"
    return f"{made['id']} signs new tokens; older ones are valid until {say.moment(made['older_end_at'])}"
