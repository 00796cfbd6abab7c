"""`tandem bans` and `tandem allow`."""

import urllib.parse
from typing import Any

from rich.table import Table

from controlplane.cli import desk, say
from controlplane.cli.screen import grid

BANS = "/security/bans"
ALLOW = "/security/allow"
_NEVER = 99_999_999_999


class Desk(desk.Desk):
    def bans(self, *, status: str, query: str, flagged: bool, limit: int) -> int:
        asked = {"status": status, "q": query, "flagged": str(int(flagged)), "limit": str(limit)}
        return self.ask(f"{BANS}?{urllib.parse.urlencode(asked)}", ban_table)

    def ban(self, network: str, seconds: float, note: str) -> int:
        body = {"ip": network, "seconds": seconds, "note": note}
        return self.ask(BANS, lambda made: f"{made['ip']} is banned", "POST", body)

    def lift(self, network: str) -> int:
        return self.ask(_of(BANS, network), lambda gone: f"{gone['ip']} is not banned any more", "DELETE")

    def allowed(self) -> int:
        return self.ask(ALLOW, allow_table)

    def allow(self, network: str, note: str) -> int:
        body = {"ip": network, "note": note}
        return self.ask(ALLOW, lambda made: f"{made['ip']} is allowed", "POST", body)

    def disallow(self, network: str) -> int:
        return self.ask(_of(ALLOW, network), lambda gone: f"{gone['ip']} is not allowed any more", "DELETE")


def ban_table(answer: dict[str, list[dict[str, Any]]]) -> Table:
    rows = [
        (
            row["ip"] + (" (!)" if row["flagged"] else ""),
            row["reason"],
            row["status"],
            str(row["count"]),
            _moment(row["first_seen"]),
            _moment(row["expires_at"]),
            row["node"],
            row["note"] or row["user_agent"],
        )
        for row in answer["bans"]
    ]
    rows += [
        (
            row["ip"],
            "username_locked",
            "active",
            str(row["count"]),
            _moment(row["first_seen"]),
            _moment(row["expires_at"]),
            "",
            row["username"],
        )
        for row in answer["locks"]
    ]
    return grid(
        ("source", "reason", "status", "count", "since", "until", "node", "note"), rows, whole=("source",)
    )


def allow_table(answer: dict[str, list[dict[str, Any]]]) -> Table:
    rows = [(row["ip"], row["source"], _moment(row["created_at"]), row["note"]) for row in answer["allow"]]
    return grid(("source", "from", "since", "note"), rows, whole=("source",))


def _moment(seconds: int | None) -> str:
    """Empty for none, and for one that never comes."""
    return "" if seconds is None or seconds > _NEVER else say.moment(seconds * 1000)


def _of(resource: str, network: str) -> str:
    return f"{resource}/{urllib.parse.quote(network, safe='')}"
