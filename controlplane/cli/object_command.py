"""Commands for what operators make while the daemon runs, with their options; beside those of `command`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from controlplane.auth.scope import SCOPES
from controlplane.cli.command import as_json, main, place

if TYPE_CHECKING:
    from controlplane.cli.desk import Desk


def _desk(config: Path | None, data: Path | None, json: bool) -> "Desk":
    from controlplane.cli.desk import Desk

    return Desk(config, data, os.environ, json=json)


@main.group()
def keys() -> None:
    """API keys, each with scopes that say what it opens."""


@keys.command("create", epilog="Scopes: " + ", ".join(SCOPES))
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="What it opens; may repeat.")
@click.option("--account", default="", help="The only account that it may see.")
@click.option("--expires", metavar="DURATION", help="Such as 90d; never when left out.")
@place
@as_json
def keys_create(
    name: str,
    scopes: tuple[str, ...],
    account: str,
    expires: str | None,
    config: Path | None,
    data: Path | None,
    json: bool,
) -> None:
    """Make a key and show it, this once."""
    from controlplane.cli.key import create

    sys.exit(create(_desk(config, data, json), name, scopes, account, expires))


@keys.command("list")
@place
@as_json
def keys_list(config: Path | None, data: Path | None, json: bool) -> None:
    """List keys, when they were used last and until when they hold; never their secrets."""
    from controlplane.cli.key import show

    sys.exit(show(_desk(config, data, json)))


@keys.command("rotate")
@click.argument("id")
@click.option("--grace", metavar="DURATION", help="The old key works for so long; 24h, 7d at most.")
@place
@as_json
def keys_rotate(id: str, grace: str | None, config: Path | None, data: Path | None, json: bool) -> None:
    """Make a new key in place of ID, with its name, scopes and end."""
    from controlplane.cli.key import rotate

    sys.exit(rotate(_desk(config, data, json), id, grace))


@keys.command("revoke")
@click.argument("id")
@place
@as_json
def keys_revoke(id: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Make a key worthless at once."""
    from controlplane.cli.key import revoke

    sys.exit(revoke(_desk(config, data, json), id))
