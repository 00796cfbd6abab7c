"""Commands for what operators make while the daemon runs, with their options; beside those of `command`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from controlplane.auth.scope import SCOPES
from controlplane.cli.command import FILE, as_json, main, place

if TYPE_CHECKING:
    from controlplane.cli.desk import Desk


def open_desk(config: Path | None, data: Path | None, json: bool) -> "Desk":
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

    sys.exit(create(open_desk(config, data, json), name, scopes, account, expires))


@keys.command("list")
@place
@as_json
def keys_list(config: Path | None, data: Path | None, json: bool) -> None:
    """List keys, when they were used last and until when they hold; never their secrets."""
    from controlplane.cli.key import show

    sys.exit(show(open_desk(config, data, json)))


@keys.command("rotate")
@click.argument("id")
@click.option("--grace", metavar="DURATION", help="The old key works for so long; 24h, 7d at most.")
@place
@as_json
def keys_rotate(id: str, grace: str | None, config: Path | None, data: Path | None, json: bool) -> None:
    """Make a new key in place of ID, with its name, scopes and end."""
    from controlplane.cli.key import rotate

    sys.exit(rotate(open_desk(config, data, json), id, grace))


@keys.command("revoke")
@click.argument("id")
@place
@as_json
def keys_revoke(id: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Make a key worthless at once."""
    from controlplane.cli.key import revoke

    sys.exit(revoke(open_desk(config, data, json), id))


@main.group()
def users() -> None:
    """Users that were made while the daemon runs, beside those of the configuration file."""


@users.command("create")
@click.argument("account")
@click.argument("number")
@click.option("--name", default="", help="Shown to who is called.")
@click.option("--username", default="", help="Of its device; the number when left out.")
@click.option(
    "--password", default="", envvar="TANDEM_PASSWORD", help="Or TANDEM_PASSWORD; else one is generated."
)
@place
@as_json
def users_create(
    account: str,
    number: str,
    name: str,
    username: str,
    password: str,
    config: Path | None,
    data: Path | None,
    json: bool,
) -> None:
    """Make a user with one device; it may register at once."""
    from controlplane.cli.objects import create

    sys.exit(create(open_desk(config, data, json), account, number, name, username, password))


@users.command("list")
@click.argument("account")
@place
@as_json
def users_list(account: str, config: Path | None, data: Path | None, json: bool) -> None:
    """List users of the file and those that were made."""
    from controlplane.cli.objects import show

    sys.exit(show(open_desk(config, data, json), account))


@users.command("remove")
@click.argument("account")
@click.argument("number")
@place
@as_json
def users_remove(account: str, number: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Remove a user that was made; its registrations end."""
    from controlplane.cli.objects import remove

    sys.exit(remove(open_desk(config, data, json), account, number))


@users.command("token")
@click.argument("account")
@click.argument("user")
@click.option("--ttl", metavar="DURATION", help="Such as 8h; security.tokens.life when left out.")
@place
@as_json
def users_token(
    account: str, user: str, ttl: str | None, config: Path | None, data: Path | None, json: bool
) -> None:
    """Make a token with which USER signs in to queues himself, and show it, this once."""
    from controlplane.cli.token import give

    sys.exit(give(open_desk(config, data, json), account, user, ttl))


@users.command("end-tokens")
@click.argument("account")
@click.argument("user")
@place
@as_json
def users_end_tokens(account: str, user: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Have no token count that USER has, other issuers' too."""
    from controlplane.cli.token import end

    sys.exit(end(open_desk(config, data, json), account, user))


@users.command("rotate-token-key")
@click.option("--grace", metavar="DURATION", help="Older tokens count for so long; as long as they live.")
@place
@as_json
def users_rotate_token_key(grace: str | None, config: Path | None, data: Path | None, json: bool) -> None:
    """Sign tokens by a new key from now on; with --grace 0s no older token counts."""
    from controlplane.cli.token import rotate

    sys.exit(rotate(open_desk(config, data, json), grace))


@main.command("export")
@click.argument("file", type=FILE, required=False)
@click.option("--secrets", is_flag=True, help="With passwords, in the clear: keep it safe.")
@place
@as_json
def export_objects(
    file: Path | None, secrets: bool, config: Path | None, data: Path | None, json: bool
) -> None:
    """Write what was made while the daemon runs as YAML, or as JSON into FILE.json."""
    from controlplane.cli.objects import export

    sys.exit(export(open_desk(config, data, json), file, secrets=secrets))


@main.command("import")
@click.argument("file", type=FILE)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--prune", is_flag=True, help="Remove what these accounts have beside it.")
@place
@as_json
def import_objects(
    file: Path, dry_run: bool, prune: bool, config: Path | None, data: Path | None, json: bool
) -> None:
    """Make all of an export, or nothing; doing it again changes nothing."""
    from controlplane.cli.objects import take_in

    sys.exit(take_in(open_desk(config, data, json), file, dry_run=dry_run, prune=prune))
