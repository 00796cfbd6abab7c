"""Commands that work on what is stored, with their options; beside those of `command`."""

import os
import sys
from pathlib import Path

import click

from controlplane.cli.command import FILE, as_json, main, place


@main.command()
@click.argument("file", type=FILE)
@place
@as_json
def backup(file: Path, config: Path | None, data: Path | None, json: bool) -> None:
    """Copy the database to FILE. Works while the daemon is running."""
    from controlplane.cli.backup import run

    sys.exit(run(config, data, os.environ, file, json=json))
