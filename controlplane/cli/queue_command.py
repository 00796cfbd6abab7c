"""Commands for the people of the queues and for the queues, with their options; beside those of `command`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from controlplane.cli.command import as_json, main, place
from controlplane.cli.object_command import open_desk

Command = TypeVar("Command", bound=Callable[..., Any])
_EVENTS = {
    "login": "Sign an agent in. --queue may repeat; without it, to the queues of last time.",
    "logout": "Sign an agent out.",
    "available": "Make an agent available for calls; --queue changes the queues, and may repeat.",
    "pause": "Pause an agent: no calls until resumed.",
    "resume": "End a pause.",
}


@main.group()
def agents() -> None:
    """People who answer queues."""


@agents.command("list")
@click.argument("account")
@place
@as_json
def agents_list(account: str, config: Path | None, data: Path | None, json: bool) -> None:
    """List the users of an account with their state and queues."""
    from controlplane.cli.queue import roster

    sys.exit(roster(open_desk(config, data, json), account))


def _where(given: bool, *names: str, **how: Any) -> Callable[[Command], Command]:
    """An option of those events to which it means something."""
    return click.option(*names, **how) if given else lambda command: command


def _telling(event: str, text: str) -> None:
    @agents.command(event, help=text)
    @click.argument("account")
    @click.argument("user")
    @_where(event in ("login", "available"), "--queue", "queues", multiple=True, metavar="NAME[:LEVEL]")
    @_where(event == "pause", "--reason", help="Shown with the pause.")
    @place
    @as_json
    def command(
        account: str,
        user: str,
        config: Path | None,
        data: Path | None,
        json: bool,
        queues: tuple[str, ...] = (),
        reason: str | None = None,
    ) -> None:
        from controlplane.cli.queue import tell

        said = "unpause" if event == "resume" else event
        sys.exit(tell(open_desk(config, data, json), account, user, said, queues, reason or ""))


for _event, _text in _EVENTS.items():
    _telling(_event, _text)


@main.group()
def queues() -> None:
    """Queues: who is waiting, and statistics."""


@queues.command("list")
@click.argument("account")
@place
@as_json
def queues_list(account: str, config: Path | None, data: Path | None, json: bool) -> None:
    """List queues with waiting callers and ready agents. Figures are since the start of the daemon."""
    from controlplane.cli.queue import queues as show

    sys.exit(show(open_desk(config, data, json), account))


@queues.command("days")
@click.argument("account")
@click.option("--since", default="", metavar="DAY", help="Such as 2026-11-28, in the account's time zone.")
@click.option("--until", default="", metavar="DAY", help="Last day to show.")
@place
@as_json
def queues_days(
    account: str, since: str, until: str, config: Path | None, data: Path | None, json: bool
) -> None:
    """Show statistics of queues by day, across restarts."""
    from controlplane.cli.queue import days

    sys.exit(days(open_desk(config, data, json), account, since, until))


@queues.command("callbacks")
@click.argument("account")
@click.option("--queue", default="", help="Show only this queue.")
@place
@as_json
def queues_callbacks(account: str, queue: str, config: Path | None, data: Path | None, json: bool) -> None:
    """List promised callbacks, and what became of them."""
    from controlplane.cli.queue import callbacks

    sys.exit(callbacks(open_desk(config, data, json), account, queue))


@queues.command("withdraw")
@click.argument("account")
@click.argument("id")
@place
@as_json
def queues_withdraw(account: str, id: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Withdraw a promised callback."""
    from controlplane.cli.queue import withdraw

    sys.exit(withdraw(open_desk(config, data, json), account, id))
