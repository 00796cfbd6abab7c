"""`tandem agents` and `tandem queues`: the people of the queues, who waits for them, and what they did."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from rich.table import Table

from controlplane.cli import say
from controlplane.cli.desk import Desk
from controlplane.cli.screen import grid

Row = dict[str, Any]


def roster(desk: Desk, account: str) -> int:
    return desk.ask(f"/presence/users?{urlencode({'accountId': account})}", roster_table)


def tell(desk: Desk, account: str, user: str, event: str, queues: Sequence[str], reason: str) -> int:
    """Args: queues: name or name:level; none: those of before."""
    body: dict[str, object] = {"accountId": account, "userId": user, "event": event, "reason": reason}
    if queues:
        body["queues"] = [_membership(text) for text in queues]
    return desk.ask("/agent", agent_line, "POST", body)


def queues(desk: Desk, account: str) -> int:
    return desk.ask(f"/queues?{urlencode({'accountId': account})}", queue_table)


def days(desk: Desk, account: str, since: str, until: str) -> int:
    asked = {"accountId": account, "since": since, "until": until}
    return desk.ask(f"/queues/days?{urlencode(asked)}", day_table)


def callbacks(desk: Desk, account: str, queue: str) -> int:
    return desk.ask(f"/callbacks?{urlencode({'accountId': account, 'queue': queue})}", callback_table)


def withdraw(desk: Desk, account: str, id: str) -> int:
    target = f"/callbacks/{quote(id, safe='')}?{urlencode({'accountId': account})}"
    return desk.ask(target, lambda gone: f"{gone['number']} is not called back", "DELETE")


def roster_table(answer: Row) -> Table:
    made = grid(
        ("number", "name", "now", "status", "reachable", "queues", "calls", "missed", "reason"),
        [
            (
                one["number"],
                one["name"],
                one["tile"],
                one["status"],
                "yes" if one["reachable"] else "no",
                _memberships(one),
                str(one["calls"]),
                str(one["missed"]),
                one["reason"],
            )
            for one in answer["users"]
        ],
    )
    made.caption = ", ".join(f"{count} {tile}" for tile, count in answer["tiles"].items() if count)
    made.caption_justify = "left"
    return made


def agent_line(one: Row) -> str:
    where = f" in {_memberships(one)}" if one["queues"] else ""
    away = "" if one["reachable"] else "; no phone is registered"
    return f"{one['number']} is {one['status']}{where}{away}"


def queue_table(answer: Row) -> Table:
    headings = ("queue", "strategy", "waiting", "longest", "talking", "agents ready", "answered", "abandoned")
    rows = []
    for one in answer["queues"]:
        waits = [caller["waited"] for caller in one["waiting"]]
        ready = sum(
            agent["reachable"] and (agent["status"], agent["state"]) == ("available", "waiting")
            for agent in one["agents"]
        )
        rows.append(
            (
                one["name"],
                one["strategy"],
                str(len(waits)),
                f"{max(waits):.0f} s" if waits else "",
                str(len(one["talking"])),
                f"{ready} of {len(one['agents'])}",
                str(one["answered"]),
                str(one["abandoned"]),
                _percent(one["service_level"]),
                _seconds(one["average_wait"]),
                str(one["callbacks"]["waiting"]),
            )
        )
    return grid((*headings, "in time", "average wait", "callbacks"), rows)


def day_table(answer: Row) -> Table:
    headings = ("day", "queue", "joined", "answered", "abandoned", "missed offers", "in time", "average wait")
    rows = [
        (
            one["day"],
            one["name"],
            *(str(one.get(count, "")) for count in ("joined", "answered", "abandoned", "missed")),
            _percent(one["service_level"]),
            _seconds(one["average_wait"]),
        )
        for one in answer["days"]
    ]
    return grid(headings, rows)


def callback_table(answer: Row) -> Table:
    rows = [
        (
            one["id"],
            one["queue"],
            one["number"],
            one["state"],
            "" if one["position"] is None else str(one["position"]),
            say.moment(one["promised_at"]),
            str(one["tries"]),
            one["reason"],
        )
        for one in answer["callbacks"]
    ]
    return grid(
        ("id", "queue", "number", "state", "place", "promised", "tries", "reason"), rows, whole=("id",)
    )


def _membership(text: str) -> Row:
    name, _, level = text.partition(":")
    return {"queueId": name, "level": int(level)} if level.isdecimal() else {"queueId": text}


def _memberships(one: Row) -> str:
    return ", ".join(
        queue["name"] if queue["level"] == 1 else f"{queue['name']}:{queue['level']}"
        for queue in one["queues"]
    )


def _percent(part: float | None) -> str:
    return "" if part is None else f"{part:.0%}"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"
