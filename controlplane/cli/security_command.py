"""Commands for bans and allowed sources, with their options; beside those of `command`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from controlplane.cli.command import as_json, main, place

if TYPE_CHECKING:
    from controlplane.cli.security import Desk


@main.group()
def bans() -> None:
    """Banned source addresses."""


@bans.command("list")
@place
@click.option("--status", type=click.Choice(("active", "expired", "unbanned", "all")), default="active")
@click.option("--query", default="", help="Beginning of an address, or part of a reason or User-Agent.")
@click.option("--flagged", is_flag=True, help="Show only bans that hit a registered phone or a trunk.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000), help="Rows at most.")
@as_json
def bans_list(
    config: Path | None, data: Path | None, status: str, query: str, flagged: bool, limit: int, json: bool
) -> None:
    """List bans and locks, latest first. (!) marks those that are likely a mistake."""
    status = "" if status == "all" else status
    sys.exit(_desk(config, data, json).bans(status=status, query=query, flagged=flagged, limit=limit))


@bans.command("add")
@click.argument("network", metavar="ADDRESS|NETWORK")
@place
@click.option("--seconds", default=3_600.0, show_default=True, type=click.FloatRange(1), help="How long.")
@click.option("--note", default="", help="Why; shown in lists.")
@as_json
def bans_add(
    network: str, config: Path | None, data: Path | None, seconds: float, note: str, json: bool
) -> None:
    """Ban an address or a network. An IPv6 address is banned with its whole /64."""
    sys.exit(_desk(config, data, json).ban(network, seconds, note))


@bans.command("remove")
@click.argument("network", metavar="ADDRESS|NETWORK")
@place
@as_json
def bans_remove(network: str, config: Path | None, data: Path | None, json: bool) -> None:
    """End a ban before its time."""
    sys.exit(_desk(config, data, json).lift(network))


@main.group()
def allow() -> None:
    """Allowed sources, exempt from bans and per-source limits."""


@allow.command("list")
@place
@as_json
def allow_list(config: Path | None, data: Path | None, json: bool) -> None:
    """List allowed sources: of the configuration, and added ones."""
    sys.exit(_desk(config, data, json).allowed())


@allow.command("add")
@click.argument("network", metavar="ADDRESS|NETWORK")
@place
@click.option("--note", default="", help="Whose address it is.")
@as_json
def allow_add(network: str, config: Path | None, data: Path | None, note: str, json: bool) -> None:
    """Allow an address or a network, and lift its bans."""
    sys.exit(_desk(config, data, json).allow(network, note))


@allow.command("remove")
@click.argument("network", metavar="ADDRESS|NETWORK")
@place
@as_json
def allow_remove(network: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Remove an address or a network from the allowed ones."""
    sys.exit(_desk(config, data, json).disallow(network))


def _desk(config: Path | None, data: Path | None, json: bool) -> "Desk":
    from controlplane.cli.security import Desk

    return Desk(config, data, os.environ, json=json)
