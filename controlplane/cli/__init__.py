"""The command `tandem`."""

from controlplane.cli import store_command
from controlplane.cli.command import main

__all__ = ["main", "store_command"]
