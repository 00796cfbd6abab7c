"""Commands for what operators make while the daemon runs, with their options; beside those of `command`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from controlplane.auth.scope import OF_AN_ACCOUNT, SCOPES
from controlplane.cli.command import FILE, as_json, main, place

if TYPE_CHECKING:
    from controlplane.cli.desk import Desk


def open_desk(config: Path | None, data: Path | None, json: bool) -> "Desk":
    from controlplane.cli.desk import Desk

    return Desk(config, data, os.environ, json=json)


@main.group()
def keys() -> None:
    """API keys and their scopes."""


@keys.command("create", epilog="Scopes: " + ", ".join(SCOPES))
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="What the key gives access to; may repeat."
)
@click.option(
    "--account",
    default="",
    help=f"Restrict the key to this account; for the scopes {', '.join(OF_AN_ACCOUNT)}.",
)
@click.option("--expires", metavar="DURATION", help="Such as 90d; by default the key does not expire.")
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
    """Create a key and show it, only this once."""
    from controlplane.cli.key import create

    sys.exit(create(open_desk(config, data, json), name, scopes, account, expires))


@keys.command("list")
@place
@as_json
def keys_list(config: Path | None, data: Path | None, json: bool) -> None:
    """List keys with their last use and expiry, never their secrets."""
    from controlplane.cli.key import show

    sys.exit(show(open_desk(config, data, json)))


@keys.command("rotate")
@click.argument("id")
@click.option(
    "--grace", metavar="DURATION", help="How long the old key keeps working: 24h by default, 7d at most."
)
@place
@as_json
def keys_rotate(id: str, grace: str | None, config: Path | None, data: Path | None, json: bool) -> None:
    """Replace a key. The new one has the same name, scopes and expiry."""
    from controlplane.cli.key import rotate

    sys.exit(rotate(open_desk(config, data, json), id, grace))


@keys.command("revoke")
@click.argument("id")
@place
@as_json
def keys_revoke(id: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Revoke a key at once."""
    from controlplane.cli.key import revoke

    sys.exit(revoke(open_desk(config, data, json), id))


@main.group()
def users() -> None:
    """Users, their devices and tokens.

    Those of the configuration file are listed, and changed there.
    """


@users.command("create")
@click.argument("account")
@click.argument("number")
@click.option("--name", default="", help="Shown to the people that the user calls.")
@click.option("--username", default="", help="Username of the device; the number by default.")
@click.option(
    "--password",
    default="",
    envvar="TANDEM_PASSWORD",
    help="Or set TANDEM_PASSWORD; by default one is generated.",
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
    """Create a user with one device. It may register at once."""
    from controlplane.cli.objects import create

    sys.exit(create(open_desk(config, data, json), account, number, name, username, password))


@users.command("list")
@click.argument("account")
@place
@as_json
def users_list(account: str, config: Path | None, data: Path | None, json: bool) -> None:
    """List users of the configuration file and created ones."""
    from controlplane.cli.objects import show

    sys.exit(show(open_desk(config, data, json), account))


@users.command("remove")
@click.argument("account")
@click.argument("number")
@place
@as_json
def users_remove(account: str, number: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Remove a created user, and end its registrations."""
    from controlplane.cli.objects import remove

    sys.exit(remove(open_desk(config, data, json), account, number))


@users.command("token")
@click.argument("account")
@click.argument("user")
@click.option("--ttl", metavar="DURATION", help="Such as 8h; security.tokens.life by default.")
@place
@as_json
def users_token(
    account: str, user: str, ttl: str | None, config: Path | None, data: Path | None, json: bool
) -> None:
    """Create a token for a user's own programs. It opens /agent and /presence/users; shown only this once."""
    from controlplane.cli.token import give

    sys.exit(give(open_desk(config, data, json), account, user, ttl))


@users.command("end-tokens")
@click.argument("account")
@click.argument("user")
@place
@as_json
def users_end_tokens(account: str, user: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Invalidate all tokens of a user, other issuers' too."""
    from controlplane.cli.token import end

    sys.exit(end(open_desk(config, data, json), account, user))


@users.command("rotate-token-key")
@click.option(
    "--grace", metavar="DURATION", help="How long older tokens stay valid; by default until they expire."
)
@place
@as_json
def users_rotate_token_key(grace: str | None, config: Path | None, data: Path | None, json: bool) -> None:
    """Sign tokens with a new key from now on. --grace 0s invalidates all older tokens."""
    from controlplane.cli.token import rotate

    sys.exit(rotate(open_desk(config, data, json), grace))


@main.command("export")
@click.argument("file", type=FILE, required=False)
@click.option("--secrets", is_flag=True, help="Include passwords and keys in clear text: keep the file safe.")
@place
@as_json
def export_objects(
    file: Path | None, secrets: bool, config: Path | None, data: Path | None, json: bool
) -> None:
    """Export what was created while the daemon runs.

    Writes YAML, or JSON if FILE ends in .json; without FILE, or for -, to standard output.
    """
    from controlplane.cli.objects import export

    if str(file) == "-":
        file = None
    sys.exit(export(open_desk(config, data, json), file, secrets=secrets))


@main.command("import")
@click.argument("file", type=FILE)
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--prune", is_flag=True, help="Remove what these accounts have and the file does not.")
@place
@as_json
def import_objects(
    file: Path, dry_run: bool, prune: bool, config: Path | None, data: Path | None, json: bool
) -> None:
    """Import an export: all of it, or nothing. Importing it again changes nothing."""
    from controlplane.cli.objects import take_in

    sys.exit(take_in(open_desk(config, data, json), file, dry_run=dry_run, prune=prune))
