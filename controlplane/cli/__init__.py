"""The command `tandem`."""

from controlplane.cli import object_command, queue_command, store_command
from controlplane.cli.command import main

__all__ = ["main", "object_command", "queue_command", "store_command"]
