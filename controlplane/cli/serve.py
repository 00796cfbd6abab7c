"""`tandem serve`: the daemon in the foreground."""

import os
import shutil
import sys
from pathlib import Path

import click
import uvloop
from rich.console import Console
from rich.table import Table

from config.error import ConfigError
from config.load import load
from config.schema import Settings
from controlplane.daemon import Ready, StartError, serve
from controlplane.doctor.tls import overdue
from controlplane.service.flow import FlowLibrary
from controlplane.service.passwords import FILE as PASSWORDS

_HINT = "{tandem} call sip:{number}@{host}:{port} --user {user} --password {password}"
_ANY = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
"Where all addresses are listened on, this machine is called by its own."


def run(path: Path | None, data: Path | None, environ: dict[str, str], *, json: bool) -> int:
    """Serve until told to stop; the exit status."""
    default = path is None and not environ.get("TANDEM_CONFIG")
    try:
        settings = load(path, data, environ)
        flows = FlowLibrary.load(settings, environ)
    except ConfigError as error:
        click.echo(str(error), err=True)
        return 1
    try:
        uvloop.run(
            serve(
                settings,
                lambda ready: announce(ready, shown=default and not json),
                flows,
                lambda: load(path, data, environ),
            )
        )
    except StartError as error:
        click.echo(f"tandem: {error}", err=True)
        return 1
    return 0


def announce(ready: Ready, *, shown: bool) -> None:
    """Say where we listen; for the default configuration also what to register and to dial."""
    settings = ready.settings
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    sip = ", ".join(f"{item.transport.value} {item.address}:{item.port}" for item in settings.listen.sip)
    http = settings.listen.http
    for line in overdue(settings.listen.tls):
        click.echo(f"tandem: {line}", err=True)
    console.print(f"Tandem is ready: SIP {sip} · HTTP http://{http.address}:{http.port}")
    if ready.interrupted:
        console.print(
            f"Calls of the last run that were cut short: {ready.interrupted}; their CDRs are written."
        )
    if not shown:
        if ready.passwords:  # not themselves: this may be a log
            file = settings.node.data / PASSWORDS
            console.print(f"Generated passwords, {len(ready.passwords)} of them, are in {file}")
        return
    for account in settings.accounts:
        table = Table(title=f"Phones of {account.domain} (or this machine's address)", title_justify="left")
        for heading in ("number", "name", "username", "password"):
            table.add_column(heading)
        for user in account.users:
            for username in user.usernames():
                password = ready.passwords.get((account.id, username), "as configured")
                table.add_row(user.number, user.name, username, password)
        console.print(table)
        _what_to_dial(console, settings, ready)


def _what_to_dial(console: Console, settings: Settings, ready: Ready) -> None:
    listener = settings.listen.sip[0]
    address = listener.address
    host = _ANY.get(address) or (f"[{address}]" if ":" in address else address)
    account = settings.accounts[0]
    dials = [f"{extension.number} ({extension.target.kind.value})" for extension in account.extensions]
    console.print(f"Dial {', '.join([*dials, '*43 (echo)'])}, or each other. Or, without a phone:")
    user = account.users[0].usernames()[0]
    password = ready.passwords.get((account.id, user), "…")
    number = account.extensions[0].number if account.extensions else "*43"
    given = {"number": number, "host": host, "port": listener.port, "user": user, "password": password}
    console.print("  " + _HINT.format(tandem=_tandem(), **given))


def _tandem() -> str:
    """How this program is typed where it was started: from a checkout it is in no PATH."""
    return "tandem" if shutil.which("tandem") else os.path.relpath(sys.argv[0])
